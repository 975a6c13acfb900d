/* role: named sets of accounts. */
#include "base/text.h"
#include "change.h"
#include "listing.h"

static const struct column role_columns[] = { { "name", 24 }, { "members", 7 },
	{ "description", 0 }, { NULL, 0 } };

enum ctl_exit
role_list(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);
	struct role *roles = NULL;
	struct listing listing;
	size_t count = 0;
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	rc = operate_role_list(&ctl->ctx, &roles, &count);
	if (rc != RC_OK)
		return ctl_fault(rc);
	listing_begin(&listing, role_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < count; i++) {
		listing_text(&listing, roles[i].name);
		listing_number(&listing, roles[i].members);
		listing_text(&listing, roles[i].description);
	}
	listing_end(&listing);
	return CTL_DONE;
}

/* Opens the store and brings the name to its stored form. */
static enum ctl_exit
role_begin(struct ctl *ctl, struct span *name)
{
	enum ctl_exit status = ctl_open_store(ctl);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	rc = text_role(ctl->ctx.arena, span_of(ctl->words[0]), name);
	if (rc == RC_NO)
		return ctl_refuse(
		    "%s is no role name: 1 to 255 characters, no spaces or commas", ctl->words[0]);
	return rc == RC_OK ? CTL_DONE : ctl_fault(rc);
}

static enum rc
role_create_rows(struct ctl *ctl, struct span name, struct span description)
{
	enum rc rc = operate_role_insert(&ctl->ctx, name, description);

	if (rc == RC_NO)
		ctl_refuse("there is a role %.*s already", (int)name.len, name.data);
	return rc == RC_OK ? change_audit_about(ctl, "role.created", (struct span){ 0 }, name) : rc;
}

enum ctl_exit
role_create(struct ctl *ctl)
{
	const char *description = arguments_option(ctl, "--description");
	struct span name, words = span_of(description == NULL ? "" : description);
	enum ctl_exit status = role_begin(ctl, &name);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	if (!text_is_utf8(words) || text_has_control(words))
		return ctl_refuse("the description must be UTF-8 without control characters");
	rc = db_begin(ctl->ctx.db);
	if (rc != RC_OK)
		return ctl_fault(rc);
	status = change_answer(db_end(ctl->ctx.db, role_create_rows(ctl, name, words)));
	if (status == CTL_DONE)
		ctl_say("role %.*s is created", (int)name.len, name.data);
	return status;
}

/* The role must be there; says when it is not. */
static enum rc
role_must_exist(struct ctl *ctl, struct span name)
{
	enum rc rc = operate_role_exists(&ctl->ctx, name);

	if (rc == RC_NO)
		ctl_refuse("there is no role %.*s; see yettctl role list, yettctl role create",
		    (int)name.len, name.data);
	return rc;
}

static enum rc
role_delete_rows(struct ctl *ctl, struct span name)
{
	enum rc rc = role_must_exist(ctl, name);

	if (rc != RC_OK)
		return rc;
	rc = operate_role_delete(&ctl->ctx, name);
	if (rc == RC_NO)
		ctl_refuse("somebody has the role %.*s; yettctl role unassign takes it first",
		    (int)name.len, name.data);
	return rc == RC_OK ? change_audit_about(ctl, "role.deleted", (struct span){ 0 }, name) : rc;
}

enum ctl_exit
role_delete(struct ctl *ctl)
{
	struct span name;
	enum ctl_exit status = role_begin(ctl, &name);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	if (span_equal(name, SPAN(SUPERUSER)))
		return ctl_refuse("the role " SUPERUSER " is part of the program and stays");
	rc = db_begin(ctl->ctx.db);
	if (rc != RC_OK)
		return ctl_fault(rc);
	status = change_answer(db_end(ctl->ctx.db, role_delete_rows(ctl, name)));
	if (status == CTL_DONE)
		ctl_say("role %.*s is deleted", (int)name.len, name.data);
	return status;
}

static enum rc
role_assign_apply(struct ctl *ctl, const struct user *user, void *state)
{
	const struct span *name = state;
	enum rc rc = role_must_exist(ctl, *name);

	if (rc == RC_OK)
		rc = operate_role_assign(&ctl->ctx, user, *name);
	return rc == RC_OK ? change_audit_about(ctl, "role.assigned", span_of(user->id), *name)
			   : rc;
}

enum ctl_exit
role_assign(struct ctl *ctl)
{
	static const struct change change = { .apply = role_assign_apply };
	struct span name;
	enum ctl_exit status = role_begin(ctl, &name);

	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[1], &change, &name, NULL);
	if (status == CTL_DONE)
		ctl_say("%s has the role %.*s", ctl->words[1], (int)name.len, name.data);
	return status;
}

static enum rc
role_unassign_apply(struct ctl *ctl, const struct user *user, void *state)
{
	const struct span *name = state;
	enum rc rc = role_must_exist(ctl, *name);

	if (rc != RC_OK)
		return rc;
	rc = operate_role_unassign(&ctl->ctx, user, *name);
	if (rc == RC_NO)
		ctl_refuse("%.*s does not have the role %.*s", (int)user->email.len,
		    user->email.data, (int)name->len, name->data);
	return rc == RC_OK ? change_audit_about(ctl, "role.unassigned", span_of(user->id), *name)
			   : rc;
}

enum ctl_exit
role_unassign(struct ctl *ctl)
{
	struct change change = { .apply = role_unassign_apply };
	struct span name;
	enum ctl_exit status = role_begin(ctl, &name);

	if (status == CTL_DONE) {
		change.takes_superuser = span_equal(name, SPAN(SUPERUSER));
		status = change_user(ctl, ctl->words[1], &change, &name, NULL);
	}
	if (status == CTL_DONE)
		ctl_say("%s no longer has the role %.*s", ctl->words[1], (int)name.len, name.data);
	return status;
}
