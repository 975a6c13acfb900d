#include "route/openapi_rows.h"

/* JSON as it will be sent, without the backslashes that C asks for. */
#define JSON(...) #__VA_ARGS__
#define SCHEMA(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define P(name) OPENAPI_PROBLEM(name)

/* The formatter would break long texts in two, which JSON does not know. */
/* clang-format off */
const struct openapi_schema openapi_schemas[] = {
	{ "UserRead", JSON({
		"type": "object",
		"required": ["id", "email", "username", "is_active", "is_verified", "is_superuser",
			"roles"],
		"properties": {
			"id": { "type": "string", "format": "uuid" },
			"email": { "type": "string", "format": "email" },
			"pending_email": { "type": "string", "format": "email",
				"description": "Not confirmed yet; left out without one." },
			"username": { "type": ["string", "null"] },
			"is_active": { "type": "boolean" },
			"is_verified": { "type": "boolean" },
			"is_superuser": { "type": "boolean",
				"description": "Has the role superuser." },
			"roles": { "type": "array", "items": { "type": "string" } }
		}
	}) },
	{ "Tokens", JSON({
		"type": "object",
		"required": ["access_token", "token_type", "expires_in"],
		"properties": {
			"access_token": { "type": "string" },
			"token_type": { "const": "bearer" },
			"expires_in": { "type": "integer", "description": "Seconds." },
			"refresh_token": { "type": "string",
				"description": "Left out by backends that issue none." }
		}
	}) },
	{ "PendingLogin", JSON({
		"type": "object",
		"required": ["totp_required", "pending_token"],
		"properties": {
			"totp_required": { "const": true },
			"pending_token": { "type": "string", "description": "For 2fa/verify." }
		}
	}) },
	{ "Enrolment", JSON({
		"type": "object",
		"required": ["secret", "uri", "qr_svg", "enrollment_token"],
		"properties": {
			"secret": { "type": "string", "description": "In base32." },
			"uri": { "type": "string", "format": "uri",
				"description": "otpauth: with the secret, for an app." },
			"qr_svg": { "type": ["string", "null"],
				"description": "The address as a QR code; null: too long for one." },
			"enrollment_token": { "type": "string", "description": "For confirm." }
		}
	}) },
	{ "Enabled", JSON({
		"type": "object",
		"required": ["enabled", "recovery_codes"],
		"properties": {
			"enabled": { "const": true },
			"recovery_codes": { "type": "array", "minItems": 10, "maxItems": 10,
				"description": "Not shown again.",
				"items": { "type": "string", "pattern": "^[0-9a-f]{28}$" } }
		}
	}) },
	{ "RecoveryCodes", JSON({
		"type": "object",
		"required": ["recovery_codes"],
		"properties": {
			"recovery_codes": { "type": "array", "minItems": 10, "maxItems": 10,
				"description": "Not shown again.",
				"items": { "type": "string", "pattern": "^[0-9a-f]{28}$" } }
		}
	}) },
	{ "CsrfToken", JSON({
		"type": "object",
		"required": ["csrf_token"],
		"properties": { "csrf_token": { "type": "string" } }
	}) },
	{ "SessionList", JSON({
		"type": "object",
		"required": ["sessions"],
		"properties": {
			"sessions": { "type": "array", "description": "Oldest first.",
				"items": { "$ref": "#/components/schemas/Session" } }
		}
	}) },
	{ "Session", JSON({
		"type": "object",
		"required": ["session_id", "created_at", "last_used_at", "is_current", "backend",
			"client_metadata"],
		"properties": {
			"session_id": { "type": "string", "format": "uuid" },
			"created_at": { "type": "string", "format": "date-time" },
			"last_used_at": { "type": "string", "format": "date-time" },
			"is_current": { "type": ["boolean", "null"],
				"description": "null: not known." },
			"backend": { "type": "string" },
			"client_metadata": { "type": "object",
				"required": ["user_agent"],
				"properties": { "user_agent": { "type": ["string", "null"] } } }
		}
	}) },
	{ "Problem", JSON({
		"type": "object",
		"description": "RFC 9457 problem details.",
		"required": ["type", "title", "status", "detail", "code", "request_id"],
		"properties": {
			"type": { "type": "string", "format": "uri-reference" },
			"title": { "type": "string" },
			"status": { "type": "integer" },
			"detail": { "type": "string" },
			"code": { "type": "string", "description": "The stable name." },
			"request_id": { "type": "string", "description": "Stands in the log too." },
			"reasons": { "type": "array",
				"description": "Why a new password was refused.",
				"items": { "enum": ["too_short", "too_common", "too_weak",
					"contains_identity"] } }
		}
	}) },
	{ "JWKS", JSON({
		"type": "object",
		"description": "RFC 7517 key set.",
		"required": ["keys"],
		"properties": {
			"keys": { "type": "array",
				"items": { "$ref": "#/components/schemas/JWK" } }
		}
	}) },
	{ "JWK", JSON({
		"type": "object",
		"required": ["kty", "crv", "alg", "use", "kid", "x"],
		"properties": {
			"kty": { "type": "string" },
			"crv": { "type": "string" },
			"alg": { "type": "string" },
			"use": { "type": "string" },
			"kid": { "type": "string" },
			"x": { "type": "string" }
		}
	}) },
	{ "Health", JSON({
		"type": "object",
		"required": ["status"],
		"properties": { "status": { "const": "ok" } }
	}) },
	{ NULL, NULL }
};

static const char openapi_next_parameter[] = JSON(
	{ "name": "next", "in": "query",
		"description": "Where a browser goes after signing in: a path on this site.",
		"schema": { "type": "string", "format": "uri-reference" } }
);

static const char openapi_token_parameter[] = JSON(
	{ "name": "token", "in": "query",
		"description": "From the link; looking at the page does not use it up.",
		"schema": { "type": "string" } }
);

static const char openapi_guard_parameters[] = JSON(
	{ "name": "require", "in": "query",
		"description": "All that are given must hold.",
		"schema": { "type": "array", "items": { "type": "string" } },
		"example": ["verified"] },
	{ "name": "role", "in": "query",
		"description": "All that are given must be held.",
		"schema": { "type": "array", "items": { "type": "string" } },
		"example": ["editor"] },
	{ "name": "X-Original-URI", "in": "header",
		"description": "The request that a proxy asks about; where given, it must pass.",
		"schema": { "type": "string" } },
	{ "name": "X-Forwarded-Uri", "in": "header",
		"description": "The request that a proxy asks about; where given, it must pass.",
		"schema": { "type": "string" } },
	{ "name": "X-Forwarded-Method", "in": "header", "schema": { "type": "string" } }
);

static const char openapi_guard_headers[] = JSON({
	"X-Auth-User": { "description": "The id.", "schema": { "type": "string" } },
	"X-Auth-Email": { "schema": { "type": "string" } },
	"X-Auth-Roles": { "description": "A comma list.", "schema": { "type": "string" } },
	"X-Auth-Backend": { "schema": { "type": "string" } }
});
/* clang-format on */

/* An identifier is bounded further by what users sign in with, a new password by the settings. */
const struct openapi_kind openapi_kinds[] = {
	[FIELD_EMAIL] = { "email", NULL, 3, 320 },
	[FIELD_IDENTIFIER] = { NULL, "What the user signs in with.", 1, 320 },
	[FIELD_USERNAME] = { NULL, "Without white space; stored in lower case.", 1, 150 },
	[FIELD_PASSWORD_PROOF] = { "password", NULL, 1, 128 },
	[FIELD_PASSWORD_NEW] = { "password", "No control characters.", 0, 128 },
	[FIELD_PASSWORD_LINK] = { "password", "No control characters.", 1, 128 },
	[FIELD_CODE] = { NULL, "Six digits of the app; spaces and hyphens do not count.", 6, 0 },
	[FIELD_CODE_OR_RECOVERY] = { NULL,
	    "Six digits of the app, or a recovery code; spaces and hyphens do not count.", 6, 0 },
	[FIELD_TOKEN] = { NULL, "From the link in a mail, or from the answer before.", 1, 2048 },
	[FIELD_REFRESH_TOKEN] = { NULL, NULL, 1, 512 },
	[FIELD_IGNORED] = { NULL, "Accepted and ignored.", 0, 0 },
};

static const struct field openapi_login[] = {
	{ "identifier", "username", FIELD_IDENTIFIER, true, 0 },
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, 0 },
	{ "grant_type", NULL, FIELD_IGNORED, false, 0 },
	{ "scope", NULL, FIELD_IGNORED, false, 0 },
	{ "client_id", NULL, FIELD_IGNORED, false, 0 },
	{ "client_secret", NULL, FIELD_IGNORED, false, 0 },
};

static const struct field openapi_refresh[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, true, 0 },
};

static const struct field openapi_revoke[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, false, 0 },
};

static const struct field openapi_register[] = {
	{ "email", NULL, FIELD_EMAIL, true, 0 },
	{ "username", NULL, FIELD_USERNAME, true, 0 },
	{ "password", NULL, FIELD_PASSWORD_NEW, true, 0 },
};

static const struct field openapi_profile[] = {
	{ "email", NULL, FIELD_EMAIL, false, 0 },
	{ "username", NULL, FIELD_USERNAME, false, 0 },
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true, 0 },
	{ "totp_code", NULL, FIELD_CODE, false, 0 },
};

static const struct field openapi_password[] = {
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true, 0 },
	{ "new_password", NULL, FIELD_PASSWORD_NEW, true, 0 },
};

static const struct field openapi_verify[] = {
	{ "token", NULL, FIELD_TOKEN, true, 0 },
};

static const struct field openapi_address[] = {
	{ "email", NULL, FIELD_EMAIL, true, 0 },
};

static const struct field openapi_reset[] = {
	{ "token", NULL, FIELD_TOKEN, true, 0 },
	{ "password", NULL, FIELD_PASSWORD_LINK, true, 0 },
};

static const struct field openapi_enable[] = {
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, 0 },
};

static const struct field openapi_confirm[] = {
	{ "enrollment_token", NULL, FIELD_TOKEN, true, 0 },
	{ "code", NULL, FIELD_CODE, true, 0 },
};

static const struct field openapi_code[] = {
	{ "pending_token", NULL, FIELD_TOKEN, true, 0 },
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, 0 },
};

/* A browser has the token in a cookie. */
static const struct field openapi_code_cookie[] = {
	{ "pending_token", NULL, FIELD_TOKEN, false, 0 },
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, 0 },
};

static const struct field openapi_disable[] = {
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, 0 },
};

static const struct field openapi_renew[] = {
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true, 0 },
	{ "totp_code", NULL, FIELD_CODE, false, 0 },
};

#define BODY(name, fields)                  \
	{                                   \
		name, fields, COUNT(fields) \
	}

const struct openapi_body openapi_bodies[OPENAPI_REQUESTS] = {
	[OPENAPI_LOGIN] = BODY("LoginRequest", openapi_login),
	[OPENAPI_REFRESH] = BODY("RefreshRequest", openapi_refresh),
	[OPENAPI_REFRESH_COOKIE] = { "RefreshCookieRequest", NULL, 0 },
	[OPENAPI_REVOKE] = BODY("RevokeRequest", openapi_revoke),
	[OPENAPI_REGISTER] = BODY("RegisterRequest", openapi_register),
	[OPENAPI_PROFILE] = BODY("ProfileUpdate", openapi_profile),
	[OPENAPI_PASSWORD] = BODY("ChangePassword", openapi_password),
	[OPENAPI_VERIFY] = BODY("VerifyRequest", openapi_verify),
	[OPENAPI_ADDRESS] = BODY("AddressRequest", openapi_address),
	[OPENAPI_RESET] = BODY("ResetRequest", openapi_reset),
	[OPENAPI_ENABLE] = BODY("EnableRequest", openapi_enable),
	[OPENAPI_CONFIRM] = BODY("ConfirmRequest", openapi_confirm),
	[OPENAPI_CODE] = BODY("CodeRequest", openapi_code),
	[OPENAPI_CODE_COOKIE] = BODY("CodeCookieRequest", openapi_code_cookie),
	[OPENAPI_DISABLE] = BODY("DisableRequest", openapi_disable),
	[OPENAPI_RENEW] = BODY("RenewRequest", openapi_renew),
};

/* The guard's other two ways in are the server's alone, so they have no row. */
const struct openapi_row openapi_rows[HANDLERS] = {
	[HANDLER_login_get] = {
		.status = 200,
		.words = "A CSRF token, in its cookie too.",
		.schema = SCHEMA("CsrfToken"),
		.page = OPENAPI_ALSO_PAGE,
		.redirect = 303,
		.parameters = openapi_next_parameter,
		.refresh_cookie = true,
	},
	[HANDLER_login_post] = {
		.status = 201,
		.words = "Signed in.",
		.schema = SCHEMA("Tokens"),
		.redirect = 303,
		.request = OPENAPI_LOGIN,
		.tokens = true,
		.pending = true,
		.problems = P(LOGIN_BAD_CREDENTIALS) | P(RATE_LIMITED),
	},
	[HANDLER_logout_get] = {
		.status = 200,
		.words = "The form.",
		.page = OPENAPI_ONLY_PAGE,
	},
	[HANDLER_logout_post] = {
		.status = 201,
		.words = "Signed out.",
		.schema = JSON({ "type": "null" }),
		.redirect = 303,
		.tokens = true,
		.problems = P(TOKEN_PROCESSING_FAILED),
	},
	[HANDLER_refresh_post] = {
		.status = 201,
		.words = "New tokens; the refresh token is used up.",
		.schema = SCHEMA("Tokens"),
		.redirect = 303,
		.request = OPENAPI_REFRESH,
		.cookie_request = OPENAPI_REFRESH_COOKIE,
		.refresh_cookie = true,
		.tokens = true,
		.problems = P(REFRESH_TOKEN_INVALID) | P(LOGIN_ACCOUNT_UNAVAILABLE) | P(RATE_LIMITED),
	},
	[HANDLER_sessions_get] = {
		.status = 200,
		.words = "The sessions.",
		.schema = SCHEMA("SessionList"),
		.problems = P(SESSION_MANAGEMENT_UNSUPPORTED),
	},
	[HANDLER_sessions_post] = {
		.status = 200,
		.words = "The sessions.",
		.schema = SCHEMA("SessionList"),
		.request = OPENAPI_REFRESH,
		.problems = P(SESSION_MANAGEMENT_UNSUPPORTED),
	},
	[HANDLER_session_delete] = {
		.status = 204,
		.words = "The session has ended.",
		.problems = P(SESSION_MANAGEMENT_UNSUPPORTED) | P(SESSION_NOT_FOUND),
	},
	[HANDLER_sessions_revoke_others] = {
		.status = 204,
		.words = "The other sessions have ended.",
		.request = OPENAPI_REVOKE,
		.problems = P(SESSION_MANAGEMENT_UNSUPPORTED),
	},
	[HANDLER_register_get] = {
		.status = 200,
		.words = "The form.",
		.page = OPENAPI_ONLY_PAGE,
		.problems = P(METHOD_NOT_ALLOWED),
	},
	[HANDLER_register_post] = {
		.status = 201,
		.words = "The new account; while verification is required, also for a taken address.",
		.schema = SCHEMA("UserRead"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_REGISTER,
		.problems = P(REGISTER_INVALID_PASSWORD) | P(REGISTER_FAILED) | P(RATE_LIMITED),
	},
	[HANDLER_verify_get] = {
		.status = 200,
		.words = "The page with the button.",
		.page = OPENAPI_ONLY_PAGE,
		.parameters = openapi_token_parameter,
	},
	[HANDLER_verify_post] = {
		.status = 200,
		.words = "The account, verified, or with the new address in its place.",
		.schema = SCHEMA("UserRead"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_VERIFY,
		.problems = P(VERIFY_BAD_TOKEN) | P(RATE_LIMITED),
	},
	[HANDLER_request_verify_get] = {
		.status = 200,
		.words = "The form.",
		.page = OPENAPI_ONLY_PAGE,
	},
	[HANDLER_request_verify_post] = {
		.status = 202,
		.words = "A link is on its way, if there is an account that needs one.",
		.schema = JSON({ "type": "null" }),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_ADDRESS,
		.problems = P(RATE_LIMITED),
	},
	[HANDLER_forgot_get] = {
		.status = 200,
		.words = "The form.",
		.page = OPENAPI_ONLY_PAGE,
	},
	[HANDLER_forgot_post] = {
		.status = 202,
		.words = "A link is on its way, if there is an account of that address.",
		.schema = JSON({ "type": "null" }),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_ADDRESS,
		.problems = P(RATE_LIMITED),
	},
	[HANDLER_reset_get] = {
		.status = 200,
		.words = "The form.",
		.page = OPENAPI_ONLY_PAGE,
		.parameters = openapi_token_parameter,
	},
	[HANDLER_reset_post] = {
		.status = 200,
		.words = "The account; all its sessions have ended.",
		.schema = SCHEMA("UserRead"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_RESET,
		.problems = P(RESET_BAD_TOKEN) | P(RESET_INVALID_PASSWORD) | P(RATE_LIMITED),
	},
	[HANDLER_me_get] = {
		.status = 200,
		.words = "The account.",
		.schema = SCHEMA("UserRead"),
	},
	[HANDLER_me_patch] = {
		.status = 200,
		.words = "The account as it is now; a new address is pending until its link is followed.",
		.schema = SCHEMA("UserRead"),
		.request = OPENAPI_PROFILE,
		.problems = P(LOGIN_BAD_CREDENTIALS) | P(UPDATE_EMAIL_EXISTS) |
		    P(UPDATE_USERNAME_EXISTS) | P(TOTP_CODE_INVALID) | P(TOTP_STEPUP_REQUIRED) |
		    P(RATE_LIMITED),
	},
	[HANDLER_me_change_password] = {
		.status = 204,
		.words = "Changed; all sessions have ended.",
		.request = OPENAPI_PASSWORD,
		.problems = P(LOGIN_BAD_CREDENTIALS) | P(UPDATE_INVALID_PASSWORD) | P(RATE_LIMITED),
	},
	[HANDLER_factor_enable_get] = {
		.status = 200,
		.words = "The form; where it is on, links to what can be changed.",
		.page = OPENAPI_ONLY_PAGE,
		.parameters = openapi_next_parameter,
	},
	[HANDLER_factor_enable_post] = {
		.status = 201,
		.words = "The secret, and the token that confirm takes; a set-up before has ended.",
		.schema = SCHEMA("Enrolment"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_ENABLE,
		.problems = P(LOGIN_BAD_CREDENTIALS) | P(TOTP_ALREADY_ENABLED) |
		    P(RATE_LIMITED),
	},
	[HANDLER_factor_confirm_post] = {
		.status = 201,
		.words = "It is on; JWTs of before have ended.",
		.schema = SCHEMA("Enabled"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_CONFIRM,
		.problems = P(TOTP_ENROLL_BAD_TOKEN) | P(TOTP_CODE_INVALID) |
		    P(TOTP_ALREADY_ENABLED) | P(RATE_LIMITED),
	},
	[HANDLER_factor_verify_get] = {
		.status = 200,
		.words = "The form; without a sign-in under way, the browser goes to the sign-in page.",
		.page = OPENAPI_ONLY_PAGE,
		.redirect = 303,
		.parameters = openapi_next_parameter,
		.pending_cookie = true,
	},
	[HANDLER_factor_verify_post] = {
		.status = 201,
		.words = "Signed in.",
		.schema = SCHEMA("Tokens"),
		.redirect = 303,
		.request = OPENAPI_CODE,
		.cookie_request = OPENAPI_CODE_COOKIE,
		.pending_cookie = true,
		.tokens = true,
		.problems = P(TOTP_PENDING_BAD_TOKEN) | P(TOTP_CODE_INVALID) |
		    P(LOGIN_ACCOUNT_UNAVAILABLE) | P(RATE_LIMITED),
	},
	[HANDLER_factor_disable_get] = {
		.status = 200,
		.words = "The form; where there is no second factor, the one that sets it up.",
		.page = OPENAPI_ONLY_PAGE,
		.parameters = openapi_next_parameter,
	},
	[HANDLER_factor_disable_post] = {
		.status = 201,
		.words = "It is off; JWTs of before have ended.",
		.schema = JSON({ "type": "null" }),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_DISABLE,
		.problems = P(TOTP_CODE_INVALID) | P(RATE_LIMITED),
	},
	[HANDLER_factor_renew_get] = {
		.status = 200,
		.words = "The form; where there is no second factor, the one that sets it up.",
		.page = OPENAPI_ONLY_PAGE,
		.parameters = openapi_next_parameter,
	},
	[HANDLER_factor_renew_post] = {
		.status = 201,
		.words = "New codes; those of before do not work any more.",
		.schema = SCHEMA("RecoveryCodes"),
		.page = OPENAPI_ALSO_PAGE,
		.request = OPENAPI_RENEW,
		.problems = P(LOGIN_BAD_CREDENTIALS) | P(TOTP_NOT_ENABLED) |
		    P(TOTP_CODE_INVALID) | P(TOTP_STEPUP_REQUIRED) | P(RATE_LIMITED),
	},
	[HANDLER_guard_get] = {
		.status = 200,
		.words = "The request may pass; the headers are there when somebody is signed in.",
		.redirect = 302,
		.parameters = openapi_guard_parameters,
		.headers = openapi_guard_headers,
		.knows_caller = true,
		.problems = P(NOT_AUTHENTICATED) | P(AUTHORIZATION_DENIED) | P(INSUFFICIENT_ROLES) |
		    P(TOTP_ENROLLMENT_REQUIRED),
	},
	[HANDLER_health_get] = {
		.status = 200,
		.words = "It does.",
		.schema = SCHEMA("Health"),
	},
	[HANDLER_jwks_get] = {
		.status = 200,
		.words = "The keys, old ones included until their tokens have expired.",
		.schema = SCHEMA("JWKS"),
	},
	[HANDLER_openapi_get] = {
		.status = 200,
		.words = "This document.",
		.schema = JSON({ "type": "object" }),
	},
};
