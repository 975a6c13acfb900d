#include "http/fields.h"

#include <sodium.h>

#include "base/json.h"
#include "base/text.h"
#include "http/path.h"

enum {
	FIELDS_MAX = 16,
	FIELDS_ALWAYS = 3, /* what every form may carry */
	IDENTIFIER_MAX = 320,
	PASSWORD_MAX = 128,
	TOKEN_MAX = 2048,
	REFRESH_TOKEN_MAX = 512,
	/* Room for the decoded pairs of a form: at worst two blocks for eight bytes of it. */
	SCRATCH_FACTOR = 8,
	SCRATCH_SPARE = 1024
};

enum fields_state {
	FIELDS_ABSENT, /* also null, and an empty form value of an optional field */
	FIELDS_TEXT,
	FIELDS_WRONG /* not a string */
};

struct fields_value {
	bool seen;
	enum fields_state state;
	struct span text;
};

/* A body on its way into an input struct. */
struct fields_work {
	struct ctx *ctx;
	const struct field *fields;
	size_t count;
	const char *const *forbidden;
	bool unknown; /* a member that is in no table */
	struct fields_value values[FIELDS_MAX];
	bool always_seen[FIELDS_ALWAYS];
};

static const char *const fields_always[FIELDS_ALWAYS] = { "csrf_token", "next", "_method" };

static bool
fields_named(const char *const *names, struct span name)
{
	for (; names != NULL && *names != NULL; names++) {
		if (span_equal(name, span_of(*names)))
			return true;
	}
	return false;
}

/* Where no user names are signed in with, there is no such field. */
static bool
fields_exists(const struct fields_work *work, const struct field *field)
{
	return field->kind != FIELD_USERNAME ||
	       work->ctx->config->account.login_identifier == LOGIN_BY_USERNAME;
}

/* The index of the field of that name, count when there is none. */
static size_t
fields_find(const struct fields_work *work, struct span name, bool form)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct field *field = &work->fields[i];

		if (!fields_exists(work, field))
			continue;
		if (span_equal(name, span_of(field->name)) ||
		    (form && field->form_name != NULL &&
			span_equal(name, span_of(field->form_name))))
			return i;
	}
	return work->count;
}

/* Collects one member; names differ already, as json_read sees to. */
static enum problem
fields_take_member(struct fields_work *work, const struct json *member)
{
	struct span name = json_name(member);
	size_t which = fields_find(work, name, false);
	struct fields_value *value = &work->values[which];

	if (fields_named(work->forbidden, name))
		return PROBLEM_BODY_MALFORMED;
	if (which == work->count) {
		work->unknown = true;
		return PROBLEM_NONE;
	}
	value->text = json_string(member);
	if (json_kind(member) == JSON_STRING)
		value->state = FIELDS_TEXT;
	else if (json_kind(member) != JSON_NULL)
		value->state = FIELDS_WRONG;
	return PROBLEM_NONE;
}

/* Whether a pair of a form that belongs to no field may be there; a second time it may not. */
static enum problem
fields_take_always(struct fields_work *work, struct span name)
{
	for (size_t i = 0; i < FIELDS_ALWAYS; i++) {
		if (!span_equal(name, span_of(fields_always[i])))
			continue;
		if (work->always_seen[i])
			return PROBLEM_BODY_MALFORMED;
		work->always_seen[i] = true;
		return PROBLEM_NONE;
	}
	work->unknown = true;
	return PROBLEM_NONE;
}

static enum problem
fields_take_pair(struct fields_work *work, struct span name, struct span text)
{
	size_t which = fields_find(work, name, true);
	struct fields_value *value = &work->values[which];

	if (fields_named(work->forbidden, name))
		return PROBLEM_BODY_MALFORMED;
	if (which == work->count)
		return fields_take_always(work, name);
	if (value->seen)
		return PROBLEM_BODY_MALFORMED;
	value->seen = true;
	value->text = text;
	if (text.len > 0 || work->fields[which].required)
		value->state = FIELDS_TEXT;
	return PROBLEM_NONE;
}

/* Takes the next pair off a form; RC_NO at the end or, with *broken, for one that is no text. */
static enum rc
fields_next_pair(
    struct arena *scratch, struct span *rest, struct span *name, struct span *value, bool *broken)
{
	enum rc rc = path_next_pair(scratch, rest, name, value, broken);

	if (rc != RC_OK)
		return rc;
	if (!*broken)
		*broken = !text_is_utf8(*name) || !text_is_utf8(*value) ||
			  memchr(name->data, '\0', name->len) != NULL ||
			  memchr(value->data, '\0', value->len) != NULL;
	return *broken ? RC_NO : RC_OK;
}

/* Memory for a decoded form; it is wiped as a whole, with the passwords in it. */
static struct arena *
fields_scratch(struct span body)
{
	return arena_new(body.len * SCRATCH_FACTOR + SCRATCH_SPARE);
}

static enum rc
fields_keep(struct arena *arena, struct span text, struct span *kept)
{
	const char *copy = arena_text(arena, text);

	if (copy == NULL)
		return RC_UNAVAILABLE;
	*kept = (struct span){ copy, text.len };
	return RC_OK;
}

static enum rc
fields_store_identifier(struct ctx *ctx, struct span text, struct span *stored)
{
	size_t length = text_length(text);

	if (length < 1 || length > IDENTIFIER_MAX)
		return RC_NO;
	if (ctx->config->account.login_identifier == LOGIN_BY_USERNAME)
		return text_username(ctx->arena, text, stored);
	return text_email(ctx->arena, text, stored);
}

static enum rc
fields_store_new_password(struct ctx *ctx, struct span text, struct secret *secret)
{
	size_t length = text_length(text);

	if (length < (size_t)ctx->config->password.min_length || length > PASSWORD_MAX ||
	    text_has_control(text))
		return RC_NO;
	return secret_set(secret, text);
}

/* As people type them: in groups, upper or lower case. */
static enum rc
fields_store_code(struct span text, bool recovery, struct secret *secret)
{
	char code[FIELD_RECOVERY_DIGITS];
	size_t len = 0;
	bool digits = true;
	enum rc rc = RC_NO;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == ' ' || c == '-')
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (len == sizeof(code) || ((c < '0' || c > '9') && (c < 'a' || c > 'f')))
			goto out;
		digits = digits && c <= '9';
		code[len++] = c;
	}
	if ((len == FIELD_CODE_DIGITS && digits) || (len == FIELD_RECOVERY_DIGITS && recovery))
		rc = secret_set(secret, (struct span){ code, len });
out:
	sodium_memzero(code, sizeof(code));
	return rc;
}

static enum rc
fields_store(struct ctx *ctx, enum field_kind kind, struct span text, void *place)
{
	size_t length = text_length(text);

	switch (kind) {
	case FIELD_EMAIL:
		return text_email(ctx->arena, text, place);
	case FIELD_IDENTIFIER:
		return fields_store_identifier(ctx, text, place);
	case FIELD_USERNAME:
		return text_username(ctx->arena, text, place);
	case FIELD_PASSWORD_PROOF:
		return length < 1 || length > PASSWORD_MAX ? RC_NO : secret_set(place, text);
	case FIELD_PASSWORD_NEW:
		return fields_store_new_password(ctx, text, place);
	case FIELD_PASSWORD_LINK:
		return length < 1 || length > PASSWORD_MAX || text_has_control(text)
			   ? RC_NO
			   : secret_set(place, text);
	case FIELD_CODE:
	case FIELD_CODE_OR_RECOVERY:
		return fields_store_code(text, kind == FIELD_CODE_OR_RECOVERY, place);
	case FIELD_TOKEN:
		return length < 1 || length > TOKEN_MAX ? RC_NO
							: fields_keep(ctx->arena, text, place);
	case FIELD_REFRESH_TOKEN:
		return length < 1 || length > REFRESH_TOKEN_MAX
			   ? RC_NO
			   : fields_keep(ctx->arena, text, place);
	case FIELD_IGNORED:
		return RC_OK;
	}
	return RC_INTERNAL;
}

/* What was collected, into the input struct. */
static enum problem
fields_store_all(const struct fields_work *work, void *input)
{
	if (work->unknown)
		return PROBLEM_BODY_INVALID;
	for (size_t i = 0; i < work->count; i++) {
		const struct field *field = &work->fields[i];
		const struct fields_value *value = &work->values[i];
		enum rc rc;

		if (!fields_exists(work, field))
			continue;
		if (value->state == FIELDS_ABSENT && !field->required)
			continue;
		if (value->state == FIELDS_WRONG && field->kind == FIELD_IGNORED)
			continue;
		if (value->state != FIELDS_TEXT)
			return PROBLEM_BODY_INVALID;
		rc = fields_store(
		    work->ctx, field->kind, value->text, (char *)input + field->offset);
		if (rc != RC_OK)
			return rc == RC_NO ? PROBLEM_BODY_INVALID : problem_of(rc);
	}
	return PROBLEM_NONE;
}

static enum problem
fields_read_json(struct fields_work *work, struct span body, void *input)
{
	struct json *json = NULL;
	enum rc rc = json_read(body, &json);
	enum problem problem = rc == RC_NO ? PROBLEM_BODY_MALFORMED : problem_of(rc);
	const struct json *member;

	if (problem == PROBLEM_NONE && json_kind(json) != JSON_OBJECT)
		problem = PROBLEM_BODY_INVALID;
	for (member = json_first(json); member != NULL && problem == PROBLEM_NONE;
	     member = json_next(member))
		problem = fields_take_member(work, member);
	if (problem == PROBLEM_NONE)
		problem = fields_store_all(work, input);
	json_free(json);
	return problem;
}

static enum problem
fields_read_form(struct fields_work *work, struct span body, void *input)
{
	struct arena *scratch = fields_scratch(body);
	enum problem problem = PROBLEM_NONE;
	struct span name, value;
	bool broken = false;
	enum rc rc = RC_OK;

	if (scratch == NULL)
		return PROBLEM_SERVICE_UNAVAILABLE;
	while (problem == PROBLEM_NONE &&
	       (rc = fields_next_pair(scratch, &body, &name, &value, &broken)) == RC_OK)
		problem = fields_take_pair(work, name, value);
	if (problem == PROBLEM_NONE && broken)
		problem = PROBLEM_BODY_MALFORMED;
	else if (problem == PROBLEM_NONE && rc != RC_NO)
		problem = problem_of(rc);
	if (problem == PROBLEM_NONE)
		problem = fields_store_all(work, input);
	arena_free(scratch);
	return problem;
}

enum problem
fields_read(struct ctx *ctx, const struct request *request, const struct field *fields,
    size_t count, const char *const *forbidden, void *input)
{
	struct fields_work work = {
		.ctx = ctx, .fields = fields, .count = count, .forbidden = forbidden
	};

	/* One place more than fields: where what is no field is looked for. */
	if (count >= FIELDS_MAX)
		return PROBLEM_INTERNAL_ERROR;
	switch (request->content) {
	case CONTENT_NONE:
		return fields_store_all(&work, input);
	case CONTENT_JSON:
		return fields_read_json(&work, request->body, input);
	case CONTENT_FORM:
		return fields_read_form(&work, request->body, input);
	case CONTENT_OTHER:
		break;
	}
	return PROBLEM_UNSUPPORTED_MEDIA_TYPE;
}

enum rc
fields_peek(struct ctx *ctx, const struct request *request, const char *name, struct span *value)
{
	struct span rest = request->body, found, text;
	struct arena *scratch;
	bool broken = false;
	enum rc rc;

	*value = SPAN_NONE;
	if (request->content != CONTENT_FORM)
		return RC_OK;
	scratch = fields_scratch(request->body);
	if (scratch == NULL)
		return RC_UNAVAILABLE;
	while ((rc = fields_next_pair(scratch, &rest, &found, &text, &broken)) == RC_OK) {
		if (value->data != NULL || !span_equal(found, span_of(name)))
			continue;
		rc = fields_keep(ctx->arena, text, value);
		if (rc != RC_OK)
			break;
	}
	arena_free(scratch);
	if (rc == RC_NO && !broken)
		return RC_OK;
	*value = SPAN_NONE;
	return rc;
}
