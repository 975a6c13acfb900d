#include "http/browse.h"

struct answer *
visit(const struct site *at, struct jar *jar, const char *path)
{
	return ASK(at, .path = path, .jar = jar, .browser = true);
}

struct answer *
submit(const struct site *at, struct jar *jar, const struct answer *page, const char *action,
    const char *fields)
{
	static const char *const hidden[] = { "csrf_token", "next", "enrollment_token" };

	ck_assert_ptr_nonnull(answer_input(page, "csrf_token", "value"));
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		const char *value = answer_input(page, hidden[i], "value");

		if (value != NULL)
			fields = text("%s&%s", fields, form(hidden[i], value, NULL));
	}
	return ASK(at, .path = action, .jar = jar, .browser = true, .form = fields,
	    .headers = { text("Origin: %s", at->url), "Sec-Fetch-Site: same-origin",
		"Sec-Fetch-Mode: navigate" });
}

struct answer *
enter(const struct site *at, struct jar *jar, const char *path, const char *email)
{
	return submit(at, jar, visit(at, jar, path), "/auth/web/login",
	    form("username", email, "password", SITE_PASSWORD, NULL));
}
