/* The first byte chooses configuration and table, the rest is the body; read as JSON, as a form, as
 * nothing and as something else. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "http/fields.h"

#define MUST(condition) ((condition) ? (void)0 : abort())
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct input {
	struct span email, identifier, username, refresh_token, token;
	struct secret proof, password, link;
};

/* Bits of the first byte. */
enum { BY_USERNAME = 1, REQUIRED = 2 };

static const struct field optional[] = {
	{ "email", NULL, FIELD_EMAIL, false, offsetof(struct input, email) },
	{ "identifier", "login", FIELD_IDENTIFIER, false, offsetof(struct input, identifier) },
	{ "username", NULL, FIELD_USERNAME, false, offsetof(struct input, username) },
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, false,
	    offsetof(struct input, refresh_token) },
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, false, offsetof(struct input, proof) },
	{ "password", NULL, FIELD_PASSWORD_NEW, false, offsetof(struct input, password) },
	{ "new_password", "password_2", FIELD_PASSWORD_LINK, false, offsetof(struct input, link) },
	{ "token", NULL, FIELD_TOKEN, false, offsetof(struct input, token) },
	{ "scope", NULL, FIELD_IGNORED, false, 0 },
};

static const struct field required[] = {
	{ "token", NULL, FIELD_TOKEN, true, offsetof(struct input, token) },
	{ "username", NULL, FIELD_USERNAME, true, offsetof(struct input, username) },
	{ "password", NULL, FIELD_PASSWORD_LINK, true, offsetof(struct input, link) },
	{ "email", "login", FIELD_EMAIL, false, offsetof(struct input, email) },
};

static const char *const forbidden[] = { "is_superuser", NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_text(struct span text, size_t max)
{
	if (text.data == NULL)
		return;
	MUST(text.data[text.len] == '\0' && strlen(text.data) == text.len);
	MUST(text_is_utf8(text) && text_length(text) >= 1 && text_length(text) <= max);
}

static void
fuzz_secret(const struct secret *secret, size_t min)
{
	struct span text = secret_span(secret);

	if (secret->len == 0)
		return;
	MUST(strlen(secret->bytes) == secret->len && text_is_utf8(text));
	MUST(text_length(text) >= min && text_length(text) <= 128);
}

static void
fuzz_input(const struct ctx *ctx, const struct input *input)
{
	fuzz_text(input->email, 320);
	fuzz_text(input->identifier, 320);
	fuzz_text(input->username, 150);
	fuzz_text(input->refresh_token, 512);
	fuzz_text(input->token, 2048);
	MUST(input->username.data == NULL ||
	     ctx->config->account.login_identifier == LOGIN_BY_USERNAME);
	fuzz_secret(&input->proof, 1);
	fuzz_secret(&input->password, 12);
	fuzz_secret(&input->link, 1);
	MUST(!text_has_control(secret_span(&input->password)));
	MUST(!text_has_control(secret_span(&input->link)));
}

/* What is required is there; what the table has not is nowhere. */
static void
fuzz_required(const struct ctx *ctx, const struct input *input)
{
	MUST(input->token.data != NULL && input->link.len > 0);
	MUST(input->username.data != NULL ||
	     ctx->config->account.login_identifier == LOGIN_BY_EMAIL);
	MUST(input->identifier.data == NULL && input->refresh_token.data == NULL &&
	     input->proof.len == 0 && input->password.len == 0);
}

static void
fuzz_nothing(const struct input *input)
{
	MUST(input->email.data == NULL && input->identifier.data == NULL &&
	     input->username.data == NULL && input->refresh_token.data == NULL &&
	     input->token.data == NULL);
	MUST(input->proof.len == 0 && input->password.len == 0 && input->link.len == 0);
}

/* What kind of content may be answered how. */
static void
fuzz_problem(const struct request *request, bool all, enum problem problem)
{
	switch (request->content) {
	case CONTENT_NONE:
		MUST(problem == (all ? PROBLEM_BODY_INVALID : PROBLEM_NONE));
		break;
	case CONTENT_OTHER:
		MUST(problem == PROBLEM_UNSUPPORTED_MEDIA_TYPE);
		break;
	case CONTENT_JSON:
	case CONTENT_FORM:
		MUST(problem == PROBLEM_NONE || problem == PROBLEM_BODY_MALFORMED ||
		     problem == PROBLEM_BODY_INVALID);
		break;
	}
}

static void
fuzz_peek(struct ctx *ctx, const struct request *request, enum problem problem)
{
	struct span token;
	enum rc rc = fields_peek(ctx, request, "csrf_token", &token);

	MUST(rc == RC_OK || (rc == RC_NO && token.data == NULL));
	MUST(request->content == CONTENT_FORM || (rc == RC_OK && token.data == NULL));
	/* What cannot be decoded for the CSRF check is malformed for the reader too. */
	MUST(rc == RC_OK || problem == PROBLEM_BODY_MALFORMED);
	if (token.data != NULL)
		MUST(text_is_utf8(token) && strlen(token.data) == token.len);
}

/* The body is a copy that is gone when the fields are looked at. */
static void
fuzz_read(struct ctx *ctx, enum content content, bool all, struct span body)
{
	char *copy = malloc(body.len + 1);
	struct request request = { .content = content, .body = { copy, body.len } };
	struct input input = { 0 };
	const struct field *fields = all ? required : optional;
	size_t count = all ? COUNT(required) : COUNT(optional);
	enum problem problem;

	MUST(copy != NULL);
	arena_reset(ctx->arena);
	if (body.len > 0)
		memcpy(copy, body.data, body.len);
	problem = fields_read(ctx, &request, fields, count, forbidden, &input);
	fuzz_problem(&request, all, problem);
	fuzz_peek(ctx, &request, problem);
	free(copy);
	if (problem == PROBLEM_NONE) {
		fuzz_input(ctx, &input);
		if (all)
			fuzz_required(ctx, &input);
		else if (content == CONTENT_NONE)
			fuzz_nothing(&input);
	}
	secret_wipe(&input.proof);
	secret_wipe(&input.password);
	secret_wipe(&input.link);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { .password = { .min_length = 12 } };
	struct ctx ctx = { .config = &config, .arena = arena_new(4 * size + 65536) };
	struct span body;
	bool all;

	MUST(ctx.arena != NULL && sodium_init() >= 0);
	if (size > 0) {
		config.account.login_identifier =
		    (data[0] & BY_USERNAME) == 0 ? LOGIN_BY_EMAIL : LOGIN_BY_USERNAME;
		all = (data[0] & REQUIRED) != 0;
		body = (struct span){ (const char *)data + 1, size - 1 };
		fuzz_read(&ctx, CONTENT_JSON, all, body);
		fuzz_read(&ctx, CONTENT_FORM, all, body);
		fuzz_read(&ctx, CONTENT_NONE, all, body);
		fuzz_read(&ctx, CONTENT_OTHER, all, body);
	}
	arena_free(ctx.arena);
	return 0;
}
