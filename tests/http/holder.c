#include "http/holder.h"

#include "base/clock.h"
#include "crypto/totp.h"
#include "http/storm.h"

struct answer *
factor_enable(const struct site *at, const char *access, const char *password)
{
	return ASK(at, .path = "/auth/2fa/enable", .bearer = access,
	    .json = text("{\"password\":\"%s\"}", password));
}

struct answer *
factor_confirm(const struct site *at, const char *access, const char *token, const char *code)
{
	return ASK(at, .path = "/auth/2fa/enable/confirm", .bearer = access,
	    .json = text("{\"enrollment_token\":\"%s\",\"code\":\"%s\"}", token, code));
}

const char *
factor_code_body(const char *pending, const char *code)
{
	return text("{\"pending_token\":\"%s\",\"code\":\"%s\"}", pending, code);
}

struct answer *
factor_verify(const struct site *at, const char *pending, const char *code)
{
	return ASK(at, .path = "/auth/2fa/verify", .json = factor_code_body(pending, code));
}

struct answer *
factor_disable(const struct site *at, const char *access, const char *code)
{
	return ASK(at, .path = "/auth/2fa/disable", .bearer = access,
	    .json = text("{\"code\":\"%s\"}", code));
}

const char *
factor_pending(const struct site *at, const char *email)
{
	struct answer *answer =
	    ASK(at, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));

	ck_answer(answer, 202, NULL);
	return answer_value(answer, "pending_token");
}

struct holder
holder_new(const struct site *at, int64_t away)
{
	struct holder holder = { .email = site_member(at) };
	struct answer *answer;

	holder.login = site_login_bearer(at, holder.email, SITE_PASSWORD);
	answer = factor_enable(at, holder.login.access, SITE_PASSWORD);
	ck_answer(answer, 201, NULL);
	holder.secret = answer_value(answer, "secret");
	holder.step = app_step() + away;
	answer = factor_confirm(at, holder.login.access, answer_value(answer, "enrollment_token"),
	    app_code_at(holder.secret, holder.step));
	ck_answer(answer, 201, NULL);
	holder.recovery = strstr(answer->body, "[");
	return holder;
}

const char *
holder_code(struct holder *holder)
{
	return app_code_at(holder->secret, ++holder->step);
}

const char *
holder_access(const struct site *at, struct holder *holder)
{
	struct answer *answer =
	    ASK(at, .path = "/auth/refresh", .json = storm_refresh_body(holder->login.refresh));

	ck_answer(answer, 201, NULL);
	holder->login.access = answer_value(answer, "access_token");
	holder->login.refresh = answer_value(answer, "refresh_token");
	return holder->login.access;
}

const char *
holder_recovery(const struct holder *holder, int which)
{
	return text("%.28s", holder->recovery + 2 + which * 31);
}
