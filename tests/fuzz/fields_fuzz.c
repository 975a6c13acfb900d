/* The first byte chooses the configuration, the rest is the body; read as JSON and as a form. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "http/fields.h"
#include "http/path.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

struct input {
	struct span email, identifier, username, refresh_token, next;
	struct secret proof, password;
};

static const struct field fields[] = {
	{ "email", NULL, FIELD_EMAIL, false, offsetof(struct input, email) },
	{ "identifier", "login", FIELD_IDENTIFIER, false, offsetof(struct input, identifier) },
	{ "username", NULL, FIELD_USERNAME, false, offsetof(struct input, username) },
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, false,
	    offsetof(struct input, refresh_token) },
	{ "next", NULL, FIELD_NEXT, false, offsetof(struct input, next) },
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, false, offsetof(struct input, proof) },
	{ "password", NULL, FIELD_PASSWORD_NEW, false, offsetof(struct input, password) },
	{ "scope", NULL, FIELD_IGNORED, false, 0 },
};

static const char *const forbidden[] = { "is_superuser", NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_text(struct span text, size_t max)
{
	if (text.data == NULL)
		return;
	MUST(text.data[text.len] == '\0' && strlen(text.data) == text.len);
	MUST(text_is_utf8(text) && text_length(text) >= 1 && text_length(text) <= max);
}

static void
fuzz_secret(const struct secret *secret, size_t min)
{
	struct span text = secret_span(secret);

	if (secret->len == 0)
		return;
	MUST(strlen(secret->bytes) == secret->len && text_is_utf8(text));
	MUST(text_length(text) >= min && text_length(text) <= 128);
}

/* The body is a copy that is gone when the fields are looked at. */
static void
fuzz_read(struct ctx *ctx, enum content content, struct span body)
{
	char *copy = malloc(body.len + 1);
	struct request request = { .content = content, .body = { copy, body.len } };
	struct input input = { 0 };
	struct span token;
	enum problem problem;
	enum rc rc;

	MUST(copy != NULL);
	if (body.len > 0)
		memcpy(copy, body.data, body.len);
	problem =
	    fields_read(ctx, &request, fields, sizeof(fields) / sizeof(*fields), forbidden, &input);
	rc = fields_peek(ctx, &request, "csrf_token", &token);
	free(copy);
	MUST(problem == PROBLEM_NONE || problem == PROBLEM_BODY_MALFORMED ||
	     problem == PROBLEM_BODY_INVALID);
	MUST(rc == RC_OK || (rc == RC_NO && token.data == NULL));
	/* What cannot be decoded for the CSRF check is malformed for the reader too. */
	MUST(rc == RC_OK || problem == PROBLEM_BODY_MALFORMED);
	if (token.data != NULL)
		MUST(text_is_utf8(token) && strlen(token.data) == token.len);
	if (problem == PROBLEM_NONE) {
		fuzz_text(input.email, 320);
		fuzz_text(input.identifier, 320);
		fuzz_text(input.username, 150);
		fuzz_text(input.refresh_token, 512);
		MUST(input.next.data == NULL || path_is_local(input.next));
		MUST(input.username.data == NULL ||
		     ctx->config->account.login_identifier == LOGIN_BY_USERNAME);
		fuzz_secret(&input.proof, 1);
		fuzz_secret(&input.password, 12);
		MUST(!text_has_control(secret_span(&input.password)));
	}
	secret_wipe(&input.proof);
	secret_wipe(&input.password);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { .password = { .min_length = 12 } };
	struct ctx ctx = { .config = &config, .arena = arena_new(4 * size + 65536) };
	struct span body;

	MUST(ctx.arena != NULL && sodium_init() >= 0);
	if (size > 0) {
		config.account.login_identifier =
		    data[0] % 2 == 0 ? LOGIN_BY_EMAIL : LOGIN_BY_USERNAME;
		body = (struct span){ (const char *)data + 1, size - 1 };
		fuzz_read(&ctx, CONTENT_JSON, body);
		arena_reset(ctx.arena);
		fuzz_read(&ctx, CONTENT_FORM, body);
	}
	arena_free(ctx.arena);
	return 0;
}
