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
