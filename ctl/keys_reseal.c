/* keys reseal: the secrets of authenticator apps under the key that seals now, a page at a time. */
#include <stdio.h>
#include <unistd.h>

#include "auth/second_factor.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "ctl.h"

#define RESEAL_PAGE 100 /* in one transaction, while sign-ins go on */
#define RESEAL_NAMES 10 /* accounts with a damaged secret that are named */

struct reseal {
	struct ctl *ctl;
	struct span key_id; /* of the key that seals now */
	int64_t after;      /* the last row that was looked at */
	int64_t since;      /* when it began; monotonic */
	long done, changed, damaged, keyless;
	char names[RESEAL_NAMES][EMAIL_MAX + 1]; /* the first that are damaged */
};

/* Its row goes with the arena. */
static void
reseal_damaged(struct reseal *reseal, struct span email)
{
	if (reseal->damaged < RESEAL_NAMES &&
	    !span_copy(reseal->names[reseal->damaged], sizeof(reseal->names[0]), email))
		reseal->names[reseal->damaged][0] = '\0';
	reseal->damaged++;
}

/* One that nobody can open, or not without a key that is missing, stays as it is and is told of. */
static enum rc
reseal_row(struct reseal *reseal, const struct factor_row *row)
{
	struct buf sealed = BUF_INIT(SEAL_OVERHEAD + TOTP_SECRET);
	struct ctx *ctx = &reseal->ctl->ctx;
	enum rc rc;

	if (seal_lacks_key(keyring_sealing(ctx->keys, PURPOSE_TOTP), row->sealed)) {
		reseal->keyless++;
		return RC_OK;
	}
	rc = second_factor_reseal(ctx, &row->user, row->sealed, &sealed);
	if (rc == RC_NO)
		reseal_damaged(reseal, row->user.email);
	if (rc == RC_OK) {
		rc = factor_reseal(ctx, row, buf_span(&sealed));
		reseal->done += rc == RC_OK;
		reseal->changed += rc == RC_NO;
	}
	buf_free(&sealed);
	return rc == RC_NO ? RC_OK : rc;
}

/* RC_NO: that was the last page. */
static enum rc
reseal_page(struct reseal *reseal)
{
	struct ctx *ctx = &reseal->ctl->ctx;
	struct factor_row *rows;
	size_t count = 0;
	enum rc rc = db_begin(ctx->db);

	if (rc != RC_OK)
		return rc;
	rc = factor_sealed_otherwise(
	    ctx, reseal->after, reseal->key_id, SEAL_OVERHEAD, RESEAL_PAGE, &rows, &count);
	for (size_t i = 0; i < count && rc == RC_OK; i++) {
		reseal->after = rows[i].user.row;
		rc = reseal_row(reseal, &rows[i]);
	}
	rc = db_end(ctx->db, rc);
	arena_reset(ctx->arena);
	return rc == RC_OK && count < RESEAL_PAGE ? RC_NO : rc;
}

/* On a terminal, once it has taken a second; "more": the line is written over, not taken away. */
static void
reseal_progress(const struct reseal *reseal, bool more)
{
	if (!isatty(STDERR_FILENO) ||
	    clock_monotonic(&reseal->ctl->ctx.clock) - reseal->since < SECOND)
		return;
	if (more)
		fprintf(stderr, "\r%ld secrets sealed anew ...", reseal->done);
	else
		fputs("\r\033[K", stderr);
}

/* Whose they are, for yettctl user reset-2fa. */
static void
reseal_name(const struct reseal *reseal)
{
	long named = reseal->damaged < RESEAL_NAMES ? reseal->damaged : RESEAL_NAMES;

	for (long i = 0; i < named; i++)
		ctl_say("damaged: %s", reseal->names[i]);
	if (reseal->damaged > named)
		ctl_say("damaged: %ld more", reseal->damaged - named);
}

/* All that was left as it is. */
static enum ctl_exit
reseal_tell(const struct reseal *reseal)
{
	if (reseal->keyless > 0)
		ctl_warn("%ld secrets are sealed with a key that is not in keys/totp; bring it "
			 "back and run it again",
		    reseal->keyless);
	if (reseal->damaged > 0) {
		ctl_warn("%ld secrets are damaged, so that no code of these apps is taken; "
			 "yettctl user reset-2fa EMAIL takes one away",
		    reseal->damaged);
		reseal_name(reseal);
	}
	if (reseal->changed > 0)
		ctl_warn("%ld changed meanwhile; run it again", reseal->changed);
	return reseal->keyless + reseal->damaged + reseal->changed == 0 ? CTL_DONE : CTL_REFUSED;
}

static enum ctl_exit
reseal_all(struct ctl *ctl)
{
	const struct sealing_key *key =
	    sealing_current(keyring_sealing(ctl->ctx.keys, PURPOSE_TOTP), ctl->ctx.now);
	struct reseal reseal = { .ctl = ctl,
		.key_id = { (const char *)key->id, SEALING_ID_SIZE },
		.since = clock_monotonic(&ctl->ctx.clock) };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = reseal_page(&reseal);
		reseal_progress(&reseal, rc == RC_OK);
	}
	ctl_say("%ld secrets are sealed with %s now", reseal.done, key->kid);
	if (rc != RC_NO)
		return ctl_refuse("then the store or a key failed; run it again, it goes on where "
				  "it stopped");
	return reseal_tell(&reseal);
}

/* With the lock nobody can retire meanwhile the key that this one seals with, however long it takes
 * or is stopped. */
enum ctl_exit
keys_reseal(struct ctl *ctl)
{
	struct config_fault fault = { "" };
	enum ctl_exit status = ctl_open_store(ctl);
	int lock;

	if (status != CTL_DONE)
		return status;
	lock = file_lock(ctl->directory);
	ctl->ctx.now = clock_wall(&ctl->ctx.clock);
	status = ctl_answer(
	    keyring_open(&ctl->ctx.keys, ctl->config, KEYS_OF(PURPOSE_TOTP), JWT_NONE, &fault),
	    &fault);
	if (status == CTL_DONE)
		status = reseal_all(ctl);
	if (lock >= 0)
		close(lock);
	return status;
}
