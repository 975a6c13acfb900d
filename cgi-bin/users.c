/* {users}/me: the own account. */
#include "flow/profile.h"

#include "route/main.h"

static const struct field profile_fields[] = {
	{ "email", NULL, FIELD_EMAIL, false, offsetof(struct profile_input, email) },
	{ "username", NULL, FIELD_USERNAME, false, offsetof(struct profile_input, username) },
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true,
	    offsetof(struct profile_input, current_password) },
	{ "totp_code", NULL, FIELD_CODE, false, offsetof(struct profile_input, totp_code) },
};

/* These are changed elsewhere or by others, and asking for them here is told apart. */
static const char *const profile_forbidden[] = { "password", "is_active", "is_verified",
	"is_superuser", "roles", NULL };

static const struct field password_fields[] = {
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true,
	    offsetof(struct password_input, current_password) },
	{ "new_password", NULL, FIELD_PASSWORD_NEW, true,
	    offsetof(struct password_input, new_password) },
};

static void
users_show(struct exchange *x, const struct profile_view *view)
{
	exchange_put_user(response_json(x->response, 200), &view->user, view->pending_email);
}

static enum problem
me_get(struct exchange *x)
{
	struct profile_view view;
	enum problem problem = profile_read(x->ctx, &x->caller, &view);

	if (problem == PROBLEM_NONE)
		users_show(x, &view);
	return problem;
}

static enum problem
me_patch(struct exchange *x)
{
	struct profile_input input = { .email = { NULL, 0 } };
	struct profile_view changed;
	enum problem problem = fields_read(x->ctx, x->request, profile_fields,
	    sizeof(profile_fields) / sizeof(profile_fields[0]), profile_forbidden, &input);

	if (problem == PROBLEM_NONE)
		problem =
		    profile_update(x->ctx, &x->caller, &x->client, &input, &changed, &x->refusal);
	if (problem == PROBLEM_NONE)
		users_show(x, &changed);
	secret_wipe(&input.current_password);
	secret_wipe(&input.totp_code);
	return problem;
}

static enum problem
me_change_password(struct exchange *x)
{
	struct password_input input = { .current_password = { .len = 0 } };
	enum problem problem = exchange_fields(
	    x, password_fields, sizeof(password_fields) / sizeof(password_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    profile_change_password(x->ctx, &x->caller, &x->client, &input, &x->refusal);
	if (problem == PROBLEM_NONE)
		response_null(x->response, 204);
	secret_wipe(&input.current_password);
	secret_wipe(&input.new_password);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_me_get] = me_get,
	[HANDLER_me_patch] = me_patch,
	[HANDLER_me_change_password] = me_change_password,
};

int
main(void)
{
	return route_main(PROGRAM_users, handlers);
}
