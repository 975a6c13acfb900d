#include "auth/require.h"

#include "http/path.h"

static const struct requirement require_default = { .kind = REQUIRE_AUTHENTICATED };

static size_t
require_roles_held(const struct config_list *roles, const struct user *user)
{
	size_t held = 0;

	for (size_t i = 0; i < roles->count; i++) {
		for (size_t k = 0; k < user->role_count; k++) {
			if (span_equal(span_of(roles->items[i]), user->roles[k])) {
				held++;
				break;
			}
		}
	}
	return held;
}

enum verdict
require_judge(const struct requirement *require, const struct identity *identity)
{
	const struct user *user = &identity->user;
	size_t held;

	if (require->kind == REQUIRE_NONE)
		return VERDICT_PASS;
	if (!identity->known)
		return VERDICT_NOBODY;
	if (!user->is_active)
		return VERDICT_DENIED;
	if (identity->must_enrol)
		return VERDICT_ENROL;
	held = require_roles_held(&require->roles, user);
	switch (require->kind) {
	case REQUIRE_NONE:
	case REQUIRE_AUTHENTICATED:
	case REQUIRE_ACTIVE:
		return VERDICT_PASS;
	case REQUIRE_VERIFIED:
		return user->is_verified ? VERDICT_PASS : VERDICT_DENIED;
	case REQUIRE_SUPERUSER:
		return user->is_superuser ? VERDICT_PASS : VERDICT_DENIED;
	case REQUIRE_ANY_ROLE:
		return held > 0 ? VERDICT_PASS : VERDICT_ROLES;
	case REQUIRE_ALL_ROLES:
		return held > 0 && held == require->roles.count ? VERDICT_PASS : VERDICT_ROLES;
	}
	return VERDICT_DENIED;
}

const struct requirement *
require_for_path(const struct config *config, struct span path)
{
	const struct requirement *found = &require_default;
	size_t longest = 0;

	for (size_t i = 0; i < config->protect_count; i++) {
		struct span prefix = span_of(config->protects[i].path);
		if (prefix.len >= longest && path_under(path, prefix)) {
			longest = prefix.len;
			found = &config->protects[i].require;
		}
	}
	return found;
}

enum verdict
require_refuse(const struct identity *identity)
{
	if (!identity->known)
		return VERDICT_NOBODY;
	return identity->must_enrol ? VERDICT_ENROL : VERDICT_DENIED;
}

enum verdict
require_judge_target(const struct config *config, struct arena *arena, struct span target,
    const struct identity *identity)
{
	struct span path, plain;
	enum verdict whole, bare;

	if (path_canonical(arena, target, &path) != RC_OK ||
	    path_plain(arena, path, &plain) != RC_OK)
		return require_refuse(identity);
	whole = require_judge(require_for_path(config, path), identity);
	bare = require_judge(require_for_path(config, plain), identity);
	return bare > whole ? bare : whole;
}
