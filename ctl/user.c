/* user: accounts. */
#include <sodium.h>

#include "auth/ending.h"
#include "auth/notice.h"
#include "base/text.h"
#include "change.h"
#include "crypto/password.h"
#include "listing.h"
#include "store/factor.h"

#define USER_PAGE 100

/* UserRead of the HTTP API. */
static const struct column user_table[] = { { "id", 36 }, { "email", 30 }, { "username", 12 },
	{ "is_active", 9 }, { "is_verified", 11 }, { "is_superuser", 12 }, { "roles", 0 },
	{ NULL, 0 } };

static void
user_row(struct listing *listing, const struct user *user)
{
	listing_text(listing, span_of(user->id));
	listing_text(listing, user->email);
	listing_text(listing, user->username);
	listing_bool(listing, user->is_active);
	listing_bool(listing, user->is_verified);
	listing_bool(listing, user->is_superuser);
	listing_texts(listing, user->roles, user->role_count);
}

enum ctl_exit
user_list(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);
	char after[EMAIL_MAX + 1] = "";
	struct listing listing;
	size_t count = USER_PAGE;
	enum rc rc = RC_OK;

	if (status != CTL_DONE)
		return status;
	listing_begin(&listing, user_table, arguments_option(ctl, "--json") != NULL);
	while (rc == RC_OK && count == USER_PAGE) {
		struct user *users = NULL;

		arena_reset(ctl->ctx.arena);
		rc = operate_user_page(&ctl->ctx, span_of(after), USER_PAGE, &users, &count);
		for (size_t i = 0; i < count && rc == RC_OK; i++)
			user_row(&listing, &users[i]);
		if (rc == RC_OK && count > 0 &&
		    !span_copy(after, sizeof(after), users[count - 1].email))
			rc = RC_INTERNAL;
	}
	listing_end(&listing);
	return change_answer(rc);
}

enum ctl_exit
user_show(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);
	struct listing listing;
	struct user user;

	if (status == CTL_DONE)
		status = change_find(ctl, ctl->words[0], &user);
	if (status != CTL_DONE)
		return status;
	listing_begin_one(&listing, user_table, arguments_option(ctl, "--json") != NULL);
	user_row(&listing, &user);
	listing_end(&listing);
	return CTL_DONE;
}

struct user_wish {
	struct span email, username;
	bool verified, superuser;
	char hash[PASSWORD_HASH_SIZE]; /* empty: the owner is invited to set a password */
};

static enum rc
user_refuse_taken(const struct user_wish *wish, bool email)
{
	const struct span what = email ? wish->email : wish->username;

	ctl_refuse("there is an account with %s %.*s already", email ? "address" : "user name",
	    (int)what.len, what.data);
	return RC_NO;
}

static enum rc
user_invite(struct ctl *ctl, const struct user *user)
{
	const struct onetime link = { .kind = ONETIME_RESET, .email = user->email };

	return notice_link(&ctl->ctx, MAIL_KIND_INVITATION, user, &link, SPAN_NONE);
}

/* Inside the transaction: the account, its role, its invitation, its audit rows. */
static enum rc
user_create_rows(struct ctl *ctl, const struct user_wish *wish)
{
	char id[UUID_SIZE];
	const struct user_new row = { .id = id,
		.email = wish->email,
		.username = wish->username,
		.hash = wish->hash,
		.is_verified = wish->verified };
	struct user user;
	enum rc rc = random_uuid(&ctl->ctx.random, id);

	if (rc != RC_OK)
		return rc;
	rc = user_insert(&ctl->ctx, &row);
	if (rc == RC_NO) {
		rc = operate_user_find(&ctl->ctx, wish->email, &user);
		return rc == RC_OK || rc == RC_NO ? user_refuse_taken(wish, rc == RC_OK) : rc;
	}
	if (rc == RC_OK)
		rc = change_audit(ctl, "user.created", span_of(id), (struct span){ 0 });
	if (rc == RC_OK)
		rc = operate_user_find(&ctl->ctx, wish->email, &user);
	if (rc == RC_OK && wish->superuser)
		rc = operate_role_assign(&ctl->ctx, &user, SPAN(SUPERUSER));
	if (rc == RC_OK && wish->superuser)
		rc = change_audit_about(ctl, "role.assigned", span_of(id), SPAN(SUPERUSER));
	if (rc == RC_OK && wish->hash[0] == '\0')
		rc = user_invite(ctl, &user);
	return rc == RC_NO ? RC_INTERNAL : rc;
}

/* The hash of a password that is asked for; where there may be none, it can stay empty. */
static enum ctl_exit
user_hash(struct ctl *ctl, struct span email, struct span username, bool may_invite,
    char hash[PASSWORD_HASH_SIZE])
{
	struct secret password = { 0 };
	enum ctl_exit status = ask_password(ctl, email, username, may_invite, &password);
	enum rc rc;

	if (status == CTL_DONE && password.len > 0)
		status = ctl_open_slots(ctl);
	if (status == CTL_DONE && password.len > 0) {
		rc = password_hash(
		    &ctl->config->password, ctl->ctx.slots, secret_span(&password), hash);
		if (rc != RC_OK)
			status = ctl_fault(rc);
	}
	secret_wipe(&password);
	return status;
}

static enum ctl_exit
user_wish_names(struct ctl *ctl, const char *email, const char *username, struct user_wish *wish)
{
	enum ctl_exit status = change_email(ctl, email, &wish->email);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	if (username == NULL && ctl->config->account.login_identifier == LOGIN_BY_USERNAME)
		return ctl_refuse("users sign in with their user name here; give --username NAME");
	if (username == NULL)
		return CTL_DONE;
	rc = text_username(ctl->ctx.arena, span_of(username), &wish->username);
	if (rc == RC_NO)
		return ctl_refuse("%s is no user name: 1 to 150 characters, no spaces", username);
	return rc == RC_OK ? CTL_DONE : ctl_fault(rc);
}

/* Whether a link can be mailed, and keys to make it are there. */
static enum ctl_exit
user_can_invite(struct ctl *ctl)
{
	if (ctl->config->mail.transport == MAIL_NONE || !ctl->config->routes.reset)
		return ctl_refuse("a password is needed, since no link can be mailed here (see "
				  "mail.transport and routes.reset): use --password-stdin, or run "
				  "this on a terminal");
	return ctl_open_keys(ctl);
}

/* Before the prompt, so that nobody types a password in vain; the transaction decides. */
static enum ctl_exit
user_create_check(struct ctl *ctl, const struct user_wish *wish)
{
	struct user user;
	enum rc rc = operate_user_find(&ctl->ctx, wish->email, &user);

	if (rc == RC_OK)
		return change_answer(user_refuse_taken(wish, true));
	return rc == RC_NO ? CTL_DONE : ctl_fault(rc);
}

enum ctl_exit
user_create(struct ctl *ctl, const char *email, const char *username, bool verified, bool superuser)
{
	struct user_wish wish = { .verified = verified, .superuser = superuser };
	enum ctl_exit status = user_wish_names(ctl, email, username, &wish);
	enum rc rc;

	if (status == CTL_DONE)
		status = user_create_check(ctl, &wish);
	if (status == CTL_DONE)
		status = user_hash(ctl, wish.email, wish.username, true, wish.hash);
	if (status == CTL_DONE && wish.hash[0] == '\0')
		status = user_can_invite(ctl);
	if (status != CTL_DONE)
		goto out;
	ctl->ctx.now = clock_wall(&ctl->ctx.clock);
	rc = db_begin(ctl->ctx.db);
	status = rc != RC_OK ? ctl_fault(rc)
			     : change_answer(db_end(ctl->ctx.db, user_create_rows(ctl, &wish)));
	if (status == CTL_DONE)
		ctl_say("created %.*s%s%s%s", (int)wish.email.len, wish.email.data,
		    verified ? ", verified" : "", superuser ? ", superuser" : "",
		    wish.hash[0] == '\0' ? "; a mail with a link to set a password is on its way"
					 : "");
out:
	sodium_memzero(&wish, sizeof(wish));
	return status;
}

enum ctl_exit
user_add(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);

	if (status != CTL_DONE)
		return status;
	return user_create(ctl, ctl->words[0], arguments_option(ctl, "--username"),
	    arguments_option(ctl, "--verified") != NULL,
	    arguments_option(ctl, "--superuser") != NULL);
}

static enum rc
user_passwd_apply(struct ctl *ctl, const struct user *user, void *hash)
{
	enum rc rc = operate_user_password(&ctl->ctx, user, hash);

	if (rc == RC_OK)
		rc = ending_links(&ctl->ctx, user);
	if (rc == RC_OK)
		rc = notice_mail(
		    &ctl->ctx, MAIL_KIND_PASSWORD_CHANGED, user, user->email, SPAN_NONE);
	return rc;
}

enum ctl_exit
user_passwd(struct ctl *ctl)
{
	static const struct change change = {
		.event = "user.password_changed", .ends_sessions = true, .apply = user_passwd_apply
	};
	enum ctl_exit status = ctl_open_store(ctl);
	char hash[PASSWORD_HASH_SIZE] = "";
	struct user user;
	size_t ended = 0;

	if (status == CTL_DONE)
		status = change_find(ctl, ctl->words[0], &user);
	if (status == CTL_DONE)
		status = user_hash(ctl, user.email, user.username, false, hash);
	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, hash, &ended);
	if (status == CTL_DONE)
		ctl_say("the password is changed, %zu sessions have ended", ended);
	sodium_memzero(hash, sizeof(hash));
	return status;
}

static enum rc
user_reset_2fa_apply(struct ctl *ctl, const struct user *user, void *state)
{
	enum rc rc = factor_delete(&ctl->ctx, user);

	(void)state;
	if (rc == RC_NO)
		ctl_refuse("%.*s has no second factor", (int)user->email.len, user->email.data);
	if (rc == RC_OK)
		rc = notice_mail(&ctl->ctx, MAIL_KIND_FACTOR_REMOVED, user, user->email, SPAN_NONE);
	return rc;
}

enum ctl_exit
user_reset_2fa(struct ctl *ctl)
{
	static const struct change change = { .event = "totp.disabled",
		.apply = user_reset_2fa_apply };
	enum ctl_exit status = ctl_open_store(ctl);

	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, NULL, NULL);
	if (status == CTL_DONE)
		ctl_say("the password alone is enough to sign in now");
	return status;
}

static enum rc
user_activate_apply(struct ctl *ctl, const struct user *user, void *state)
{
	(void)state;
	if (user->is_active) {
		ctl_refuse("%.*s is active already", (int)user->email.len, user->email.data);
		return RC_NO;
	}
	return operate_user_active(&ctl->ctx, user, true);
}

enum ctl_exit
user_activate(struct ctl *ctl)
{
	static const struct change change = { .event = "user.activated",
		.apply = user_activate_apply };
	enum ctl_exit status = ctl_open_store(ctl);

	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, NULL, NULL);
	if (status == CTL_DONE)
		ctl_say("%s is active again", ctl->words[0]);
	return status;
}

/* Deactivating twice is fine: it ends what sessions there may be. */
static enum rc
user_deactivate_apply(struct ctl *ctl, const struct user *user, void *state)
{
	enum rc rc = operate_user_active(&ctl->ctx, user, false);

	(void)state;
	return rc == RC_OK ? ending_links(&ctl->ctx, user) : rc;
}

enum ctl_exit
user_deactivate(struct ctl *ctl)
{
	static const struct change change = { .event = "user.deactivated",
		.takes_superuser = true,
		.ends_sessions = true,
		.apply = user_deactivate_apply };
	enum ctl_exit status = ctl_open_store(ctl);
	size_t ended = 0;

	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, NULL, &ended);
	if (status == CTL_DONE)
		ctl_say("%s is deactivated, %zu sessions have ended", ctl->words[0], ended);
	return status;
}

static enum rc
user_verify_apply(struct ctl *ctl, const struct user *user, void *state)
{
	(void)state;
	return operate_user_verified(&ctl->ctx, user);
}

enum ctl_exit
user_verify(struct ctl *ctl)
{
	static const struct change change = { .event = "user.verified",
		.apply = user_verify_apply };
	enum ctl_exit status = ctl_open_store(ctl);

	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, NULL, NULL);
	if (status == CTL_DONE)
		ctl_say("%s is verified", ctl->words[0]);
	return status;
}

static enum rc
user_delete_apply(struct ctl *ctl, const struct user *user, void *state)
{
	(void)state;
	return operate_user_delete(&ctl->ctx, user);
}

static bool
user_delete_sure(const struct ctl *ctl, const struct user *user)
{
	if (!ask_possible(ctl))
		return true;
	fflush(stdout);
	ctl_text(stderr, user->email, 0);
	return ask_yes(": delete this account for good?", false);
}

enum ctl_exit
user_delete(struct ctl *ctl)
{
	static const struct change change = { .event = "user.deleted",
		.takes_superuser = true,
		.ends_sessions = true,
		.apply = user_delete_apply };
	enum ctl_exit status = ctl_open_store(ctl);
	struct user user;

	if (status == CTL_DONE)
		status = change_find(ctl, ctl->words[0], &user);
	if (status == CTL_DONE && !user_delete_sure(ctl, &user))
		status = ctl_refuse("nothing was deleted");
	if (status == CTL_DONE)
		status = change_user(ctl, ctl->words[0], &change, NULL, NULL);
	if (status == CTL_DONE)
		ctl_say("%s is deleted", ctl->words[0]);
	return status;
}
