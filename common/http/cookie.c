#include "http/cookie.h"

#include <stdio.h>

#include "base/clock.h"

void
cookie_name(const struct config_cookie *config, const char *suffix, char name[COOKIE_NAME_SIZE])
{
	bool host = strcmp(config->path, "/") == 0 && config->domain[0] == '\0';
	const char *prefix = !config->secure ? "" : host ? "__Host-" : "__Secure-";

	snprintf(name, COOKIE_NAME_SIZE, "%s%s%s", prefix, config->name, suffix);
}

struct span
cookie_find(struct span header, const char *name)
{
	while (header.data != NULL) {
		struct span value = span_trim(span_cut(&header, ';'));
		struct span found = span_cut(&value, '=');

		if (value.data != NULL && span_equal(found, span_of(name)))
			return value;
	}
	return SPAN_NONE;
}

/* Whether all bytes are cookie-octets (RFC 6265 section 4.1.1). */
static bool
cookie_is_value(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] <= ' ' || value.data[i] > '~' ||
		    strchr("\",;\\", value.data[i]) != NULL)
			return false;
	}
	return true;
}

void
cookie_put(struct buf *buf, const struct config_cookie *config, const char *name, struct span value,
    int64_t max_age, bool readable)
{
	static const char *const samesite[] = {
		[SAMESITE_LAX] = "Lax", [SAMESITE_STRICT] = "Strict", [SAMESITE_NONE] = "None"
	};

	if (!cookie_is_value(value)) {
		buf->failed = true;
		return;
	}
	buf_text(buf, "Set-Cookie: ");
	buf_text(buf, name);
	buf_char(buf, '=');
	if (max_age >= 0)
		buf_add(buf, value);
	buf_text(buf, "; Path=");
	buf_text(buf, config->path);
	if (config->domain[0] != '\0') {
		buf_text(buf, "; Domain=");
		buf_text(buf, config->domain);
	}
	if (max_age != 0) {
		buf_text(buf, "; Max-Age=");
		buf_number(
		    buf, max_age < 0 ? 0 : max_age / SECOND + (max_age % SECOND > 0 ? 1 : 0));
	}
	if (config->secure)
		buf_text(buf, "; Secure");
	if (!readable)
		buf_text(buf, "; HttpOnly");
	buf_text(buf, "; SameSite=");
	buf_text(buf, samesite[config->samesite]);
	buf_text(buf, "\r\n");
}
