#include "base/json.h"

#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_scan.h"
#include "base/text.h"

/* A struct json is a cJSON under another name: only these two functions know. */
static const cJSON *
json_node(const struct json *json)
{
	return (const cJSON *)(const void *)json;
}

static const struct json *
json_value(const cJSON *node)
{
	return (const struct json *)(const void *)node;
}

/* What stands before each block that cJSON takes, so that its free can wipe: also of the half-built
 * tree that cJSON throws away when memory runs short. */
union json_block {
	size_t size;
	max_align_t align;
};

static void *
json_block_alloc(size_t size)
{
	union json_block *block = NULL;

	if (size <= SIZE_MAX - sizeof(*block))
		block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	return block + 1;
}

static void
json_block_free(void *memory)
{
	union json_block *block = memory;

	if (block == NULL)
		return;
	block--;
	sodium_memzero(block + 1, block->size);
	free(block);
}

static int
json_name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By sorting, so that no choice of names makes it slow. */
static enum rc
json_names_differ(const cJSON *object, size_t count)
{
	const char **names = calloc(count, sizeof(*names));
	const cJSON *child = object->child;
	enum rc rc = RC_OK;

	if (names == NULL)
		return RC_UNAVAILABLE;
	for (size_t i = 0; i < count; i++, child = child->next)
		names[i] = child->string;
	qsort(names, count, sizeof(*names), json_name_order);
	for (size_t i = 1; i < count && rc == RC_OK; i++) {
		if (strcmp(names[i - 1], names[i]) == 0)
			rc = RC_NO;
	}
	free(names);
	return rc;
}

/* Whether all objects in the tree have different names; recursion is bounded by the depth. */
static enum rc
json_tree_check(const cJSON *node)
{
	const cJSON *child;
	enum rc rc = RC_OK;
	size_t count = 0;

	for (child = node->child; child != NULL && rc == RC_OK; child = child->next, count++)
		rc = json_tree_check(child);
	if (rc == RC_OK && cJSON_IsObject(node) && count > 1)
		rc = json_names_differ(node, count);
	return rc;
}

enum rc
json_read(struct span text, struct json **out)
{
	cJSON_Hooks hooks = { json_block_alloc, json_block_free };
	enum rc rc = RC_UNAVAILABLE;
	cJSON *tree = NULL;
	char *copy = malloc(text.len + 1);

	*out = NULL;
	if (copy == NULL)
		return rc;
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	rc = json_scan(copy, text.len);
	if (rc != RC_OK)
		goto out;
	cJSON_InitHooks(&hooks);
	tree = cJSON_ParseWithLengthOpts(copy, text.len + 1, NULL, 1);
	rc = tree == NULL ? RC_UNAVAILABLE : json_tree_check(tree); /* all else was refused above */
	if (rc == RC_OK) {
		*out = (struct json *)(void *)tree;
		tree = NULL;
	}
out:
	cJSON_Delete(tree);
	sodium_memzero(copy, text.len);
	free(copy);
	return rc;
}

void
json_free(struct json *json)
{
	cJSON_Delete((cJSON *)(void *)json);
}

enum json_kind
json_kind(const struct json *json)
{
	const cJSON *node = json_node(json);

	if (cJSON_IsBool(node))
		return JSON_BOOL;
	if (cJSON_IsNumber(node))
		return JSON_NUMBER;
	if (cJSON_IsString(node))
		return JSON_STRING;
	if (cJSON_IsArray(node))
		return JSON_ARRAY;
	if (cJSON_IsObject(node))
		return JSON_OBJECT;
	return JSON_NULL;
}

const struct json *
json_member(const struct json *json, const char *name)
{
	if (json_kind(json) != JSON_OBJECT)
		return NULL;
	return json_value(cJSON_GetObjectItemCaseSensitive(json_node(json), name));
}

const struct json *
json_first(const struct json *json)
{
	return json == NULL ? NULL : json_value(json_node(json)->child);
}

const struct json *
json_next(const struct json *json)
{
	return json == NULL ? NULL : json_value(json_node(json)->next);
}

struct span
json_name(const struct json *json)
{
	return span_of(json == NULL ? NULL : json_node(json)->string);
}

bool
json_bool(const struct json *json, bool *out)
{
	*out = cJSON_IsTrue(json_node(json));
	return json_kind(json) == JSON_BOOL;
}

bool
json_number(const struct json *json, double *out)
{
	bool given = json_kind(json) == JSON_NUMBER;

	*out = given ? json_node(json)->valuedouble : 0;
	return given;
}

struct span
json_string(const struct json *json)
{
	return span_of(json_kind(json) == JSON_STRING ? json_node(json)->valuestring : NULL);
}

static void
json_put_escape(struct buf *buf, unsigned point)
{
	static const char digits[] = "0123456789abcdef";

	buf_text(buf, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		buf_char(buf, digits[(point >> shift) & 15]);
}

void
json_put_string(struct buf *buf, struct span text)
{
	buf_char(buf, '"');
	while (text.len > 0) {
		struct span rest = text;
		int32_t point = text_next(&rest);
		if (point < 0)
			json_put_escape(buf, 0xfffd); /* the answer stays JSON all the same */
		else if (point < 0x20 || point == 0x7f || point == '<' || point == '>' ||
			 point == '&')
			json_put_escape(buf, (unsigned)point);
		else {
			if (point == '"' || point == '\\')
				buf_char(buf, '\\');
			buf_add(buf, (struct span){ text.data, text.len - rest.len });
		}
		text = rest;
	}
	buf_char(buf, '"');
}

void
json_put_name(struct buf *buf, const char *name)
{
	if (buf->len > 0 && strchr("{[:", buf->data[buf->len - 1]) == NULL)
		buf_char(buf, ',');
	json_put_string(buf, span_of(name));
	buf_char(buf, ':');
}

void
json_put_text(struct buf *buf, const char *name, struct span text)
{
	json_put_name(buf, name);
	if (text.data == NULL)
		buf_text(buf, "null");
	else
		json_put_string(buf, text);
}

void
json_put_bool(struct buf *buf, const char *name, bool value)
{
	json_put_name(buf, name);
	buf_text(buf, value ? "true" : "false");
}

void
json_put_number(struct buf *buf, const char *name, int64_t number)
{
	json_put_name(buf, name);
	buf_number(buf, number);
}

void
json_put_time(struct buf *buf, const char *name, int64_t wall)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(wall, text);
	json_put_text(buf, name, span_of(text));
}
