/* keys: a new one for a purpose that seals, and the way out for an old one. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "change.h"
#include "keys.h"

#define KEYS_OBJECT_SIZE 128 /* PURPOSE/KID */

typedef enum rc keys_move_fn(
    const struct config *, enum purpose, const char *kid, struct config_fault *);

/* What a command works on. */
struct keys_change {
	enum purpose purpose;
	char kid[JWT_KID_SIZE];
	int lock; /* keeps others from changing keys meanwhile */
	struct config_fault fault;
};

static enum ctl_exit
keys_begin(struct ctl *ctl, struct keys_change *change)
{
	enum ctl_exit status = ctl_open_store(ctl);
	enum rc rc;

	*change = (struct keys_change){ .purpose = PURPOSES, .lock = -1 };
	if (status != CTL_DONE)
		return status;
	change->lock = file_lock(ctl->directory);
	rc = db_begin(ctl->ctx.db);
	ctl->ctx.now = clock_wall(&ctl->ctx.clock);
	if (rc == RC_OK)
		return CTL_DONE;
	if (change->lock >= 0)
		close(change->lock);
	return ctl_fault(rc);
}

/* The audit row, and the word to all processes. */
static enum rc
keys_tell(struct ctl *ctl, const struct keys_change *change, const char *event)
{
	char object[KEYS_OBJECT_SIZE];
	enum rc rc;

	snprintf(object, sizeof(object), "%s/%s", purpose_name(change->purpose), change->kid);
	rc = change_audit_about(ctl, event, (struct span){ 0 }, span_of(object));
	return rc == RC_OK ? operate_keys_changed(&ctl->ctx) : rc;
}

/* What is below keys/ and what processes were told have come apart: the key goes back, and
 * everybody begins anew, as somebody may have started meanwhile. "moved": it is elsewhere for sure.
 */
static void
keys_undo(struct ctl *ctl, const struct keys_change *change, keys_move_fn *back, bool moved)
{
	struct config_fault fault = { "" };
	enum rc rc = back(ctl->config, change->purpose, change->kid, &fault);

	if (rc != RC_OK && !moved)
		return;
	if (rc == RC_OK)
		rc = db_begin(ctl->ctx.db);
	if (rc == RC_OK)
		rc = db_end(ctl->ctx.db, operate_keys_changed(&ctl->ctx));
	if (rc != RC_OK)
		ctl_warn("keys/%s/%s.key may not be where it was before; look there and in "
			 ".retired beside it, then restart the web server",
		    purpose_name(change->purpose), change->kid);
}

/* Ends the transaction, and undoes by "back" what was done beside it, unless it is committed.
 * "done" is RC_OK where that was done for sure. */
static enum ctl_exit
keys_end(
    struct ctl *ctl, const struct keys_change *change, enum rc rc, keys_move_fn *back, enum rc done)
{
	enum rc ended = db_end(ctl->ctx.db, rc);

	if (ended != RC_OK && change->kid[0] != '\0')
		keys_undo(ctl, change, back, done == RC_OK);
	if (change->lock >= 0)
		close(change->lock);
	return ctl_answer(ended, &change->fault);
}

/* Nothing but SIGKILL may come between a key and the word of it. */
static void
keys_hold_signals(void)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

static void
keys_say_made(const struct keys_change *change, int64_t now)
{
	int64_t since = sealing_since(change->kid);
	const char *name = purpose_name(change->purpose);
	char time[CLOCK_TEXT_SIZE];

	clock_text(since, time);
	if (since <= now)
		ctl_say("key %s is made for %s, which had none; it seals at once, and running "
			"processes begin anew with it",
		    change->kid, name);
	else
		ctl_say("key %s is made for %s; it seals from %s on, and running processes begin "
			"anew with it before",
		    change->kid, name, time);
}

/* The key is made while nobody else can commit, and told of by the commit. One of which nobody was
 * told may be used by who starts now, and is missing to all others. */
enum ctl_exit
keys_rotate(struct ctl *ctl)
{
	enum purpose purpose = purpose_named(ctl->words[0]);
	char names[KEYS_NAMES_SIZE];
	struct keys_change change;
	enum ctl_exit status;
	enum rc made, rc;

	if (!purpose_seals(purpose)) {
		keys_name_sealing(names);
		return ctl_refuse("%s is no purpose that seals; %s are", ctl->words[0], names);
	}
	status = keys_begin(ctl, &change);
	if (status != CTL_DONE)
		return status;
	change.purpose = purpose;
	keys_hold_signals();
	made = rc = keyring_rotate(
	    ctl->config, &ctl->ctx.random, change.purpose, change.kid, &change.fault);
	if (rc == RC_OK)
		rc = keys_tell(ctl, &change, "keys.rotated");
	status = keys_end(ctl, &change, rc, keyring_retire, made);
	if (status == CTL_DONE)
		keys_say_made(&change, clock_wall(&ctl->ctx.clock));
	return status;
}

static enum rc keys_refuse(struct keys_change *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keeps why not until the transaction is ended; is RC_NO. */
static enum rc
keys_refuse(struct keys_change *change, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(change->fault.text, sizeof(change->fault.text), format, values);
	va_end(values);
	return RC_NO;
}

/* Whether its turn is over, for all processes. */
static enum rc
keys_is_over(struct keys_change *change, const struct sealing_keys *keys,
    const struct sealing_key *key, int64_t now)
{
	int64_t until = keys_in_use_until(keys, now);
	char time[CLOCK_TEXT_SIZE];

	switch (sealing_state(keys, key, now)) {
	case KEY_CURRENT:
		return keys_refuse(change,
		    "%s is the one that seals now; yettctl keys rotate %s makes another", key->kid,
		    purpose_name(change->purpose));
	case KEY_COMING:
		/* One that is made by a clock that ran ahead would be in the way for long. */
		if (key->since > now + KEYRING_LEAD)
			return RC_OK;
		return keys_refuse(change, "%s is coming, and processes have it already", key->kid);
	case KEY_OLD:
		break;
	}
	if (until <= now)
		return RC_OK;
	clock_text(until, time);
	return keys_refuse(
	    change, "%s may still be in use somewhere; try again after %s", key->kid, time);
}

static enum rc
keys_is_needless(struct ctx *ctx, struct keys_change *change, const struct sealing_key *key)
{
	int64_t count = 0;
	enum rc rc = keys_sealed(ctx, change->purpose, key, &count);

	if (rc == RC_NO)
		return keys_refuse(
		    change, "%s stays: this version cannot tell what is sealed with it", key->kid);
	if (rc != RC_OK || count == 0)
		return rc;
	return keys_refuse(change, "%s is still needed: %lld secrets are sealed with it", key->kid,
	    (long long)count);
}

/* Who has a key of that name. */
struct keys_owners {
	const char *kid;
	const char *last; /* NULL: nobody yet */
	bool several;
	char names[KEYS_NAMES_SIZE];
};

static void
keys_owner(void *state, const struct key_row *row)
{
	struct keys_owners *owners = state;

	/* Rows come owner by owner; a backend may have two of the name. */
	if (strcmp(row->kid, owners->kid) != 0 || row->owner == owners->last)
		return;
	owners->several = owners->last != NULL;
	owners->last = row->owner;
	keys_add_name(owners->names, row->owner);
}

/* Finds the purpose of the key that the operator names. Another name for a file changes nothing of
 * what was sealed with it, which names the key by an id made of its bytes. */
static enum rc
keys_find(struct ctl *ctl, struct keys_change *change, const char *kid)
{
	struct keys_owners owners = { .kid = kid };
	char sealing[KEYS_NAMES_SIZE];
	enum rc rc = keyring_list(ctl->config, ctl->ctx.now, keys_owner, &owners, &change->fault);

	if (rc != RC_OK)
		return rc;
	if (owners.last == NULL)
		return keys_refuse(change, "%s is no key here; see yettctl keys list", kid);
	if (owners.several)
		return keys_refuse(change,
		    "%s is a key of %s; rename one of the files behind its time stamp", kid,
		    owners.names);
	change->purpose = purpose_named(owners.last);
	if (purpose_seals(change->purpose))
		return RC_OK;
	keys_name_sealing(sealing);
	return keys_refuse(
	    change, "%s is a key of %s, which does not seal; %s do", kid, owners.names, sealing);
}

static enum rc
keys_may_retire(struct ctl *ctl, struct keys_change *change, const char *kid)
{
	const struct sealing_keys *keys;
	const struct sealing_key *key;
	struct keyring *ring = NULL;
	enum rc rc =
	    keyring_open(&ring, ctl->config, KEYS_OF(change->purpose), JWT_NONE, &change->fault);

	if (rc != RC_OK)
		return rc;
	keys = keyring_sealing(ring, change->purpose);
	key = sealing_named(keys, kid);
	if (key == NULL)
		rc = keys_refuse(change, "%s went away meanwhile", kid);
	else
		rc = keys_is_over(change, keys, key, ctl->ctx.now);
	if (rc == RC_OK)
		rc = keys_is_needless(&ctl->ctx, change, key);
	keyring_free(ring);
	return rc;
}

/* Counted in the transaction, and moved before its end: nothing can come to need it in between. */
enum ctl_exit
keys_retire(struct ctl *ctl)
{
	const char *kid = ctl->words[0];
	struct keys_change change;
	enum ctl_exit status = keys_begin(ctl, &change);
	enum rc moved = RC_NO, rc;

	if (status != CTL_DONE)
		return status;
	keys_hold_signals();
	rc = keys_find(ctl, &change, kid);
	if (rc == RC_OK)
		rc = keys_may_retire(ctl, &change, kid);
	if (rc == RC_OK) {
		snprintf(change.kid, sizeof(change.kid), "%s", kid);
		rc = keys_tell(ctl, &change, "keys.retired");
	}
	if (rc == RC_OK)
		moved = rc = keyring_retire(ctl->config, change.purpose, change.kid, &change.fault);
	status = keys_end(ctl, &change, rc, keyring_restore, moved);
	if (status == CTL_DONE)
		ctl_say("key %s lies in keys/%s/.retired now; destroy it there once no backup "
			"needs it",
		    change.kid, purpose_name(change.purpose));
	return status;
}
