/* The guard: may this request pass, and who is it? Three ways in, one set of rules.
 *
 * Only a 200 that was built on purpose lets a request pass; every fault ends in another status. */
#include "auth/require.h"
#include "base/log.h"
#include "http/path.h"
#include "route/main.h"

/* What has been judged so far of one request: the worst verdict counts. */
struct guard {
	struct exchange *x;
	enum verdict verdict;
	bool judged; /* something was asked; where nothing is, "authenticated" is */
};

static void
guard_judge(struct guard *guard, enum verdict verdict)
{
	guard->judged = true;
	if (verdict > guard->verdict)
		guard->verdict = verdict;
}

/* What cannot be understood is refused. */
static void
guard_words(struct guard *guard, struct span words)
{
	const struct identity *caller = &guard->x->caller;
	struct requirement require;

	if (config_requirement(guard->x->ctx->arena, words, &require) == RC_OK)
		guard_judge(guard, require_judge(&require, caller));
	else
		guard_judge(guard, require_refuse(caller));
}

static void
guard_path(struct guard *guard, struct span target)
{
	guard_judge(guard, require_judge_target(
			       guard->x->config, guard->x->ctx->arena, target, &guard->x->caller));
}

/* ?require=WORDS and ?role=NAME, any number of each: all must hold. */
static void
guard_query(struct guard *guard)
{
	struct span rest = guard->x->request->query, words;
	enum rc rc;

	while ((rc = path_next_requirement(guard->x->ctx->arena, &rest, &words)) == RC_OK)
		guard_words(guard, words);
	if (rc != RC_NO)
		guard_judge(guard, require_refuse(&guard->x->caller));
}

static bool
guard_is_preflight(const struct guard *guard, struct span method)
{
	return guard->x->config->guard.pass_preflight && span_equal(method, SPAN("OPTIONS")) &&
	       guard->x->request->variables[VARIABLE_HTTP_ORIGIN].data != NULL;
}

/* An outer request that a header names, if it does. Its method is believed only where proxies
 * always set it beside the target: X-Forwarded-Method. */
static void
guard_named(struct guard *guard, struct span target, struct span method)
{
	if (target.data == NULL)
		return;
	if (guard_is_preflight(guard, method))
		guard->judged = true;
	else
		guard_path(guard, target);
}

/* Names who it is. Headers that are not whole would tell the application of somebody else. */
static enum problem
guard_tell(struct exchange *x, const char *const names[4])
{
	const struct user *user = &x->caller.user;
	struct buf roles = BUF_INIT(RESPONSE_HEAD_MAX);
	bool failed;

	for (size_t i = 0; i < user->role_count; i++) {
		if (i > 0)
			buf_char(&roles, ',');
		buf_add(&roles, user->roles[i]);
	}
	response_header(x->response, names[0], span_of(user->id));
	response_header(x->response, names[1], user->email);
	response_header(x->response, names[2], buf_span(&roles));
	response_header(x->response, names[3], span_of(x->caller.backend->config->name));
	failed = roles.failed || x->response->head.failed;
	buf_free(&roles);
	if (!failed)
		return PROBLEM_NONE;
	log_line(LOG_ERROR, "user %s has more roles than headers can tell, or memory is short",
	    user->id);
	response_clear(x->response);
	return PROBLEM_SERVICE_UNAVAILABLE;
}

static enum problem
guard_pass(struct exchange *x)
{
	static const char *const variables[] = { "Variable-AUTH_USER", "Variable-AUTH_EMAIL",
		"Variable-AUTH_ROLES", "Variable-AUTH_BACKEND" };
	static const char *const headers[] = { "X-Auth-User", "X-Auth-Email", "X-Auth-Roles",
		"X-Auth-Backend" };

	/* Who has to enrol first is nobody to an application, even under "none". */
	bool told = x->caller.known && !x->caller.must_enrol;
	enum problem problem = PROBLEM_NONE;

	if (told)
		problem = guard_tell(x, x->request->authorizer ? variables : headers);
	if (problem != PROBLEM_NONE)
		return problem;
	if (told && x->request->authorizer)
		response_header(x->response, "Variable-REMOTE_USER", span_of(x->caller.user.id));
	x->response->status = 200;
	return PROBLEM_NONE;
}

/* To a page of a cookie backend, with the way back; false where there is none. */
static bool
guard_redirect(
    struct exchange *x, enum handler page, const struct backend *backend, struct span target)
{
	struct span location;

	if (backend == NULL || !backend->transport->is_cookie)
		return false;
	location = exchange_path_next(x, page, backend, target);
	if (location.data == NULL)
		return false;
	response_redirect(x->response, 302, location);
	return true;
}

static enum problem
guard_answer(struct guard *guard, struct span target)
{
	struct exchange *x = guard->x;
	bool browser =
	    target.data != NULL && x->wants_page && x->config->guard.deny_style == DENY_REDIRECT;

	if (guard->verdict == VERDICT_PASS)
		return guard_pass(x);
	if (guard->verdict == VERDICT_NOBODY && browser &&
	    guard_redirect(x, HANDLER_login_get, backends_first_cookie(x->backends), target))
		return PROBLEM_NONE;
	if (guard->verdict == VERDICT_ENROL && browser && x->config->routes.twofactor &&
	    guard_redirect(x, HANDLER_factor_enable_get, x->caller.backend, target))
		return PROBLEM_NONE;
	if (x->config->guard.deny_style == DENY_FCGID)
		return PROBLEM_NOT_AUTHENTICATED;
	switch (guard->verdict) {
	case VERDICT_ROLES:
		return PROBLEM_INSUFFICIENT_ROLES;
	case VERDICT_DENIED:
		return PROBLEM_AUTHORIZATION_DENIED;
	case VERDICT_ENROL:
		return PROBLEM_TOTP_ENROLLMENT_REQUIRED;
	case VERDICT_NOBODY:
	case VERDICT_PASS:
		break;
	}
	return PROBLEM_NOT_AUTHENTICATED;
}

/* Finds the caller; a fault is no "nobody". */
static enum problem
guard_begin(struct guard *guard, struct exchange *x)
{
	enum rc rc = caller_find(x->ctx, x->backends, x->request, &x->caller, &x->token_presented);

	*guard = (struct guard){ .x = x, .verdict = VERDICT_PASS };
	return rc == RC_NO ? PROBLEM_NONE : problem_of(rc);
}

/* One outer request that the server itself names: by its rule, or by its path. */
static enum problem
guard_outer(struct exchange *x, struct span target, struct span method)
{
	struct span rule = x->request->variables[VARIABLE_AUTH_RULE];
	struct guard guard;
	enum problem problem = guard_begin(&guard, x);

	if (problem != PROBLEM_NONE)
		return problem;
	if (guard_is_preflight(&guard, method))
		return guard_answer(&guard, target);
	if (rule.data != NULL)
		guard_words(&guard, rule);
	else
		guard_path(&guard, target);
	return guard_answer(&guard, target);
}

static enum problem
guard_authorizer(struct exchange *x)
{
	return guard_outer(x, x->request->variables[VARIABLE_REQUEST_URI],
	    x->request->variables[VARIABLE_REQUEST_METHOD]);
}

static enum problem
guard_subrequest(struct exchange *x)
{
	return guard_outer(x, x->request->variables[VARIABLE_ORIGINAL_URI],
	    x->request->variables[VARIABLE_ORIGINAL_METHOD]);
}

/* Asked over HTTP, by a proxy that names the outer request in headers or by an application that
 * names requirements in the query. Headers can be forged where the proxy does not set them, so
 * every path that is named must pass. */
static enum problem
guard_get(struct exchange *x)
{
	const struct span *variables = x->request->variables;
	struct span original = variables[VARIABLE_HTTP_X_ORIGINAL_URI];
	struct span forwarded = variables[VARIABLE_HTTP_X_FORWARDED_URI];
	struct guard guard;
	enum problem problem = guard_begin(&guard, x);

	if (problem != PROBLEM_NONE)
		return problem;
	guard_named(&guard, original, SPAN_NONE);
	guard_named(&guard, forwarded, variables[VARIABLE_HTTP_X_FORWARDED_METHOD]);
	guard_query(&guard);
	if (!guard.judged)
		guard_words(&guard, SPAN("authenticated"));
	return guard_answer(&guard, original.data != NULL ? original : forwarded);
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_guard_authorizer] = guard_authorizer,
	[HANDLER_guard_subrequest] = guard_subrequest,
	[HANDLER_guard_get] = guard_get,
};

int
main(void)
{
	return route_main(PROGRAM_guard, handlers);
}
