/* {auth}/health, jwks.json, openapi.json. */
#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct site *site;

START_TEST(test_health_says_ok_and_nothing_else)
{
	struct answer *answer = ASK(site, .path = "/auth/health");

	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer->body, "{\"status\":\"ok\"}");
	ck_assert_str_eq(answer_header(answer, "Content-Type"), "application/json");
}
END_TEST

/* A writer that takes long is no reason to be reported as ill. */
START_TEST(test_health_waits_for_no_writer)
{
	struct sqlite3 *lock = site_lock(site);
	struct answer *answer = ASK(site, .path = "/auth/health");

	site_unlock(lock);
	ck_answer(answer, 200, NULL);
	ck_assert_double_le(answer->seconds, 5.0); /* of ten */
}
END_TEST

START_TEST(test_health_without_a_store)
{
	struct site *broken = site_start(&(struct site_options){ 0 });
	struct answer *answer;

	site_sql(broken, "DROP TABLE user_role");
	site_sql(broken, "DROP TABLE role");
	answer = ASK(broken, .path = "/auth/health");
	ck_assert_msg(
	    answer->status == 503 || answer->status == 500, "%s%s", answer->headers, answer->body);
	ck_assert(!answer_has(answer, "role"));
}
END_TEST

/* What a JWT's header says: a member of its first part. */
static const char *
token_kid(const char *token)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char out[512];
	size_t used = 0;
	unsigned bits = 0, value = 0;
	const char *kid;

	for (; *token != '.' && used < sizeof(out) - 1; token++) {
		value = value << 6 | (unsigned)(strchr(digits, *token) - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[used++] = (char)(value >> bits & 255);
		}
	}
	out[used] = '\0';
	kid = strstr(out, "\"kid\":\"");
	ck_assert_ptr_nonnull(kid);
	return text("%.*s", (int)strcspn(kid + 7, "\""), kid + 7);
}

START_TEST(test_jwks_names_the_key_that_signs)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *answer = ASK(site, .path = "/auth/jwks.json");

	ck_answer(answer, 200, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 1);
	ck_assert_uint_eq(answer_count(answer, "keys"), 1);
	ck_assert_str_eq(answer_value(answer, "keys.0.kty"), "OKP");
	ck_assert_str_eq(answer_value(answer, "keys.0.crv"), "Ed25519");
	ck_assert_str_eq(answer_value(answer, "keys.0.alg"), "EdDSA");
	ck_assert_str_eq(answer_value(answer, "keys.0.use"), "sig");
	ck_assert_uint_eq(strlen(answer_value(answer, "keys.0.x")), 43);
	ck_assert_str_eq(answer_value(answer, "keys.0.kid"), token_kid(login.access));
	/* Nothing of a private key. */
	ck_assert_uint_eq(answer_count(answer, "keys.0"), 6);
	ck_assert_ptr_null(answer_value(answer, "keys.0.d"));
}
END_TEST

/* Keys that sign and verify alike are nobody else's business. */
START_TEST(test_jwks_holds_no_secret_keys)
{
	struct site *secret =
	    site_start(&(struct site_options){ .settings = { "jwt.algorithm", "HS256" } });
	struct login login = site_login_bearer(secret, site_member(secret), SITE_PASSWORD);
	struct answer *answer = ASK(secret, .path = "/auth/jwks.json");

	ck_answer(answer, 200, NULL);
	ck_answer(ASK(secret, .path = "/users/me", .bearer = login.access), 200, NULL);
	for (int i = 0; i < (int)answer_count(answer, "keys"); i++) {
		ck_assert_str_ne(answer_value(answer, text("keys.%d.kty", i)), "oct");
		ck_assert_str_ne(
		    answer_value(answer, text("keys.%d.kid", i)), token_kid(login.access));
	}
}
END_TEST

static const struct {
	const char *path;
	const char *methods[3];
	const char *off; /* the setting that takes it away */
} described[] = {
	{ "/auth/login", { "post" }, NULL },
	{ "/auth/web/login", { "get", "post" }, NULL },
	{ "/auth/logout", { "post" }, NULL },
	{ "/auth/web/logout", { "post" }, NULL },
	{ "/auth/refresh", { "post" }, NULL },
	{ "/auth/web/refresh", { "post" }, NULL },
	{ "/auth/sessions", { "get", "post" }, "routes.sessions" },
	{ "/auth/web/sessions", { "get", "post" }, "routes.sessions" },
	{ "/auth/sessions/revoke-others", { "post" }, "routes.sessions" },
	{ "/auth/register", { "post" }, "routes.register" },
	{ "/users/me", { "get", "patch" }, "routes.users" },
	{ "/users/me/change-password", { "post" }, "routes.users" },
	{ "/auth/guard", { "get" }, NULL },
	{ "/auth/health", { "get" }, NULL },
	{ "/auth/jwks.json", { "get" }, NULL },
	{ "/auth/openapi.json", { "get" }, NULL },
};

static const cJSON *
described_path(const struct answer *answer, const char *path)
{
	const cJSON *paths = cJSON_GetObjectItemCaseSensitive(answer->json, "paths");

	return cJSON_GetObjectItemCaseSensitive(paths, path);
}

START_TEST(test_openapi_describes_the_routes)
{
	struct answer *answer = ASK(site, .path = "/auth/openapi.json");

	ck_answer(answer, 200, NULL);
	ck_assert_ptr_nonnull(answer->json);
	ck_assert_str_eq(answer_value(answer, "openapi"), "3.1.0");
	ck_assert_str_eq(answer_value(answer, "components.securitySchemes.api.scheme"), "bearer");
	ck_assert_str_eq(answer_value(answer, "components.securitySchemes.web.in"), "cookie");
	for (int i = 0; i < LENGTH(described); i++) {
		const cJSON *path = described_path(answer, described[i].path);

		ck_assert_msg(path != NULL, "%s", described[i].path);
		for (int k = 0; k < 3 && described[i].methods[k] != NULL; k++)
			ck_assert_ptr_nonnull(
			    cJSON_GetObjectItemCaseSensitive(path, described[i].methods[k]));
	}
}
END_TEST

START_TEST(test_openapi_leaves_out_what_is_off)
{
	struct site *less = site_start(
	    &(struct site_options){ .settings = { "routes.sessions", "off", "routes.register",
					"off", "routes.users", "off" } });
	struct answer *answer = ASK(less, .path = "/auth/openapi.json");

	for (int i = 0; i < LENGTH(described); i++)
		ck_assert_msg((described_path(answer, described[i].path) == NULL) ==
				  (described[i].off != NULL),
		    "%s", described[i].path);
}
END_TEST

START_TEST(test_openapi_can_be_off)
{
	struct site *off =
	    site_start(&(struct site_options){ .settings = { "routes.openapi", "off" } });

	ck_answer(ASK(off, .path = "/auth/openapi.json"), 404, "NOT_FOUND");
	ck_answer(ASK(off, .path = "/auth/health"), 200, NULL);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("meta");

	site = site_start(&(struct site_options){ .settings = { "database.busy_timeout", "10s" } });
	tcase_add_test(tests, test_health_says_ok_and_nothing_else);
	tcase_add_test(tests, test_health_waits_for_no_writer);
	tcase_add_test(tests, test_health_without_a_store);
	tcase_add_test(tests, test_jwks_names_the_key_that_signs);
	tcase_add_test(tests, test_jwks_holds_no_secret_keys);
	tcase_add_test(tests, test_openapi_describes_the_routes);
	tcase_add_test(tests, test_openapi_leaves_out_what_is_off);
	tcase_add_test(tests, test_openapi_can_be_off);
	return site_run(tests);
}
