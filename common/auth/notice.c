#include "auth/notice.h"

#include "auth/limit.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "crypto/token.h"
#include "store/outbox.h"

/* What a mail counts for; how many limits that are. A notice of what was done to an account counts
 * for none, unless nobody has ever confirmed that they read the address: who opens an account under
 * another's could have it flooded. Even then mails that anybody can ask for leave it its own share.
 * What the operator does is not limited either. */
static size_t
notice_limits(const struct ctx *ctx, enum mail_kind kind, const struct user *user, struct span to,
    struct limit_subject subjects[2])
{
	size_t count = 0;

	if (mail_rows[kind].share == MAIL_NOTICE) {
		subjects[0] = (struct limit_subject){ LIMIT_NOTICE, to, { NULL, 0 } };
		return user->is_verified || ctx->request_id[0] == '\0' ? 0 : 1;
	}
	if (mail_rows[kind].share == MAIL_WARNING)
		subjects[count++] = (struct limit_subject){ LIMIT_WARNING, to, { NULL, 0 } };
	subjects[count++] = (struct limit_subject){ LIMIT_RECIPIENT, to, { NULL, 0 } };
	return count;
}

/* Whether the mail may be sent: RC_NO when the address has had its share. */
static enum rc
notice_share(struct ctx *ctx, enum mail_kind kind, const struct user *user, struct span to)
{
	struct limit_subject subjects[2];
	struct limit_ticket ticket = { .count = 0 };
	size_t count = notice_limits(ctx, kind, user, to, subjects);
	int64_t wait;
	enum rc rc = ctx->config->mail.transport == MAIL_NONE ? RC_NO : RC_OK;

	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = limit_check(ctx, &subjects[i], &wait);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = limit_count(ctx, &subjects[i], &ticket);
	return rc;
}

static struct outbox_new
notice_row(const struct ctx *ctx, enum mail_kind kind, const struct user *user, struct span to,
    struct span language)
{
	return (struct outbox_new){
		.channel = OUTBOX_MAIL,
		.kind = mail_rows[kind].kind,
		.user = span_of(user->id),
		.request = span_of(ctx->request_id[0] == '\0' ? NULL : ctx->request_id),
		.recipient = to,
		.language = language,
		.expires_at = ctx->now + OUTBOX_LIFETIME,
	};
}

enum rc
notice_mail(struct ctx *ctx, enum mail_kind kind, const struct user *user, struct span to,
    struct span language)
{
	const struct outbox_new row = notice_row(ctx, kind, user, to, language);
	enum rc rc = notice_share(ctx, kind, user, to);

	if (rc == RC_OK)
		rc = outbox_insert(ctx, &row, NULL, NULL);
	return rc == RC_NO ? RC_OK : rc;
}

/* Seals the token for the row that carries it, and for no other. */
static enum rc
notice_seal(struct ctx *ctx, void *state, struct span public_id, struct span *sealed)
{
	const struct token *token = state;
	struct buf buf = BUF_INIT(SEAL_OVERHEAD + TOKEN_LEN);
	enum rc rc = seal_put(&buf, keyring_sealing(ctx->keys, PURPOSE_OUTBOX), ctx->now,
	    &ctx->random, token_span(token), public_id);

	if (rc == RC_OK) {
		sealed->len = buf.len;
		sealed->data = arena_text(ctx->arena, buf_span(&buf));
		rc = sealed->data == NULL ? RC_UNAVAILABLE : RC_OK;
	}
	buf_free(&buf);
	return rc;
}

/* When a token ends that is made now. */
static int64_t
notice_expiry(const struct ctx *ctx, enum onetime_kind kind)
{
	const struct config_account *account = &ctx->config->account;

	return ctx->now +
	       (kind == ONETIME_RESET ? account->reset_lifetime : account->verify_lifetime);
}

/* A new token and its row. */
static enum rc
notice_token(
    struct ctx *ctx, const struct user *user, const struct onetime *wanted, struct token *token)
{
	enum purpose purpose = wanted->kind == ONETIME_RESET ? PURPOSE_RESET : PURPOSE_VERIFY;
	struct onetime onetime = *wanted;
	struct digest digest;
	enum rc rc = token_new(&ctx->random, token);

	onetime.expires_at = notice_expiry(ctx, wanted->kind);
	if (rc == RC_OK)
		rc = token_digest(keyring_key(ctx->keys, purpose), token_span(token), &digest);
	if (rc == RC_OK)
		rc = onetime_insert(ctx, user, DIGEST_SPAN(digest), &onetime);
	return rc == RC_NO ? RC_INTERNAL : rc;
}

/* The token is sealed and thrown away: it takes as long as one that is sent. */
enum rc
notice_pending(struct ctx *ctx, const struct user *user, const struct onetime *wanted)
{
	struct token token = { "" };
	struct span sealed;
	enum rc rc = notice_token(ctx, user, wanted, &token);

	if (rc == RC_OK)
		rc = notice_seal(ctx, &token, span_of(user->id), &sealed);
	token_wipe(&token);
	return rc;
}

enum rc
notice_link(struct ctx *ctx, enum mail_kind kind, const struct user *user,
    const struct onetime *wanted, struct span language)
{
	struct outbox_new row = notice_row(ctx, kind, user, wanted->email, language);
	struct token token = { "" };
	enum rc rc = notice_share(ctx, kind, user, wanted->email);

	/* A pending address is seen by who asked, whether its mail is sent or not. */
	if (rc == RC_NO)
		return wanted->kind == ONETIME_CHANGE ? notice_pending(ctx, user, wanted) : RC_OK;
	row.expires_at = notice_expiry(ctx, wanted->kind);
	if (rc == RC_OK)
		rc = notice_token(ctx, user, wanted, &token);
	if (rc == RC_OK)
		rc = outbox_insert(ctx, &row, notice_seal, &token);
	token_wipe(&token);
	return rc;
}

/* What hooks are told of; other events stand in the audit trail alone. */
static bool
notice_is_told(const char *event)
{
	static const char *const told[] = { "user.registered", "user.verified",
		"user.email_changed", "user.password_changed", "user.password_reset",
		"user.deactivated", "user.deleted", "session.started", "session.ended",
		"session.reuse_detected", "totp.enabled", "totp.disabled",
		"totp.recovery_code_used" };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		if (strcmp(event, told[i]) == 0)
			return true;
	}
	return false;
}

enum rc
notice_event(struct ctx *ctx, const char *event, struct span user)
{
	const struct outbox_new row = {
		.channel = OUTBOX_HOOK,
		.kind = event,
		.user = user,
		.request = span_of(ctx->request_id[0] == '\0' ? NULL : ctx->request_id),
		.expires_at = ctx->now + OUTBOX_LIFETIME,
	};

	if (ctx->config->hooks.command[0] == '\0' || user.data == NULL || !notice_is_told(event))
		return RC_OK;
	return outbox_insert(ctx, &row, NULL, NULL);
}
