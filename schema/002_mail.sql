-- Links in mails, and the outbox.

-- Registered once more while its address was unverified: then only the link that sets a password
-- makes it somebody's, so that nobody can wait in an account opened under another's address.
ALTER TABLE users ADD COLUMN contested INTEGER NOT NULL DEFAULT 0;

-- Tokens that work once, each sent to one address.
CREATE TABLE onetime (
	digest BLOB PRIMARY KEY,
	kind TEXT NOT NULL, -- 'verify', 'reset', or 'change': of the address, which is pending till then
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	email TEXT NOT NULL, -- where it was sent
	session TEXT, -- public id of the session that asked for a change
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX onetime_user ON onetime (user_id);
CREATE INDEX onetime_expiry ON onetime (expires_at);

-- Mails and events that wait to be sent, and those that were refused for good. What was sent is
-- gone.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY,
	public_id TEXT NOT NULL UNIQUE, -- in the Message-ID; the id of the event
	channel TEXT NOT NULL, -- 'mail' or 'hook'
	kind TEXT NOT NULL, -- of the mail; the event
	user_id TEXT, -- public id
	request_id TEXT,
	recipient TEXT NOT NULL, -- address; empty for an event
	language TEXT NOT NULL,
	token BLOB, -- of the link, sealed; NULL without one, and once it is refused
	state TEXT NOT NULL, -- 'waiting' or 'refused'
	tries INTEGER NOT NULL,
	tried_at INTEGER NOT NULL,
	next_try_at INTEGER NOT NULL,
	lease TEXT, -- whose it is
	leased_until INTEGER NOT NULL,
	reason TEXT NOT NULL, -- why the last try failed
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL -- sending it later makes no sense
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE state = 'waiting';
CREATE INDEX outbox_expiry ON outbox (expires_at);
CREATE INDEX outbox_refused ON outbox (tried_at) WHERE state = 'refused';
