#include "page/page.h"

#include <sodium.h>
#include <stddef.h>
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
	[PAGE_VERIFY] = { "verify", "Confirm your address" },
	[PAGE_VERIFIED] = { "verified", "Address confirmed" },
	[PAGE_REQUEST_VERIFY] = { "request-verify", "Get a new link" },
	[PAGE_FORGOT] = { "forgot", "Forgot your password?" },
	[PAGE_MAIL_SENT] = { "mail-sent", "Look into your mail" },
	[PAGE_RESET] = { "reset", "Set a new password" },
	[PAGE_RESET_DONE] = { "reset-done", "Password set" },
	[PAGE_CODE] = { "code", "Enter your code" },
	[PAGE_ENABLE] = { "enable", "Two-factor sign-in" },
	[PAGE_ENROL] = { "enrol", "Set up your app" },
	[PAGE_RECOVERY] = { "recovery", "Your recovery codes" },
	[PAGE_ENABLED] = { "enabled", "Two-factor sign-in is on" },
	[PAGE_RENEW] = { "renew", "New recovery codes" },
	[PAGE_DISABLE] = { "disable", "Switch two-factor off" },
	[PAGE_DISABLED] = { "disabled", "Two-factor sign-in is off" },
	[PAGE_LINK_DEAD] = { "link-dead", "This link does not work" },
};
_Static_assert(sizeof(page_rows) / sizeof(page_rows[0]) == PAGES, "every page has its row");

/* What struct page_values has, as templates name it. */
static const struct {
	const char *name;
	size_t offset;
} page_names[] = {
	{ "site", offsetof(struct page_values, site) },
	{ "action", offsetof(struct page_values, action) },
	{ "csrf_token", offsetof(struct page_values, csrf_token) },
	{ "next", offsetof(struct page_values, next) },
	{ "identifier", offsetof(struct page_values, identifier) },
	{ "username", offsetof(struct page_values, username) },
	{ "error", offsetof(struct page_values, error) },
	{ "identifier_is_email", offsetof(struct page_values, identifier_is_email) },
	{ "wants_username", offsetof(struct page_values, wants_username) },
	{ "min_length", offsetof(struct page_values, min_length) },
	{ "register_link", offsetof(struct page_values, register_link) },
	{ "forgot_link", offsetof(struct page_values, forgot_link) },
	{ "request_verify_link", offsetof(struct page_values, request_verify_link) },
	{ "login_link", offsetof(struct page_values, login_link) },
	{ "token", offsetof(struct page_values, token) },
	{ "needs_verification", offsetof(struct page_values, needs_verification) },
	{ "request_id", offsetof(struct page_values, request_id) },
	{ "enable_link", offsetof(struct page_values, enable_link) },
	{ "enrollment_token", offsetof(struct page_values, enrollment_token) },
	{ "image", offsetof(struct page_values, image) },
	{ "secret", offsetof(struct page_values, secret) },
	{ "uri", offsetof(struct page_values, uri) },
	{ "codes", offsetof(struct page_values, codes) },
	{ "codes_renewed", offsetof(struct page_values, codes_renewed) },
	{ "account", offsetof(struct page_values, account) },
	{ "renew_link", offsetof(struct page_values, renew_link) },
	{ "disable_link", offsetof(struct page_values, disable_link) },
};
enum { PAGE_NAMES = sizeof(page_names) / sizeof(page_names[0]) };
_Static_assert(PAGE_NAMES == sizeof(struct page_values) / sizeof(struct span), "all have a name");

enum rc
page_put(struct buf *out, enum page page, const struct page_values *values)
{
	struct template_value list[PAGES + PAGE_NAMES + 1];
	const struct template_context context = { &page_templates, list,
		sizeof(list) / sizeof(list[0]), TEMPLATE_HTML };
	struct template_value *next = list;

	for (int part = 0; part < PAGES; part++)
		*next++ = (struct template_value){ page_rows[part].name,
			span_of(part == (int)page ? "yes" : NULL) };
	for (size_t i = 0; i < PAGE_NAMES; i++) {
		const void *slot = (const char *)values + page_names[i].offset;
		*next++ = (struct template_value){ page_names[i].name, *(const struct span *)slot };
	}
	*next = (struct template_value){ "title", span_of(page_rows[page].title) };
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
