-- Accounts, roles, sessions, tokens, limits, audit. Times are milliseconds since 1970 UTC.

CREATE TABLE users (
	id INTEGER PRIMARY KEY,
	public_id TEXT NOT NULL UNIQUE,
	email TEXT NOT NULL UNIQUE,
	username TEXT UNIQUE,
	password_hash TEXT NOT NULL, -- PHC string; empty: no password can fit
	is_active INTEGER NOT NULL,
	is_verified INTEGER NOT NULL,
	self_registered INTEGER NOT NULL,
	security_version INTEGER NOT NULL, -- a change makes every JWT of the user worthless
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX users_unverified ON users (created_at) WHERE is_verified = 0 AND self_registered = 1;

CREATE TABLE role (
	name TEXT PRIMARY KEY,
	description TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_role (
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role_name TEXT NOT NULL REFERENCES role (name),
	PRIMARY KEY (user_id, role_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_role_name ON user_role (role_name);

INSERT INTO role (name, description, created_at) VALUES ('superuser', 'May do everything.', 0);

-- A user name that somebody gave with a taken address: kept as long as an unverified account
-- would keep it, so that asking for it again tells nothing.
CREATE TABLE reserved_username (
	username TEXT PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reserved_username_expiry ON reserved_username (expires_at);

CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	public_id TEXT NOT NULL UNIQUE,
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	backend TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	refresh_digest BLOB UNIQUE, -- NULL where no refresh token was issued
	created_at INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user_id, created_at);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE access_token (
	digest BLOB PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_session ON access_token (session_id);
CREATE INDEX access_token_expiry ON access_token (expires_at);

-- Refresh tokens that were replaced: one that comes again tells of a theft.
CREATE TABLE consumed_refresh (
	digest BLOB PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
	consumed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consumed_refresh_session ON consumed_refresh (session_id);

-- Stateless JWTs that were signed out before they expired.
CREATE TABLE denied_jwt (
	jti TEXT PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX denied_jwt_expiry ON denied_jwt (expires_at);

-- One row an attempt; the key is a keyed digest of what is counted.
CREATE TABLE attempt (
	bucket BLOB NOT NULL,
	at INTEGER NOT NULL,
	id BLOB NOT NULL, -- tells attempts of one millisecond apart
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (bucket, at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_expiry ON attempt (expires_at);

CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	event TEXT NOT NULL,
	user_id TEXT, -- public id; NULL where there is no account
	actor TEXT NOT NULL, -- a public id, 'anonymous' or 'operator'
	backend TEXT,
	session TEXT, -- public id
	address TEXT, -- keyed digest of the client's address
	request_id TEXT,
	object TEXT -- what else it is about: a role's name
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_user ON audit (user_id);

-- The hash that is verified where there is no account, so that both take the same time.
CREATE TABLE decoy (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	password_hash TEXT NOT NULL
) STRICT;
