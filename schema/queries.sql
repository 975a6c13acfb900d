-- Every statement of the program. tools/sql2c makes an enum and a table of it; a program prepares
-- those whose grant it has (common/base/grant.def), once. What has NONE is the store's own.
--
-- Above each statement: its name, its grant, a sentence. Parameters are numbered in order and
-- bound in that order. Only what SQLite and PostgreSQL share is used. Times are milliseconds.

-- accounts -----------------------------------------------------------------------------------

-- name: user_by_id
-- grant: USER_READ
-- An account by its public id, one row for each role (or one without).
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.public_id = ?1
ORDER BY r.role_name;

-- name: credential_by_email
-- grant: CRED_READ
-- An account with its password hash, by address.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, u.password_hash
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.email = ?1
ORDER BY r.role_name;

-- name: credential_by_username
-- grant: CRED_READ
-- An account with its password hash, by user name.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, u.password_hash
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.username = ?1
ORDER BY r.role_name;

-- name: credential_by_id
-- grant: CRED_READ
-- An account with its password hash, by public id.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, u.password_hash
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.public_id = ?1
ORDER BY r.role_name;

-- name: decoy_read
-- grant: CRED_READ
-- The hash to verify where there is no account.
SELECT password_hash FROM decoy WHERE id = 1;

-- name: user_upgrade_hash
-- grant: HASH_UPGRADE
-- Replaces a hash by a stronger one of the same password, unless it changed meanwhile.
UPDATE users
SET password_hash = ?1
WHERE id = ?2 AND password_hash = ?3;

-- name: user_insert
-- grant: USER_CREATE
-- A new account; no row comes back when the address or the user name is taken.
INSERT INTO users (public_id, email, username, password_hash, is_active, is_verified,
	self_registered, security_version, created_at)
VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, 1, ?7)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: username_taken
-- grant: USER_CREATE
-- Whether a user name belongs to an account or is reserved.
SELECT 1 FROM users WHERE username = ?1
UNION ALL
SELECT 1 FROM reserved_username WHERE username = ?1 AND expires_at > ?2
LIMIT 1;

-- name: username_reserve
-- grant: USER_CREATE
-- Keeps a user name that was given with a taken address.
INSERT INTO reserved_username (username, expires_at)
VALUES (?1, ?2)
ON CONFLICT (username) DO UPDATE SET expires_at = excluded.expires_at;

-- name: user_set_email
-- grant: USER_WRITE
-- A new address, not verified; it ends every JWT. No row changes when the address is taken. Who
-- was verified before is no longer one of those that clean_unverified deletes.
UPDATE users
SET email = ?1, is_verified = 0, contested = 0, security_version = security_version + 1,
	self_registered = CASE WHEN is_verified = 1 THEN 0 ELSE self_registered END
WHERE id = ?2 AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email = ?1 AND o.id <> ?2);

-- name: user_set_username
-- grant: USER_WRITE
-- A new user name; no row changes when it is taken or reserved.
UPDATE users
SET username = ?1
WHERE id = ?2
	AND NOT EXISTS (SELECT 1 FROM users o WHERE o.username = ?1 AND o.id <> ?2)
	AND NOT EXISTS (SELECT 1 FROM reserved_username r WHERE r.username = ?1 AND r.expires_at > ?3);

-- name: user_contest
-- grant: USER_CREATE
-- From now on only a link that sets a password makes this unverified account somebody's; the one
-- in place was given by whoever came first, and opens nothing any more.
UPDATE users
SET contested = 1, password_hash = '', security_version = security_version + 1
WHERE id = ?1 AND is_verified = 0;

-- name: user_set_password
-- grant: USER_WRITE
-- A new password; it ends every JWT. No row changes when the hash is no longer the one that was
-- proved.
UPDATE users
SET password_hash = ?1, security_version = security_version + 1
WHERE id = ?2 AND password_hash = ?3;

-- the second factor -----------------------------------------------------------------------------

-- name: totp_find
-- grant: TOTP_CHECK
-- The secret of an account, and the last step whose code was accepted.
SELECT secret, algorithm, digits, period, last_step FROM totp WHERE user_id = ?1;

-- name: totp_spend
-- grant: TOTP_CHECK
-- Accepts the code of a step. One row changes for exactly one of several racers.
UPDATE totp SET last_step = ?1 WHERE user_id = ?2 AND last_step < ?1;

-- name: session_step_up
-- grant: TOTP_CHECK
-- Marks a session: its user has just shown a code.
UPDATE session SET stepup_until = ?1 WHERE public_id = ?2 AND user_id = ?3;

-- name: session_stepped_up
-- grant: TOTP_CHECK
-- Whether it still is marked, and not by a clock that was ahead.
SELECT 1 FROM session
WHERE public_id = ?1 AND user_id = ?2 AND stepup_until > ?3 AND stepup_until <= ?4;

-- name: totp_enrolment_replace
-- grant: TOTP_ENROL
-- A secret that is to be confirmed, in place of one before.
INSERT INTO totp_enrolment (user_id, digest, secret, algorithm, digits, period, security_version,
	failures, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)
ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest, secret = excluded.secret,
	algorithm = excluded.algorithm, digits = excluded.digits, period = excluded.period,
	security_version = excluded.security_version, failures = 0, expires_at = excluded.expires_at;

-- name: totp_enrolment_find
-- grant: TOTP_ENROL
-- The secret behind the token of an enrolment, unless the account has changed since.
SELECT secret, algorithm, digits, period
FROM totp_enrolment
WHERE user_id = ?1 AND digest = ?2 AND security_version = ?3 AND expires_at > ?4;

-- name: totp_enrolment_take
-- grant: TOTP_ENROL
-- Uses an enrolment up; one row changes for exactly one of several racers.
DELETE FROM totp_enrolment WHERE user_id = ?1 AND digest = ?2;

-- name: totp_enrolment_fail
-- grant: TOTP_ENROL
-- Counts a wrong code.
UPDATE totp_enrolment SET failures = failures + 1 WHERE user_id = ?1 AND digest = ?2;

-- name: totp_enrolment_end
-- grant: TOTP_ENROL
-- Ends an enrolment after too many of them.
DELETE FROM totp_enrolment WHERE user_id = ?1 AND digest = ?2 AND failures >= ?3;

-- name: totp_insert
-- grant: TOTP_ENROL
-- The confirmed secret, with the step whose code confirmed it.
INSERT INTO totp (user_id, secret, algorithm, digits, period, last_step, enabled_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: totp_delete
-- grant: TOTP_ENROL
-- Forgets it.
DELETE FROM totp WHERE user_id = ?1;

-- name: user_add_factor
-- grant: TOTP_ENROL
-- From now on sign-ins ask for a second factor; it ends every JWT. No row changes when they do
-- already.
UPDATE users
SET second_factor = 1, security_version = security_version + 1
WHERE id = ?1 AND second_factor = 0;

-- name: user_drop_factor
-- grant: TOTP_ENROL
-- The other way.
UPDATE users
SET second_factor = 0, security_version = security_version + 1
WHERE id = ?1 AND second_factor = 1;

-- name: session_step_down
-- grant: TOTP_ENROL
-- What was shown with a factor that is gone counts no more.
UPDATE session SET stepup_until = 0 WHERE user_id = ?1 AND stepup_until > 0;

-- name: recovery_insert
-- grant: TOTP_ENROL
-- A recovery code.
INSERT INTO recovery_code (digest, user_id) VALUES (?1, ?2);

-- name: recovery_delete
-- grant: TOTP_ENROL
-- Ends all of an account's.
DELETE FROM recovery_code WHERE user_id = ?1;

-- name: recovery_spend
-- grant: TOTP_ENROL
-- Uses one up; one row changes for exactly one of several racers.
DELETE FROM recovery_code WHERE digest = ?1 AND user_id = ?2;

-- name: recovery_count
-- grant: TOTP_ENROL
-- How many an account has left.
SELECT COUNT(*) FROM recovery_code WHERE user_id = ?1;

-- name: pending_login_insert
-- grant: PENDING_MAKE
-- A sign-in that waits for its code.
INSERT INTO pending_login (digest, user_id, backend, agent, security_version, failures, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6);

-- name: pending_login_expire
-- grant: PENDING_MAKE
-- Those of an account that nobody can finish any more: house-keeping alone would be too slow for who
-- begins one after the other.
DELETE FROM pending_login WHERE user_id = ?1 AND expires_at <= ?2;

-- name: pending_login_find
-- grant: PENDING_USE
-- The account whose sign-in waits behind a token, unless it has changed since.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name
FROM pending_login p
JOIN users u ON u.id = p.user_id AND u.security_version = p.security_version
LEFT JOIN user_role r ON r.user_id = u.id
WHERE p.digest = ?1 AND p.backend = ?2 AND p.agent = ?3 AND p.expires_at > ?4
ORDER BY r.role_name;

-- name: pending_login_take
-- grant: PENDING_USE
-- Uses it up; one row changes for exactly one of several racers.
DELETE FROM pending_login WHERE digest = ?1;

-- name: pending_login_fail
-- grant: PENDING_USE
-- Counts a wrong code.
UPDATE pending_login SET failures = failures + 1 WHERE digest = ?1;

-- name: pending_login_end
-- grant: PENDING_USE
-- Ends it after too many of them.
DELETE FROM pending_login WHERE digest = ?1 AND failures >= ?2;

-- links in mails, and the outbox ---------------------------------------------------------------

-- name: verify_link_insert
-- grant: VERIFY_LINK
-- A new token that confirms an address: the account's own ('verify') or a new one ('change').
INSERT INTO onetime (digest, kind, user_id, email, session, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: reset_link_insert
-- grant: RESET_LINK
-- A new token that sets a password.
INSERT INTO onetime (digest, kind, user_id, email, session, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: user_by_email
-- grant: ADDRESS_READ
-- The account that has an address, and whether it is contested.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, u.contested
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.email = ?1
ORDER BY r.role_name;

-- name: verify_link_find
-- grant: VERIFY_USE
-- Token and account behind a link that confirms an address.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, o.kind, o.email, o.session
FROM onetime o
JOIN users u ON u.id = o.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE o.digest = ?1 AND o.expires_at > ?2 AND o.kind IN ('verify', 'change')
ORDER BY r.role_name;

-- name: reset_link_find
-- grant: RESET_USE
-- Token and account behind a link that sets a password.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, o.kind, o.email, o.session
FROM onetime o
JOIN users u ON u.id = o.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE o.digest = ?1 AND o.expires_at > ?2 AND o.kind = 'reset'
ORDER BY r.role_name;

-- name: verify_link_take
-- grant: VERIFY_USE
-- Uses a token up; one row changes for exactly one of several racers.
DELETE FROM onetime WHERE digest = ?1 AND kind IN ('verify', 'change');

-- name: reset_link_take
-- grant: RESET_USE
-- The same for one that sets a password.
DELETE FROM onetime WHERE digest = ?1 AND kind = 'reset';

-- name: onetime_end
-- grant: ONETIME_END
-- Ends all tokens of a kind that a user has.
DELETE FROM onetime WHERE user_id = ?1 AND kind = ?2;

-- name: onetime_pending
-- grant: CHANGE_READ
-- The address that a user wants to change to.
SELECT email
FROM onetime
WHERE user_id = ?1 AND kind = 'change' AND expires_at > ?2
ORDER BY expires_at DESC
LIMIT 1;

-- name: user_mark_verified
-- grant: VERIFY_USE
-- Marks an address as verified. No row changes when it was already, when the account is not
-- active, or when only a link that sets a password may do so.
UPDATE users
SET is_verified = 1
WHERE id = ?1 AND is_verified = 0 AND is_active = 1 AND contested = 0;

-- name: user_replace_email
-- grant: VERIFY_USE
-- A confirmed new address; it ends every JWT. No row changes when it is taken by now.
UPDATE users
SET email = ?1, is_verified = 1, contested = 0, security_version = security_version + 1
WHERE id = ?2 AND is_active = 1 AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email = ?1);

-- name: user_reset_password
-- grant: RESET_USE
-- A new password by a link, which proves the address too; it ends every JWT.
UPDATE users
SET password_hash = ?1, is_verified = 1, contested = 0, security_version = security_version + 1
WHERE id = ?2 AND is_active = 1;

-- name: outbox_insert
-- grant: NOTICE
-- A mail or an event that waits to be sent.
INSERT INTO outbox (public_id, channel, kind, user_id, request_id, recipient, language, token,
	state, tries, tried_at, next_try_at, lease, leased_until, reason, created_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', 0, 0, ?9, NULL, 0, '', ?9, ?10);

-- name: outbox_claim
-- grant: OUTBOX_SEND
-- Gives the row that waits longest to one sender, for as long as its lease. One whose sender dies
-- each time goes behind the others. A lease or a try of the future is from before the clock was set
-- back.
UPDATE outbox
SET lease = ?1, leased_until = ?2, next_try_at = ?2, tries = tries + 1, tried_at = ?3
WHERE id = (SELECT o.id
	FROM outbox o
	WHERE o.state = 'waiting' AND o.next_try_at <= ?4
		AND (o.leased_until <= ?3 OR o.leased_until > ?2)
		AND (o.tried_at < ?5 OR o.tried_at > ?3)
		AND (?6 = 0 OR o.channel = 'mail')
	ORDER BY o.next_try_at, o.id
	LIMIT 1)
RETURNING id, public_id, channel, kind, user_id, request_id, recipient, language, token, tries,
	created_at, expires_at;

-- name: outbox_sent
-- grant: OUTBOX_SEND
-- What was sent is gone, unless the lease ran out meanwhile.
DELETE FROM outbox WHERE id = ?1 AND lease = ?2;

-- name: outbox_later
-- grant: OUTBOX_SEND
-- The next try, and why this one failed.
UPDATE outbox
SET lease = NULL, leased_until = 0, next_try_at = ?1, reason = ?2
WHERE id = ?3 AND lease = ?4;

-- name: outbox_refused
-- grant: OUTBOX_SEND
-- Refused for good: listed for a while, without its token.
UPDATE outbox
SET lease = NULL, leased_until = 0, state = 'refused', token = NULL, reason = ?1
WHERE id = ?2 AND lease = ?3;

-- name: outbox_next_due
-- grant: OUTBOX_SEND
-- When the next row is due; while somebody sends it, that is the end of the lease.
SELECT next_try_at
FROM outbox
WHERE state = 'waiting' AND (?1 = 0 OR channel = 'mail')
ORDER BY next_try_at
LIMIT 1;

-- name: outbox_waiting
-- grant: OPERATE
-- How many rows of a channel wait.
SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND channel = ?1;

-- name: outbox_list
-- grant: OPERATE
-- What waits or was refused, oldest first.
SELECT public_id, kind, recipient, state, reason, tries, next_try_at, created_at
FROM outbox
WHERE channel = ?1
ORDER BY id
LIMIT ?2;

-- who is it ------------------------------------------------------------------------------------

-- name: identity_by_access
-- grant: VERIFY
-- Session and account behind an access token, one row for each role (or one without).
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, s.id, s.public_id, s.backend
FROM access_token a
JOIN session s ON s.id = a.session_id
JOIN users u ON u.id = s.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE a.digest = ?1 AND a.expires_at > ?2 AND s.expires_at > ?2
ORDER BY r.role_name;

-- name: identity_by_session
-- grant: VERIFY
-- Session and account behind the sid of a JWT.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, s.id, s.public_id, s.backend
FROM session s
JOIN users u ON u.id = s.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE s.public_id = ?1 AND s.expires_at > ?2
ORDER BY r.role_name;

-- name: identity_by_subject
-- grant: VERIFY
-- The account behind the subject of a stateless JWT.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.public_id = ?1
ORDER BY r.role_name;

-- name: denied_jwt_find
-- grant: VERIFY
-- Whether a stateless JWT was signed out.
SELECT 1 FROM denied_jwt WHERE jti = ?1;

-- name: session_behind_refresh
-- grant: CSRF
-- The session that a refresh token belongs or belonged to, for the binding of CSRF tokens.
SELECT s.public_id
FROM session s
WHERE s.refresh_digest = ?1 AND s.expires_at > ?2
UNION ALL
SELECT s.public_id
FROM consumed_refresh c
JOIN session s ON s.id = c.session_id
WHERE c.digest = ?1 AND s.expires_at > ?2
LIMIT 1;

-- sessions -------------------------------------------------------------------------------------

-- name: session_insert
-- grant: SIGN
-- A new session.
INSERT INTO session (public_id, user_id, backend, user_agent, refresh_digest, created_at,
	last_used_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)
RETURNING id;

-- name: session_trim
-- grant: SIGN
-- Ends the session that a new one pushes past the most that a user may have.
DELETE FROM session
WHERE id IN
	(SELECT id FROM session WHERE user_id = ?1 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?2);

-- name: access_token_insert
-- grant: SIGN
-- A new access token of a session.
INSERT INTO access_token (digest, session_id, expires_at)
VALUES (?1, ?2, ?3);

-- name: session_by_refresh
-- grant: ROTATE
-- Session and account behind the current refresh token, one row for each role (or one without).
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, s.id, s.public_id, s.backend, s.last_used_at, s.expires_at
FROM session s
JOIN users u ON u.id = s.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE s.refresh_digest = ?1
ORDER BY r.role_name;

-- name: session_by_consumed
-- grant: ROTATE
-- Session and account behind a refresh token that was replaced, and when it was.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name, s.id, s.public_id, s.backend, s.last_used_at, s.expires_at, c.consumed_at
FROM consumed_refresh c
JOIN session s ON s.id = c.session_id
JOIN users u ON u.id = s.user_id
LEFT JOIN user_role r ON r.user_id = u.id
WHERE c.digest = ?1
ORDER BY r.role_name;

-- name: session_rotate
-- grant: ROTATE
-- Replaces the refresh token; one row changes for exactly one of several racers.
UPDATE session
SET refresh_digest = ?1, last_used_at = ?2
WHERE id = ?3 AND refresh_digest = ?4;

-- name: consumed_refresh_insert
-- grant: ROTATE
-- Remembers the token that was replaced.
INSERT INTO consumed_refresh (digest, session_id, consumed_at)
VALUES (?1, ?2, ?3);

-- name: session_list
-- grant: SESSION_READ
-- The live sessions of a user, oldest first.
SELECT public_id, backend, user_agent, created_at, last_used_at, expires_at
FROM session
WHERE user_id = ?1 AND expires_at > ?2
ORDER BY created_at, id;

-- name: session_of_refresh
-- grant: SESSION_READ
-- Which of a user's sessions a refresh token belongs to.
SELECT public_id
FROM session
WHERE refresh_digest = ?1 AND user_id = ?2 AND expires_at > ?3;

-- name: session_end
-- grant: SESSION_END
-- Ends one session of a user, with its tokens.
DELETE FROM session
WHERE public_id = ?1 AND user_id = ?2 AND expires_at > ?3;

-- name: session_end_row
-- grant: SESSION_END
-- Ends one session whatever its state.
DELETE FROM session WHERE id = ?1;

-- name: session_count
-- grant: SESSION_END
-- How many live sessions a user has beside one.
SELECT COUNT(*) FROM session WHERE user_id = ?1 AND public_id <> ?2 AND expires_at > ?3;

-- name: session_end_all_but
-- grant: SESSION_END
-- Ends all sessions of a user but one.
DELETE FROM session WHERE user_id = ?1 AND public_id <> ?2;

-- name: user_bump_version
-- grant: OPERATE
-- Makes every JWT of a user worthless.
UPDATE users SET security_version = security_version + 1 WHERE id = ?1;

-- name: denied_jwt_insert
-- grant: SESSION_END
-- Signs a stateless JWT out until it expires.
INSERT INTO denied_jwt (jti, expires_at)
VALUES (?1, ?2)
ON CONFLICT (jti) DO NOTHING;

-- limits and audit -----------------------------------------------------------------------------

-- name: attempt_nth
-- grant: LIMIT
-- When the attempt was made that would have to leave the window before the next one.
SELECT at
FROM attempt
WHERE bucket = ?1 AND at > ?2
ORDER BY at DESC
LIMIT 1 OFFSET ?3;

-- name: attempt_insert
-- grant: LIMIT
-- Counts an attempt.
INSERT INTO attempt (bucket, at, id, expires_at)
VALUES (?1, ?2, ?3, ?4);

-- name: attempt_give_back
-- grant: LIMIT
-- Takes one counted attempt back.
DELETE FROM attempt WHERE bucket = ?1 AND at = ?2 AND id = ?3;

-- name: audit_insert
-- grant: AUDIT
-- One security event.
INSERT INTO audit (at, event, user_id, actor, backend, session, address, request_id, object)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- house-keeping: each deletes a bounded batch ---------------------------------------------------

-- name: clean_access_token
-- grant: CLEAN
-- Expired access tokens.
DELETE FROM access_token
WHERE digest IN (SELECT digest FROM access_token WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_session
-- grant: CLEAN
-- Expired sessions, with what hangs on them.
DELETE FROM session
WHERE id IN (SELECT id FROM session WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_attempt
-- grant: CLEAN
-- Attempts that left every window.
DELETE FROM attempt
WHERE (bucket, at, id) IN
	(SELECT bucket, at, id FROM attempt WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_denied_jwt
-- grant: CLEAN
-- Denied JWTs that have expired anyway.
DELETE FROM denied_jwt
WHERE jti IN (SELECT jti FROM denied_jwt WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_reserved_username
-- grant: CLEAN
-- Reservations of user names that have ended.
DELETE FROM reserved_username
WHERE username IN (SELECT username FROM reserved_username
	WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_onetime
-- grant: CLEAN
-- Links that no longer work.
DELETE FROM onetime
WHERE digest IN (SELECT digest FROM onetime WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_outbox
-- grant: CLEAN
-- Mails that were refused some time ago.
DELETE FROM outbox
WHERE id IN (SELECT id FROM outbox
	WHERE state = 'refused' AND tried_at <= ?1 ORDER BY tried_at LIMIT ?2);

-- name: clean_outbox_expired
-- grant: CLEAN
-- What nobody has come to send, long after it made sense.
DELETE FROM outbox
WHERE id IN (SELECT id FROM outbox WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_totp_enrolment
-- grant: CLEAN
-- Second factors that were never confirmed.
DELETE FROM totp_enrolment
WHERE user_id IN
	(SELECT user_id FROM totp_enrolment WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_pending_login
-- grant: CLEAN
-- Sign-ins whose code never came.
DELETE FROM pending_login
WHERE digest IN (SELECT digest FROM pending_login WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2);

-- name: clean_unverified
-- grant: CLEAN
-- Self-registered accounts that were never verified, and that nobody gave a role.
DELETE FROM users
WHERE id IN (SELECT u.id FROM users u
	WHERE u.is_verified = 0 AND u.self_registered = 1 AND u.created_at <= ?1
		AND NOT EXISTS (SELECT 1 FROM user_role r WHERE r.user_id = u.id)
	ORDER BY u.created_at LIMIT ?2);

-- name: keep_unverified
-- grant: CLEAN
-- Takes these accounts for good: they are never deleted like that.
UPDATE users
SET self_registered = 0
WHERE id IN (SELECT id FROM users
	WHERE is_verified = 0 AND self_registered = 1 AND created_at <= ?1
	ORDER BY created_at LIMIT ?2);

-- name: clean_audit
-- grant: CLEAN
-- Audit rows past their life.
DELETE FROM audit
WHERE id IN (SELECT id FROM audit WHERE at <= ?1 ORDER BY at LIMIT ?2);

-- name: health
-- grant: KEYS_PUBLIC
-- Whether the database can be read.
SELECT COUNT(*) FROM role;

-- the operator ---------------------------------------------------------------------------------

-- name: user_find
-- grant: OPERATE
-- An account by its address.
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.email = ?1
ORDER BY r.role_name;

-- name: user_page
-- grant: OPERATE
-- Accounts by address, after a given one; one row for each role (or one without).
SELECT u.id, u.public_id, u.email, u.username, u.is_active, u.is_verified, u.security_version,
	u.second_factor, r.role_name
FROM users u
LEFT JOIN user_role r ON r.user_id = u.id
WHERE u.id IN (SELECT id FROM users WHERE email > ?1 ORDER BY email LIMIT ?2)
ORDER BY u.email, r.role_name;

-- name: user_force_password
-- grant: OPERATE
-- A new password without proof of the old one; it ends every JWT.
UPDATE users
SET password_hash = ?1, security_version = security_version + 1
WHERE id = ?2;

-- name: user_set_active
-- grant: OPERATE
-- Activates or deactivates; it ends every JWT.
UPDATE users
SET is_active = ?1, security_version = security_version + 1
WHERE id = ?2;

-- name: user_set_verified
-- grant: OPERATE
-- Marks the address as verified.
UPDATE users SET is_verified = 1, contested = 0 WHERE id = ?1;

-- name: user_delete
-- grant: OPERATE
-- Deletes an account with all that hangs on it.
DELETE FROM users WHERE id = ?1;

-- name: superuser_others
-- grant: OPERATE
-- How many superusers beside this account can sign in: with a password, and with a verified address
-- where that is required (?2).
SELECT COUNT(*)
FROM user_role r
JOIN users u ON u.id = r.user_id
WHERE r.role_name = 'superuser' AND u.is_active = 1 AND u.id <> ?1 AND u.password_hash <> ''
	AND (?2 = 0 OR u.is_verified = 1);

-- name: role_list
-- grant: OPERATE
-- All roles with the number of their members.
SELECT r.name, r.description, (SELECT COUNT(*) FROM user_role m WHERE m.role_name = r.name)
FROM role r
ORDER BY r.name;

-- name: role_insert
-- grant: OPERATE
-- A new role; no row changes when there is one of that name.
INSERT INTO role (name, description, created_at)
VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO NOTHING;

-- name: role_delete
-- grant: OPERATE
-- Deletes a role that nobody has.
DELETE FROM role
WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM user_role m WHERE m.role_name = ?1);

-- name: role_exists
-- grant: OPERATE
-- Whether there is a role of that name.
SELECT 1 FROM role WHERE name = ?1;

-- name: role_assign
-- grant: OPERATE
-- Gives a role; giving it twice is fine.
INSERT INTO user_role (user_id, role_name)
VALUES (?1, ?2)
ON CONFLICT DO NOTHING;

-- name: role_unassign
-- grant: OPERATE
-- Takes a role.
DELETE FROM user_role WHERE user_id = ?1 AND role_name = ?2;

-- name: session_owner
-- grant: OPERATE
-- Whose session it is.
SELECT s.id, u.public_id
FROM session s
JOIN users u ON u.id = s.user_id
WHERE s.public_id = ?1;

-- name: audit_page
-- grant: OPERATE
-- The newest audit rows, newest first.
SELECT id, at, event, user_id, actor, backend, session, address, request_id, object
FROM audit
ORDER BY id DESC
LIMIT ?1;

-- name: audit_page_of_user
-- grant: OPERATE
-- The newest audit rows of one user, newest first.
SELECT id, at, event, user_id, actor, backend, session, address, request_id, object
FROM audit
WHERE user_id = ?1
ORDER BY id DESC
LIMIT ?2;

-- name: latest_instant
-- grant: OPERATE
-- The latest instant that was: of an audit row, or of a code that was accepted so many steps early.
SELECT MAX(IFNULL((SELECT MAX(at) FROM audit), 0),
	IFNULL((SELECT MAX((last_step - ?1) * period) * 1000 FROM totp), 0));

-- name: decoy_write
-- grant: OPERATE
-- Stores the hash to verify where there is no account.
INSERT INTO decoy (id, password_hash)
VALUES (1, ?1)
ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash;

-- keys that change -----------------------------------------------------------------------------

-- name: generation_read
-- grant: NONE
-- Which keys there are, as a number that changes with them.
SELECT number FROM generation WHERE id = 1;

-- name: generation_next
-- grant: OPERATE
-- Tells all processes that keys were added or taken away.
UPDATE generation SET number = number + 1 WHERE id = 1;

-- name: outbox_sealed_with
-- grant: OPERATE
-- How many tokens of the outbox name that key; see crypto/seal.h for where.
SELECT COUNT(*) FROM outbox WHERE substr(token, 2, 8) = ?1;

-- name: factor_keys
-- grant: OPERATE
-- How many secrets of authenticator apps name each key, those that can still be confirmed among
-- them. What is shorter than any sealed text (?1) is damaged and names none.
SELECT CASE WHEN length(f.secret) >= ?1 THEN substr(f.secret, 2, 8) END, COUNT(*)
FROM (
	SELECT secret FROM totp
	UNION ALL
	SELECT secret FROM totp_enrolment WHERE expires_at > ?2
) f
GROUP BY 1;

-- name: factor_sealed_with
-- grant: OPERATE
-- How many secrets of authenticator apps name that key.
SELECT (SELECT COUNT(*) FROM totp WHERE substr(secret, 2, 8) = ?1)
	+ (SELECT COUNT(*) FROM totp_enrolment WHERE substr(secret, 2, 8) = ?1 AND expires_at > ?2);

-- name: factor_sealed_otherwise
-- grant: OPERATE
-- Those of accounts that name another or, being damaged (shorter than ?3), none: a page of them.
SELECT t.user_id, u.public_id, u.email, t.secret
FROM totp t
JOIN users u ON u.id = t.user_id
WHERE t.user_id > ?1 AND (substr(t.secret, 2, 8) <> ?2 OR length(t.secret) < ?3)
ORDER BY t.user_id
LIMIT ?4;

-- name: factor_reseal
-- grant: OPERATE
-- The same secret under another seal, unless it changed meanwhile.
UPDATE totp SET secret = ?1 WHERE user_id = ?2 AND secret = ?3;
