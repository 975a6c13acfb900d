#include "auth/account.h"

static bool
account_has_role(const struct user *user, const char *role)
{
	for (size_t i = 0; i < user->role_count; i++) {
		if (span_equal(user->roles[i], span_of(role)))
			return true;
	}
	return false;
}

bool
account_must_enrol(const struct config *config, const struct user *user)
{
	const struct config_list *list = &config->totp.required_for;

	if (user->second_factor)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const char *whom = list->items[i];

		if (strcmp(whom, "all") == 0 ||
		    (strcmp(whom, "none") != 0 && account_has_role(user, whom)))
			return true;
	}
	return false;
}

enum rc
account_begin(struct ctx *ctx, const struct user *known, struct user *current)
{
	enum rc rc = db_begin(ctx->db);

	if (rc != RC_OK)
		return rc;
	rc = user_by_id(ctx, span_of(known->id), current);
	if (rc == RC_OK &&
	    (!current->is_active || current->security_version != known->security_version))
		rc = RC_NO;
	return rc == RC_OK ? RC_OK : db_end(ctx->db, rc);
}
