#include "auth/event.h"

#include "auth/backend.h"
#include "auth/notice.h"
#include "crypto/keyring.h"

#define EVENT_ADDRESS_SIZE 33 /* half a digest in hex: enough to tell addresses apart */

enum rc
event_record(struct ctx *ctx, const struct event *event)
{
	char address[EVENT_ADDRESS_SIZE];
	struct digest digest;
	enum rc rc;
	struct audit_entry entry = {
		.event = event->name,
		.user = event->user == NULL ? SPAN_NONE : span_of(event->user->id),
		.actor = event->by_user ? span_of(event->user->id) : SPAN("anonymous"),
		.backend = span_of(event->backend),
		.session = span_of(event->session),
	};

	if (entry.session.len == 0)
		entry.session.data = NULL;
	digest_parts(&digest, keyring_key(ctx->keys, PURPOSE_AUDIT),
	    (const struct span[]){ client_address(event->client) }, 1);
	digest_hex(&digest, address, sizeof(address));
	entry.address = span_of(address);
	rc = audit_insert(ctx, &entry);
	return rc == RC_OK ? notice_event(ctx, event->name, entry.user) : rc;
}

enum problem
event_refused(struct ctx *ctx, const struct event *event, enum problem problem)
{
	enum rc rc = db_begin(ctx->db);

	if (rc == RC_OK)
		rc = db_end(ctx->db, event_record(ctx, event));
	return rc == RC_OK ? problem : problem_of(rc);
}

static struct event
event_by(const char *name, const struct identity *identity, const struct user *user,
    const struct client *client)
{
	return (struct event){
		.name = name,
		.client = client,
		.user = user,
		.by_user = true,
		.backend = identity->backend->config->name,
		.session = identity->session_id,
	};
}

enum rc
event_record_by(struct ctx *ctx, const char *name, const struct identity *identity,
    const struct user *user, const struct client *client)
{
	const struct event event = event_by(name, identity, user, client);

	return event_record(ctx, &event);
}

enum problem
event_refused_by(struct ctx *ctx, const char *name, const struct identity *identity,
    const struct user *user, const struct client *client, enum problem problem)
{
	const struct event event = event_by(name, identity, user, client);

	return event_refused(ctx, &event, problem);
}
