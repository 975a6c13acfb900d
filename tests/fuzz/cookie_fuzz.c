/* A Cookie header, and a value to set: what is set is found again and stays one line. */
#include <stdint.h>
#include <stdlib.h>

#include "http/cookie.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_find(struct span header)
{
	static const char *const names[] = { "__Host-yett", "__Host-yett_refresh", "yett", "a" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct span value = cookie_find(header, names[i]);
		size_t len = strlen(names[i]);

		if (value.data == NULL)
			continue;
		MUST(value.data >= header.data + len + 1 &&
		     value.data + value.len <= header.data + header.len);
		MUST(value.data[-1] == '=' && memcmp(value.data - len - 1, names[i], len) == 0);
		MUST(value.len == 0 || memchr(value.data, ';', value.len) == NULL);
		MUST(span_trim(value).len == value.len || value.data[0] == ' ' ||
		     value.data[0] == '\t');
		/* Nothing but white space or ';' stands before the name. */
		MUST(value.data - len - 1 == header.data ||
		     strchr(" \t;", value.data[-(ptrdiff_t)len - 2]) != NULL);
	}
}

static void
fuzz_put(struct span value)
{
	struct config_cookie config = { .name = "yett", .path = "/", .domain = "", .secure = true };
	struct buf buf = BUF_INIT(value.len + 256);
	struct span line, found;
	char name[COOKIE_NAME_SIZE];

	cookie_name(&config, "", name);
	cookie_put(&buf, &config, name, value, 1000, false);
	if (buf_check(&buf) == RC_OK) {
		line = buf_span(&buf);
		MUST(line.len > 2 && memchr(line.data, '\r', line.len) == line.data + line.len - 2);
		MUST(memchr(line.data, '\n', line.len) == line.data + line.len - 1);
		MUST(memchr(line.data, '\0', line.len) == NULL);
		found = cookie_find(span_after(line, sizeof("Set-Cookie:") - 1), name);
		MUST(found.data != NULL && span_equal(found, value));
	}
	buf_free(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };

	fuzz_find(given);
	fuzz_put(given);
	return 0;
}
