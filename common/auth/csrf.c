#include "auth/csrf.h"

#include "base/secret.h"
#include "crypto/base64url.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "http/fields.h"
#include "http/origin.h"

enum { CSRF_NONCE_BYTES = 16, CSRF_NONCE_LEN = 22 };

_Static_assert(CSRF_TOKEN_SIZE == CSRF_NONCE_LEN + 1 + BASE64URL_LEN(DIGEST_SIZE) + 1, "form");
_Static_assert(JWT_JTI_SIZE <= UUID_SIZE, "a binding holds a session id or a jti");

/* Completes nonce to token. */
static void
csrf_sign(struct ctx *ctx, const char *binding, char token[CSRF_TOKEN_SIZE])
{
	struct digest digest;

	digest_parts(&digest, keyring_key(ctx->keys, PURPOSE_CSRF),
	    (const struct span[]){ { token, CSRF_NONCE_LEN }, span_of(binding) }, 2);
	token[CSRF_NONCE_LEN] = '.';
	base64url_encode(token + CSRF_NONCE_LEN + 1, CSRF_TOKEN_SIZE - CSRF_NONCE_LEN - 1,
	    digest.bytes, sizeof(digest.bytes));
}

enum rc
csrf_make(struct ctx *ctx, const char *binding, char token[CSRF_TOKEN_SIZE])
{
	unsigned char nonce[CSRF_NONCE_BYTES];
	enum rc rc = random_bytes(&ctx->random, nonce, sizeof(nonce));

	if (rc != RC_OK)
		return rc;
	base64url_encode(token, CSRF_NONCE_LEN + 1, nonce, sizeof(nonce));
	csrf_sign(ctx, binding, token);
	return RC_OK;
}

enum rc
csrf_binding(struct ctx *ctx, const struct backend *backend, const struct request *request,
    char binding[UUID_SIZE])
{
	struct identity identity;
	struct digest digest;
	struct span refresh;
	bool presented = false;
	enum rc rc = caller_at(ctx, backend, request, &identity, &presented);

	binding[0] = '\0';
	if (rc == RC_OK && identity.session_id[0] != '\0') {
		memcpy(binding, identity.session_id, UUID_SIZE);
		return RC_OK;
	}
	if (rc == RC_OK)
		memcpy(binding, identity.jti, JWT_JTI_SIZE);
	if (rc != RC_NO)
		return rc;
	refresh = backend->transport->read(backend->config, request, TOKEN_REFRESH);
	if (refresh.data == NULL)
		return RC_OK;
	rc = token_digest(keyring_key(ctx->keys, PURPOSE_REFRESH), refresh, &digest);
	if (rc == RC_OK)
		rc = session_behind_refresh(ctx, DIGEST_SPAN(digest), binding);
	return rc == RC_NO ? RC_OK : rc;
}

/* The token must be the one in the cookie, made by us, for this session. */
static enum rc
csrf_check(struct ctx *ctx, const struct backend *backend, const struct request *request,
    struct span given)
{
	struct span cookie = transport_cookie_csrf_read(backend->config, request);
	char binding[UUID_SIZE];
	char expected[CSRF_TOKEN_SIZE];
	enum rc rc;

	if (given.data == NULL || given.len != CSRF_TOKEN_SIZE - 1 || !secret_equal(given, cookie))
		return RC_NO;
	rc = csrf_binding(ctx, backend, request, binding);
	if (rc != RC_OK)
		return rc;
	memcpy(expected, given.data, CSRF_NONCE_LEN);
	csrf_sign(ctx, binding, expected);
	return secret_equal(given, (struct span){ expected, CSRF_TOKEN_SIZE - 1 }) ? RC_OK : RC_NO;
}

/* Whether the request needs the token of this backend's cookie. */
static bool
csrf_concerns(const struct backend *backend, const struct backend *own,
    const struct request *request, const struct identity *identity)
{
	if (!backend->transport->is_cookie)
		return false;
	if (own != NULL)
		return backend == own;
	if (identity->known)
		return identity->backend == backend ||
		       (request->content == CONTENT_FORM &&
			   !identity->backend->transport->is_cookie);
	return request->content == CONTENT_FORM;
}

enum rc
csrf_judge(struct ctx *ctx, const struct backends *backends, const struct backend *own,
    const struct request *request, const struct identity *identity)
{
	struct span given = request->variables[VARIABLE_HTTP_X_CSRF_TOKEN];
	bool concerned = false;
	enum rc rc = RC_NO;

	if (given.data == NULL && request->content == CONTENT_FORM)
		rc = fields_peek(ctx, request, "csrf_token", &given);
	if (rc == RC_UNAVAILABLE || rc == RC_INTERNAL)
		return rc;
	rc = RC_NO;
	for (size_t i = 0; i < backends->count && rc == RC_NO; i++) {
		if (!csrf_concerns(&backends->items[i], own, request, identity))
			continue;
		concerned = true;
		rc = csrf_check(ctx, &backends->items[i], request, given);
	}
	if (!concerned)
		return RC_OK;
	return rc == RC_OK && !origin_same_site(ctx->config, request) ? RC_NO : rc;
}
