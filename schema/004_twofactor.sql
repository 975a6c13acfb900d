-- Two-factor sign-in: codes of authenticator apps, recovery codes, sign-ins that wait for one.

-- A second factor is asked for; set and taken back together with the security version.
ALTER TABLE users ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;

-- Until then the session may do what asks for a fresh second factor.
ALTER TABLE session ADD COLUMN stepup_until INTEGER NOT NULL DEFAULT 0;

-- The secret that user and app share. A row without users.second_factor, or the other way round,
-- is damage.
CREATE TABLE totp (
	user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
	secret BLOB NOT NULL, -- sealed for the account
	algorithm TEXT NOT NULL,
	digits INTEGER NOT NULL,
	period INTEGER NOT NULL, -- seconds
	last_step INTEGER NOT NULL, -- the last one whose code was accepted
	enabled_at INTEGER NOT NULL
) STRICT;

-- A secret that was shown and not yet confirmed; one for an account.
CREATE TABLE totp_enrolment (
	user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
	digest BLOB NOT NULL, -- of its token
	secret BLOB NOT NULL, -- sealed for the account
	algorithm TEXT NOT NULL,
	digits INTEGER NOT NULL,
	period INTEGER NOT NULL,
	security_version INTEGER NOT NULL, -- of the account, which ends it by a change
	failures INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX totp_enrolment_expiry ON totp_enrolment (expires_at);

CREATE TABLE recovery_code (
	digest BLOB PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_code_user ON recovery_code (user_id);

-- Sign-ins whose password was right and whose code is still to come.
CREATE TABLE pending_login (
	digest BLOB PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	backend TEXT NOT NULL,
	agent BLOB NOT NULL, -- keyed digest of the user agent
	security_version INTEGER NOT NULL, -- of the account, which ends it by a change
	failures INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_login_user ON pending_login (user_id);
CREATE INDEX pending_login_expiry ON pending_login (expires_at);
