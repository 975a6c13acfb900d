#include "page/page.h"

#include <sodium.h>
#include <stdio.h>

#define PAGE_STYLE "style.css"
#define PAGE_DIGEST_SIZE \
	sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

/* The layout holds every page as a part under the page's name. */
static const struct {
	const char *name;
	const char *title;
} page_rows[] = {
	[PAGE_LOGIN] = { "login", "Sign in" },
	[PAGE_LOGOUT] = { "logout", "Sign out" },
	[PAGE_REGISTER] = { "register", "Create an account" },
	[PAGE_REGISTERED] = { "registered", "Registration received" },
	[PAGE_PROBLEM] = { "problem", "That did not work" },
};
_Static_assert(sizeof(page_rows) / sizeof(page_rows[0]) == PAGES, "every page has its row");

static struct template_value
page_part(enum page part, enum page wanted)
{
	return (
	    struct template_value){ page_rows[part].name, span_of(part == wanted ? "yes" : NULL) };
}

enum rc
page_put(struct buf *out, enum page page, const struct page_values *values)
{
	const struct template_value list[] = {
		page_part(PAGE_LOGIN, page),
		page_part(PAGE_LOGOUT, page),
		page_part(PAGE_REGISTER, page),
		page_part(PAGE_REGISTERED, page),
		page_part(PAGE_PROBLEM, page),
		{ "title", span_of(page_rows[page].title) },
		{ "site", values->site },
		{ "action", values->action },
		{ "csrf_token", values->csrf_token },
		{ "next", values->next },
		{ "identifier", values->identifier },
		{ "username", values->username },
		{ "error", values->error },
		{ "hint", values->hint },
		{ "identifier_is_email", values->identifier_is_email },
		{ "wants_username", values->wants_username },
		{ "min_length", values->min_length },
		{ "register_link", values->register_link },
		{ "login_link", values->login_link },
		{ "needs_verification", values->needs_verification },
		{ "request_id", values->request_id },
	};
	const struct template_context context = { &page_templates, list,
		sizeof(list) / sizeof(list[0]), TEMPLATE_HTML };

	return template_put(out, "layout.html", &context);
}

/* The digest is of the bytes between the tags: those of the file, which holds no placeholder. */
static void
page_style_digest(char digest[PAGE_DIGEST_SIZE])
{
	const struct template_file *style = template_find(&page_templates, SPAN(PAGE_STYLE));
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)(style == NULL ? "" : style->text),
	    style == NULL ? 0 : style->size);
	sodium_bin2base64(
	    digest, PAGE_DIGEST_SIZE, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
}

const char *
page_policy(void)
{
	static char policy[256];
	char digest[PAGE_DIGEST_SIZE];

	if (policy[0] == '\0') {
		page_style_digest(digest);
		snprintf(policy, sizeof(policy),
		    "default-src 'none'; style-src 'sha256-%s'; img-src 'self' data:; "
		    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		    digest);
	}
	return policy;
}
