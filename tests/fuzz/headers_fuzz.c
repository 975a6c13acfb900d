/* What a request proves by its headers. The first bytes choose the CSRF token that is made and how
 * it is spoilt; then follow the values of headers, each ended by a NUL. A token is a part of its
 * header; no CSRF token passes that was not made with this key for this session, nor one from
 * another site. */
#include <ftw.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/csrf.h"
#include "crypto/base64url.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "http/cookie.h"
#include "http/fields.h"
#include "http/origin.h"
#include "http/path.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

enum { CHOICES = 3, NONCE_LEN = 22 };

/* Where the token comes from, and what is done with it. */
enum {
	MAKE = 1,    /* a token of ours takes the place of the one given, in the cookie too */
	OTHER = 2,   /* it is made for another session */
	FOREIGN = 4, /* it is made with another key */
	SIGNED = 8,  /* the sender is signed in */
	FORM = 16,   /* it comes in a form */
};

#define SESSION "11111111-1111-4111-8111-111111111111"
#define SITE "https://example.org"

static const char *const origins[] = { "https://app.example.org" };

static struct config config = {
	.site = { .url = SITE, .allowed_origins = { origins, 1 } },
	.backends = {
	    { .name = "api", .transport = TRANSPORT_BEARER, .strategy = STRATEGY_DATABASE },
	    { .name = "web", .transport = TRANSPORT_COOKIE, .strategy = STRATEGY_DATABASE,
		.cookie = { .name = "yett", .path = "/", .domain = "", .secure = true } },
	},
	.backend_count = 2,
};

static struct backends backends;
static struct keyring *ours, *foreign;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whoever has a token is signed in with the one session, so that no store is needed. */
static enum rc
fuzz_verify(
    struct ctx *ctx, const struct backend *backend, struct span token, struct identity *identity)
{
	(void)ctx;
	(void)backend;
	(void)token;
	memcpy(identity->session_id, SESSION, UUID_SIZE);
	return RC_OK;
}

static const struct verifier verifier = { fuzz_verify };

static enum rc
fuzz_fill(void *state, void *bytes, size_t count)
{
	unsigned char *next = state;

	for (size_t i = 0; i < count; i++)
		((unsigned char *)bytes)[i] = (*next)++;
	return RC_OK;
}

static int
fuzz_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

/* Keys are opened from files alone. */
static struct keyring *
fuzz_keyring(unsigned char seed)
{
	const char *parent = getenv("TMPDIR");
	struct random_source random = { fuzz_fill, &seed };
	struct keyring *keys = NULL;
	struct config_fault fault;
	char directory[256];
	size_t made;

	snprintf(
	    directory, sizeof(directory), "%s/yett-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
	MUST(mkdtemp(directory) != NULL);
	config.directory = directory;
	MUST(keyring_make(&config, &random, &made, &fault) == RC_OK);
	MUST(keyring_open(&keys, &config, KEYS_OF(PURPOSE_CSRF) | KEYS_OF(PURPOSE_REFRESH),
		 JWT_NONE, &fault) == RC_OK);
	config.directory = NULL;
	MUST(nftw(directory, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return keys;
}

static void
fuzz_start(void)
{
	if (ours != NULL)
		return;
	MUST(sodium_init() >= 0);
	ours = fuzz_keyring(1);
	foreign = fuzz_keyring(2);
	backends_make(&config, &backends);
	for (size_t i = 0; i < backends.count; i++)
		backends.items[i].verifier = &verifier;
}

static bool
fuzz_is_within(struct span part, struct span whole)
{
	return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static bool
fuzz_is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* One token after one scheme, without white space around it; what is accepted as a token has no
 * other characters than a token has. */
static void
fuzz_bearer(const struct request *request)
{
	const struct backend *backend = &backends.items[0];
	struct span header = request_authorization(request), start = span_trim(header);
	struct span token = backend->transport->read(backend->config, request, TOKEN_ACCESS);
	struct digest digest;

	MUST(backend->transport->read(backend->config, request, TOKEN_REFRESH).data == NULL);
	if (token.data == NULL)
		return;
	start.len = sizeof("Bearer ") - 1;
	MUST(span_equal_nocase(start, SPAN("Bearer ")) && fuzz_is_within(token, header));
	MUST(token.data >= start.data + start.len);
	MUST(token.len > 0 && !fuzz_is_space(token.data[0]) &&
	     !fuzz_is_space(token.data[token.len - 1]));
	if (token_digest(keyring_key(ours, PURPOSE_REFRESH), token, &digest) != RC_OK)
		return;
	MUST(token.len == TOKEN_LEN);
	for (size_t i = 0; i < token.len; i++)
		MUST(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			 token.data[i]) != NULL &&
		     token.data[i] != '\0');
}

/* The value of just that cookie. */
static void
fuzz_cookie(const struct request *request, struct span value, const char *name)
{
	struct span header = request->variables[VARIABLE_HTTP_COOKIE];
	size_t len = strlen(name);

	if (value.data == NULL)
		return;
	MUST(value.len > 0 && memchr(value.data, ';', value.len) == NULL);
	MUST(fuzz_is_within(value, header));
	MUST((size_t)(value.data - header.data) >= len + 1 && value.data[-1] == '=');
	MUST(memcmp(value.data - len - 1, name, len) == 0);
	MUST(span_equal(value, cookie_find(header, name)));
}

static void
fuzz_cookies(const struct request *request)
{
	const struct backend *backend = &backends.items[1];
	transport_read_fn *read = backend->transport->read;

	fuzz_cookie(request, read(backend->config, request, TOKEN_ACCESS), "__Host-yett");
	fuzz_cookie(request, read(backend->config, request, TOKEN_REFRESH), "__Host-yett_refresh");
	fuzz_cookie(
	    request, transport_cookie_csrf_read(backend->config, request), "__Host-yett_csrf");
}

/* Another origin never passes but with the browser's word that it is none. */
static void
fuzz_origin(const struct request *request)
{
	struct span site = request->variables[VARIABLE_HTTP_SEC_FETCH_SITE];
	struct span origin = request->variables[VARIABLE_HTTP_ORIGIN];
	bool is_ours = span_equal(origin, SPAN(SITE));
	bool is_allowed = span_equal(origin, span_of(origins[0]));

	MUST(origin_allowed(&config, origin) == is_allowed);
	if (!origin_same_site(&config, request))
		return;
	if (site.data == NULL)
		MUST(origin.data == NULL || is_ours || is_allowed);
	else if (!span_equal(site, SPAN("same-origin")) && !span_equal(site, SPAN("none")))
		MUST(is_allowed);
	if (span_equal(origin, SPAN("null")))
		MUST(span_equal(site, SPAN("same-origin")));
}

/* Whether the text is a token made with our key for that session. */
static bool
fuzz_is_token(struct span text, const char *binding)
{
	struct digest digest;
	char mac[BASE64URL_LEN(DIGEST_SIZE) + 1];

	if (text.len != CSRF_TOKEN_SIZE - 1 || text.data[NONCE_LEN] != '.')
		return false;
	digest_parts(&digest, keyring_key(ours, PURPOSE_CSRF),
	    (const struct span[]){ { text.data, NONCE_LEN }, span_of(binding) }, 2);
	base64url_encode(mac, sizeof(mac), digest.bytes, sizeof(digest.bytes));
	return span_equal(span_after(text, NONCE_LEN + 1), span_of(mac));
}

/* A refresh token is looked up where no access token tells the session; there is no store here. */
static bool
fuzz_asks_store(const struct request *request)
{
	const struct backend *backend = &backends.items[1];
	struct span refresh = backend->transport->read(backend->config, request, TOKEN_REFRESH);
	struct digest digest;

	return backend->transport->read(backend->config, request, TOKEN_ACCESS).data == NULL &&
	       token_digest(keyring_key(ours, PURPOSE_REFRESH), refresh, &digest) == RC_OK;
}

static void
fuzz_csrf(struct ctx *ctx, const struct request *request, uint8_t choice, bool spoilt)
{
	static const struct identity nobody = { .known = false };
	const struct backend *api = &backends.items[0], *web = &backends.items[1];
	struct span given = request->variables[VARIABLE_HTTP_X_CSRF_TOKEN];
	struct span cookie = transport_cookie_csrf_read(web->config, request);
	char binding[UUID_SIZE];
	enum rc rc;

	if (fuzz_asks_store(request))
		return;
	if (given.data == NULL && fields_peek(ctx, request, "csrf_token", &given) != RC_OK)
		MUST(given.data == NULL);
	MUST(csrf_binding(ctx, web, request, binding) == RC_OK);
	rc = csrf_judge(ctx, &backends, web, request, &nobody);
	MUST(rc == RC_OK || rc == RC_NO);
	if (rc == RC_OK)
		MUST(fuzz_is_token(given, binding) && span_equal(given, cookie) &&
		     origin_same_site(&config, request));
	/* No browser sends a bearer token unasked, nor JSON from another site. */
	MUST(csrf_judge(ctx, &backends, api, request, &nobody) == RC_OK);
	MUST(csrf_judge(ctx, &backends, NULL, request, &nobody) ==
	     (request->content == CONTENT_FORM ? rc : RC_OK));
	if ((choice & MAKE) == 0)
		return;
	if (spoilt || (choice & (OTHER | FOREIGN)) != 0)
		MUST(rc == RC_NO);
	else
		MUST((rc == RC_OK) == origin_same_site(&config, request));
}

/* A token, made and spoilt as the choices say; false: it is as it was made. */
static bool
fuzz_make(struct ctx *ctx, const uint8_t choices[CHOICES], char token[CSRF_TOKEN_SIZE])
{
	const char *binding = (choices[0] & SIGNED) != 0 ? SESSION : "";
	size_t where = choices[1] % (CSRF_TOKEN_SIZE - 1);

	if ((choices[0] & OTHER) != 0)
		binding = "22222222-2222-4222-8222-222222222222";
	ctx->keys = (choices[0] & FOREIGN) != 0 ? foreign : ours;
	MUST(csrf_make(ctx, binding, token) == RC_OK);
	ctx->keys = ours;
	token[where] = (char)(token[where] ^ choices[2]);
	return choices[2] != 0;
}

/* The next text of the input, "not given" when it is empty. */
static struct span
fuzz_next(struct span *rest)
{
	struct span text = span_cut(rest, '\0');

	return text.len > 0 ? text : SPAN_NONE;
}

/* Puts the token into the cookie, and into the form or the header. */
static void
fuzz_put(struct request *request, uint8_t choice, struct span token, struct buf *cookies,
    struct buf *form)
{
	struct span *header = &request->variables[VARIABLE_HTTP_X_CSRF_TOKEN];

	buf_text(cookies, (choice & SIGNED) != 0 ? "__Host-yett=x; " : "");
	buf_text(cookies, "__Host-yett_csrf=");
	buf_add(cookies, token);
	request->variables[VARIABLE_HTTP_COOKIE] = buf_span(cookies);
	*header = token;
	if ((choice & FORM) == 0)
		return;
	buf_text(form, "csrf_token=");
	path_put_component(form, token);
	request->body = buf_span(form);
	*header = SPAN_NONE;
}

static void
fuzz_request(struct ctx *ctx, const uint8_t choices[CHOICES], struct span rest)
{
	struct request request = { .content = CONTENT_JSON };
	struct span *variables = request.variables;
	struct buf cookies = BUF_INIT(1024), form = BUF_INIT(1024);
	char token[CSRF_TOKEN_SIZE];
	bool spoilt = false;

	variables[VARIABLE_HTTP_AUTHORIZATION] = fuzz_next(&rest);
	variables[VARIABLE_HTTP_COOKIE] = fuzz_next(&rest);
	variables[VARIABLE_HTTP_X_CSRF_TOKEN] = fuzz_next(&rest);
	variables[VARIABLE_HTTP_ORIGIN] = fuzz_next(&rest);
	variables[VARIABLE_HTTP_SEC_FETCH_SITE] = fuzz_next(&rest);
	if ((choices[0] & FORM) != 0) {
		request.content = CONTENT_FORM;
		request.body = rest;
	}
	fuzz_bearer(&request);
	fuzz_cookies(&request);
	fuzz_origin(&request);
	if ((choices[0] & MAKE) != 0) {
		spoilt = fuzz_make(ctx, choices, token);
		fuzz_put(&request, choices[0], (struct span){ token, CSRF_TOKEN_SIZE - 1 },
		    &cookies, &form);
	}
	fuzz_csrf(ctx, &request, choices[0], spoilt);
	buf_free(&form);
	buf_free(&cookies);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char seed = 7;
	struct ctx ctx = { .config = &config, .random = { fuzz_fill, &seed } };

	fuzz_start();
	ctx.keys = ours;
	ctx.arena = arena_new(16 * size + 65536);
	MUST(ctx.arena != NULL);
	if (size >= CHOICES)
		fuzz_request(
		    &ctx, data, (struct span){ (const char *)data + CHOICES, size - CHOICES });
	arena_free(ctx.arena);
	return 0;
}
