/* POST {backend}/login, and GET {cookie}/login for what is no browser. */
#include <sodium.h>
#include <stdlib.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static struct site *site;

static struct answer *
login(const char *email, const char *password)
{
	return ASK(site, .path = "/auth/login", .json = site_credentials(email, password));
}

/* ------------------------------------------------------------------ success */

START_TEST(test_bearer_gets_tokens)
{
	struct answer *answer = login(site_member(site), SITE_PASSWORD);

	ck_answer(answer, 201, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 4);
	ck_assert_str_eq(answer_value(answer, "token_type"), "bearer");
	ck_assert_str_eq(answer_value(answer, "expires_in"), "900");
	ck_assert_uint_eq(strlen(answer_value(answer, "refresh_token")), 43);
	ck_assert_ptr_null(answer_header(answer, "Set-Cookie"));
	ck_answer(ASK(site, .path = "/users/me", .bearer = answer_value(answer, "access_token")),
	    200, NULL);
}
END_TEST

START_TEST(test_cookie_backend_sets_cookies_and_says_null)
{
	static const struct {
		const char *suffix;
		bool hidden;
	} rows[] = { { "", true }, { "_refresh", true }, { "_csrf", false } };
	struct jar *jar = jar_new();
	struct answer *answer;

	ASK(site, .path = "/auth/web/login", .jar = jar);
	answer = ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
	    .json = site_credentials(site_member(site), SITE_PASSWORD));
	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(answer->body, "null");
	ck_assert_uint_eq(answer_header_count(answer, "Set-Cookie"), 3);
	for (int i = 0; i < LENGTH(rows); i++) {
		const char *attributes = jar_cookie(jar, rows[i].suffix)->attributes;

		ck_assert_ptr_nonnull(strstr(attributes, "Path=/"));
		ck_assert_ptr_nonnull(strstr(attributes, "SameSite=Lax"));
		ck_assert_ptr_null(strstr(attributes, "Domain"));
		ck_assert_ptr_null(strstr(attributes, "Max-Age"));
		ck_assert_ptr_null(strstr(attributes, "Expires"));
		ck_assert_int_eq(strstr(attributes, "HttpOnly") != NULL, rows[i].hidden);
	}
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

START_TEST(test_get_login_gives_csrf_token_to_clients)
{
	struct jar *jar = jar_new();
	struct answer *answer = ASK(site, .path = "/auth/web/login", .jar = jar);

	ck_answer(answer, 200, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 1);
	ck_assert_str_eq(answer_value(answer, "csrf_token"), jar_csrf(jar));
	ck_assert_ptr_null(strstr(jar_cookie(jar, "_csrf")->attributes, "HttpOnly"));
}
END_TEST

/* Nothing of an earlier session is taken over. */
START_TEST(test_login_always_makes_a_new_session)
{
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *before = jar_copy(jar);

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
		      .json = site_credentials(email, SITE_PASSWORD)),
	    201, NULL);
	ck_assert_str_ne(jar_value(jar, ""), jar_value(before, ""));
	ck_assert_str_ne(jar_value(jar, "_refresh"), jar_value(before, "_refresh"));
	ck_assert_uint_eq(
	    answer_count(ASK(site, .path = "/auth/web/sessions", .jar = jar), "sessions"), 2);
}
END_TEST

/* A token that somebody planted before the sign-in is worth nothing after it. */
START_TEST(test_planted_cookies_are_replaced)
{
	struct jar *jar = jar_new();

	jar_set(jar, "yett", "planted-access-token-planted-access-token-1");
	jar_set(jar, "yett_refresh", "planted-refresh-token-planted-refresh-toke");
	ASK(site, .path = "/auth/web/login", .jar = jar);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
		      .json = site_credentials(site_member(site), SITE_PASSWORD)),
	    201, NULL);
	ck_assert_ptr_null(strstr(jar_value(jar, ""), "planted"));
	ck_assert_ptr_null(strstr(jar_value(jar, "_refresh"), "planted"));
}
END_TEST

static const struct {
	const char *before, *after;
} spellings[] = { { "", "" }, { "  ", "" }, { "", "  " }, { "\\t", "\\n" } };

START_TEST(test_identifier_is_trimmed)
{
	ck_answer(
	    login(text("%s%s%s", spellings[_i].before, site_member(site), spellings[_i].after),
		SITE_PASSWORD),
	    201, NULL);
}
END_TEST

START_TEST(test_identifier_ignores_case_and_width)
{
	const char *email = site_member(site);

	/* USER- in full-width capitals, which NFKC and lower case make "user-" */
	ck_answer(login(text("\xef\xbc\xb5\xef\xbc\xb3\xef\xbc\xa5\xef\xbc\xb2%s", email + 4),
		      SITE_PASSWORD),
	    201, NULL);
	ck_answer(login(text("USER%s", email + 4), SITE_PASSWORD), 201, NULL);
}
END_TEST

START_TEST(test_passwords_are_compared_byte_for_byte)
{
	static const struct {
		const char *given;
		int status;
	} rows[] = { { "Gr\xc3\xbc\xc3\x9f Gott, Nachtigall 9", 201 },
		{ "Gru\xcc\x88\xc3\x9f Gott, Nachtigall 9", 400 }, /* the same in NFD */
		{ "gr\xc3\xbc\xc3\x9f Gott, Nachtigall 9", 400 },
		{ " Gr\xc3\xbc\xc3\x9f Gott, Nachtigall 9", 400 },
		{ "Gr\xc3\xbc\xc3\x9f Gott, Nachtigall 9 ", 400 } };
	const char *email = site_email();

	site_user(site, email, rows[0].given, true);
	for (int i = 0; i < LENGTH(rows); i++)
		ck_answer(login(email, rows[i].given), rows[i].status, NULL);
}
END_TEST

START_TEST(test_forms_sign_in_too)
{
	const char *email = site_member(site);
	const char *const bodies[] = {
		form("username", email, "password", SITE_PASSWORD, NULL),
		form("identifier", email, "password", SITE_PASSWORD, NULL),
		form("grant_type", "password", "username", email, "password", SITE_PASSWORD,
		    "scope", "", "client_id", "app", "client_secret", "x", NULL),
	};

	for (int i = 0; i < LENGTH(bodies); i++) {
		struct answer *answer = ASK(site, .path = "/auth/login", .form = bodies[i]);

		ck_answer(answer, 201, NULL);
		ck_assert_ptr_nonnull(answer_value(answer, "access_token"));
	}
}
END_TEST

/* The hash of an account is brought up to the configured parameters, and goes on to fit. */
START_TEST(test_old_hash_is_upgraded)
{
	const char *email = site_email(), *id = site_user(site, email, SITE_PASSWORD, true);
	char hash[crypto_pwhash_STRBYTES];
	const char *stored;

	ck_assert_int_eq(crypto_pwhash_str_alg(hash, SITE_PASSWORD, strlen(SITE_PASSWORD), 3, 32768,
			     crypto_pwhash_ALG_ARGON2ID13),
	    0);
	site_sql(site, "UPDATE users SET password_hash = %Q WHERE public_id = %Q", hash, id);
	ck_answer(login(email, SITE_PASSWORD), 201, NULL);
	stored = site_sql(site, "SELECT password_hash FROM users WHERE public_id = %Q", id);
	ck_assert_str_ne(stored, hash);
	ck_assert_ptr_nonnull(strstr(stored, "m=64,t=1,p=1"));
	ck_answer(login(email, SITE_PASSWORD), 201, NULL);
	ck_assert_str_eq(
	    stored, site_sql(site, "SELECT password_hash FROM users WHERE public_id = %Q", id));
}
END_TEST

/* What the database holds opens nothing. */
START_TEST(test_tokens_are_stored_as_digests)
{
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);

	ck_assert_str_eq(site_sql(site,
			     "SELECT count(*) FROM access_token WHERE typeof(digest) <> 'blob'"
			     " OR length(digest) <> 32 OR instr(digest, %Q) > 0",
			     jar_value(jar, "")),
	    "0");
	ck_assert_str_eq(
	    site_sql(site, "SELECT count(*) FROM session WHERE length(refresh_digest) <> 32"), "0");
	ck_assert_str_eq(
	    site_sql(site, "SELECT count(*) FROM users WHERE instr(password_hash, 'violet') > 0"),
	    "0");
}
END_TEST

/* ------------------------------------------------------------------ refusals */

static const struct {
	const char *given;
	int status;
	const char *code;
} bodies[] = {
	{ "", 400, "REQUEST_BODY_INVALID" },
	{ "{", 400, "REQUEST_BODY_INVALID" },
	{ "nonsense", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\"} x", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\",}", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\",\"password\":\"y\"}", 400,
	    "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\",\"pass\\u0077ord\":\"y\"}", 400,
	    "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\\u0000y\"}", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"\xc3\x28\"}", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"\\ud800\"}", 400, "REQUEST_BODY_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":[[[[[[[[[1]]]]]]]]]}", 400,
	    "REQUEST_BODY_INVALID" },
	{ "[]", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "null", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "\"text\"", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":null}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":1}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":true}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":{},\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"x\",\"other\":1}", 422,
	    "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"Password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"username\":\"a@b.de\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b.de\",\"password\":\"\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"no address\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"@b.de\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a@b@c.de\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"a\\nb@c.de\",\"password\":\"x\"}", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "{\"identifier\":\"" HUNDRED HUNDRED HUNDRED TEN "@long.de12\",\"password\":\"x\"}", 400,
	    "LOGIN_BAD_CREDENTIALS" }, /* 320 */
	{ "{\"identifier\":\"" HUNDRED HUNDRED HUNDRED TEN "@longe.de12\",\"password\":\"x\"}", 422,
	    "LOGIN_PAYLOAD_INVALID" }, /* 321 */
	{ "{\"identifier\":\"a@b.de\",\"password\":\"" HUNDRED TEN TEN "12345678\"}", 400,
	    "LOGIN_BAD_CREDENTIALS" }, /* 128 */
	{ "{\"identifier\":\"a@b.de\",\"password\":\"" HUNDRED TEN TEN "123456789\"}", 422,
	    "LOGIN_PAYLOAD_INVALID" },
	/* Lengths count code points. */
	{ "{\"identifier\":\"a@b.de\",\"password\":\"" HUNDRED TEN TEN
	  "\\u00fc\\u00fc\\u00fc\\u00fc"
	  "\xc3\xbc\xc3\xbc\xf0\x9f\x9a\xaa\\ud83d\\udeaa\"}",
	    400, "LOGIN_BAD_CREDENTIALS" },
	/* A proof has no policy: control characters are as good as any. */
	{ "{\"identifier\":\"a@b.de\",\"password\":\"\\u0001\"}", 400, "LOGIN_BAD_CREDENTIALS" },
};

START_TEST(test_bodies)
{
	ck_answer(ASK(site, .path = "/auth/login", .json = bodies[_i].given), bodies[_i].status,
	    bodies[_i].code);
}
END_TEST

static const struct {
	const char *given;
	int status;
	const char *code;
} form_bodies[] = {
	{ "username=a%40b.de&password=x", 400, "LOGIN_BAD_CREDENTIALS" },
	{ "username=a%40b.de&password=x&", 400, "LOGIN_BAD_CREDENTIALS" },
	{ "username=a%40b.de&password=%zz", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de&password=%4", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de&password=%ff", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de&password=x%00", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de&password=x&password=x", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de&identifier=a%40b.de&password=x", 400, "REQUEST_BODY_INVALID" },
	{ "username=a%40b.de", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "username=a%40b.de&password=", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "username=a%40b.de&password=x&more=1", 422, "LOGIN_PAYLOAD_INVALID" },
	{ "", 422, "LOGIN_PAYLOAD_INVALID" },
};

START_TEST(test_form_bodies)
{
	ck_answer(ASK(site, .path = "/auth/login", .form = form_bodies[_i].given),
	    form_bodies[_i].status, form_bodies[_i].code);
}
END_TEST

/* What stands in the way of a sign-in; all of it looks the same from outside. */
static const struct {
	const char *sql; /* what is done to the account, NULL: nothing */
	const char *password;
	bool unknown;
} refusals[] = {
	{ NULL, SITE_OTHER_PASSWORD, false },
	{ NULL, SITE_PASSWORD, true }, /* unknown */
	{ "is_active = 0", SITE_PASSWORD, false },
	{ "is_verified = 0", SITE_PASSWORD, false },
	{ "password_hash = ''", SITE_PASSWORD, false },
	{ "password_hash = '$argon2id$v=19$m=9'", SITE_PASSWORD, false },
	{ "password_hash = '$9$abc'", SITE_PASSWORD, false },
	{ "password_hash = '$argon2id$v=19$m=4294967295,t=4294967295,p=1$"
	  "c29tZXNhbHRzb21lc2FsdA$ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZY'",
	    SITE_PASSWORD, false },
};

/* Status line, headers and body without what differs from one answer to the next. */
static const char *
comparable(const struct answer *answer)
{
	const char *id = answer_value(answer, "request_id");
	char *whole = strdup(text("%s%s", answer->headers, answer->body));
	char *date = strstr(whole, "\r\nDate: ");
	const char *copy;

	ck_assert(id != NULL && date != NULL && strlen(id) == 32);
	memset(strstr(whole, id), '-', strlen(id));
	memset(date + 8, '-', 29);
	copy = text("%s", whole);
	free(whole);
	return copy;
}

START_TEST(test_all_refusals_are_one)
{
	const char *email = site_member(site);
	const char *expected;
	struct answer *answer;

	ck_answer(login(email, SITE_PASSWORD), 201, NULL);
	answer = login("nobody@example.org", "x");
	ck_answer(answer, 400, "LOGIN_BAD_CREDENTIALS");
	expected = comparable(answer);
	if (refusals[_i].sql != NULL)
		site_sql(site, "UPDATE users SET %s WHERE email = %Q", refusals[_i].sql, email);
	answer = login(refusals[_i].unknown ? site_email() : email, refusals[_i].password);
	ck_answer(answer, 400, "LOGIN_BAD_CREDENTIALS");
	ck_assert_str_eq(comparable(answer), expected);
}
END_TEST

START_TEST(test_a_refused_login_leaves_no_session)
{
	const char *email = site_member(site);

	login(email, SITE_OTHER_PASSWORD);
	ck_assert_str_eq(site_sql(site,
			     "SELECT count(*) FROM session JOIN users ON users.id = session.user_id"
			     " WHERE email = %Q",
			     email),
	    "0");
}
END_TEST

START_TEST(test_unverified_may_sign_in_where_that_is_configured)
{
	struct site *open = site_start(
	    &(struct site_options){ .settings = { "account.requires_verification", "off" } });
	const char *email = site_email();

	site_user(open, email, SITE_PASSWORD, false);
	site_login_bearer(open, email, SITE_PASSWORD);
}
END_TEST

START_TEST(test_sign_in_by_user_name)
{
	struct site *named = site_start(
	    &(struct site_options){ .settings = { "account.login_identifier", "username" } });
	const char *const words[] = { "user", "add", "ann@example.org", "--username", "Ann",
		"--verified", "--password-stdin", NULL };
	static const struct {
		const char *identifier;
		int status;
	} rows[] = { { "ann", 201 }, { " ANN ", 201 }, { "ann@example.org", 400 }, { "bob", 400 } };

	ck_assert_int_eq(site_ctl(named, SITE_PASSWORD "\n", words).status, 0);
	for (int i = 0; i < LENGTH(rows); i++)
		ck_answer(ASK(named, .path = "/auth/login",
			      .json = site_credentials(rows[i].identifier, SITE_PASSWORD)),
		    rows[i].status, NULL);
}
END_TEST

/* ------------------------------------------------------------------ cross-site requests */

static const struct {
	const char *headers[3];
	int status;
} origins[] = {
	{ { NULL }, 201 },
	{ { "Sec-Fetch-Site: same-origin" }, 201 },
	{ { "Sec-Fetch-Site: none" }, 201 },
	{ { "Sec-Fetch-Site: same-site" }, 403 },
	{ { "Sec-Fetch-Site: cross-site" }, 403 },
	{ { "Origin: OWN" }, 201 },
	{ { "Origin: OWN", "Sec-Fetch-Site: same-origin" }, 201 },
	{ { "Origin: https://app.example.org" }, 201 },
	{ { "Origin: https://app.example.org", "Sec-Fetch-Site: cross-site" }, 201 },
	{ { "Origin: https://evil.example.org" }, 403 },
	{ { "Origin: https://app.example.org.evil.org" }, 403 },
	{ { "Origin: http://app.example.org" }, 403 },
	{ { "Origin: https://app.example.org:444" }, 403 },
	{ { "Origin: https://evil.example.org", "Sec-Fetch-Site: cross-site" }, 403 },
	{ { "Origin: null" }, 403 },
	{ { "Origin: null", "Sec-Fetch-Site: cross-site" }, 403 },
	{ { "Origin: null", "Sec-Fetch-Site: same-origin" }, 201 },
};

START_TEST(test_origins)
{
	struct jar *jar = jar_new();
	struct ask request = { .path = "/auth/web/login", .jar = jar };

	ask(site, &request);
	request.csrf = jar_csrf(jar);
	request.json = site_credentials(site_member(site), SITE_PASSWORD);
	for (int i = 0; origins[_i].headers[i] != NULL; i++)
		request.headers[i] = strcmp(origins[_i].headers[i], "Origin: OWN") == 0
					 ? text("Origin: %s", site->url)
					 : origins[_i].headers[i];
	ck_answer(ask(site, &request), origins[_i].status,
	    origins[_i].status == 403 ? "CSRF_FAILED" : NULL);
}
END_TEST

/* Another site's page can make a browser send cookies, and a form, but not read the token. */
START_TEST(test_csrf_token_is_needed)
{
	const char *credentials = site_credentials(site_member(site), SITE_PASSWORD);
	struct jar *jar = jar_new(), *other = jar_new(), *none = jar_new(), *planted;
	const char *token;

	ASK(site, .path = "/auth/web/login", .jar = jar);
	ASK(site, .path = "/auth/web/login", .jar = other);
	token = jar_csrf(jar);
	const struct {
		struct jar *jar;
		const char *token;
		int status;
	} rows[] = {
		{ jar, NULL, 403 },
		{ jar, "", 403 },
		{ jar, "x", 403 },
		{ jar, jar_csrf(other), 403 },
		{ jar, text("%sx", token), 403 },
		{ jar, text("%.*s", (int)strlen(token) - 1, token), 403 },
		{ none, token, 403 },
		{ jar, token, 201 },
	};
	for (int i = 0; i < LENGTH(rows); i++)
		ck_answer(ASK(site, .path = "/auth/web/login", .jar = rows[i].jar,
			      .csrf = rows[i].token, .json = credentials),
		    rows[i].status, rows[i].status == 403 ? "CSRF_FAILED" : NULL);
	/* Equal cookie and header are not enough: the token must be ours. */
	planted = jar_new();
	token = "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	jar_set(planted, "yett_csrf", token);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = planted, .csrf = token,
		      .json = credentials),
	    403, "CSRF_FAILED");
}
END_TEST

/* Judged before the body is: nothing can be learnt from its answers. */
START_TEST(test_csrf_comes_before_the_body)
{
	struct jar *jar = jar_new();

	ASK(site, .path = "/auth/web/login", .jar = jar);
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .json = "{"), 403, "CSRF_FAILED");
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .form = "%"), 403, "CSRF_FAILED");
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .type = "text/plain", .body = "x"),
	    403, "CSRF_FAILED");
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar), .json = "{"),
	    400, "REQUEST_BODY_INVALID");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar,
		      .form = text("csrf_token=%s&password=%%", jar_csrf(jar))),
	    403, "CSRF_FAILED");
}
END_TEST

START_TEST(test_bearer_login_needs_no_csrf_token)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);

	ck_answer(ASK(site, .path = "/auth/login", .jar = jar,
		      .form = form("username", site_member(site), "password", SITE_PASSWORD, NULL)),
	    201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ limits and time */

static struct site *limited; /* limits as they are by default */
static struct site *floored; /* no answer before 150 ms */

static struct answer *
limited_login(const char *email, const char *password, const char *address)
{
	return ASK(limited, .path = "/auth/login", .json = site_credentials(email, password),
	    .address = address);
}

START_TEST(test_the_sixth_failure_is_too_many)
{
	const char *email = site_member(limited);
	struct answer *answer;

	for (int i = 0; i < 5; i++)
		ck_answer(limited_login(email, "wrong", "127.0.1.1"), 400, "LOGIN_BAD_CREDENTIALS");
	answer = limited_login(email, SITE_PASSWORD, "127.0.1.1");
	ck_answer(answer, 429, "RATE_LIMITED");
	ck_assert_ptr_nonnull(answer_header(answer, "Retry-After"));
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	ck_assert_int_le(atoi(answer_header(answer, "Retry-After")), 300);
	/* Another account or another place is not concerned; another spelling is the same account.
	 */
	ck_answer(limited_login(site_member(limited), SITE_PASSWORD, "127.0.1.1"), 201, NULL);
	ck_answer(limited_login(email, SITE_PASSWORD, "127.0.1.2"), 201, NULL);
	ck_answer(limited_login(text(" USER%s", email + 4), SITE_PASSWORD, "127.0.1.1"), 429,
	    "RATE_LIMITED");
}
END_TEST

START_TEST(test_unknown_addresses_are_limited_alike)
{
	for (int i = 0; i < 6; i++)
		ck_answer(limited_login("nobody@example.org", "wrong", "127.0.1.3"),
		    i < 5 ? 400 : 429, NULL);
}
END_TEST

START_TEST(test_success_gives_the_try_back)
{
	const char *email = site_member(limited);

	for (int i = 0; i < 8; i++)
		ck_answer(limited_login(email, SITE_PASSWORD, "127.0.1.4"), 201, NULL);
	for (int i = 0; i < 5; i++)
		ck_answer(limited_login(email, "wrong", "127.0.1.4"), 400, NULL);
	ck_answer(limited_login(email, "wrong", "127.0.1.4"), 429, NULL);
}
END_TEST

START_TEST(test_parallel_tries_do_not_slip_through)
{
	const char *body = site_credentials(site_member(limited), "wrong");
	struct ask requests[20];
	struct answer *answers[20];
	int refused = 0, limits = 0;

	for (int i = 0; i < LENGTH(requests); i++)
		requests[i] =
		    (struct ask){ .path = "/auth/login", .json = body, .address = "127.0.1.5" };
	ask_all(limited, requests, LENGTH(requests), answers);
	for (int i = 0; i < LENGTH(requests); i++) {
		refused += answers[i]->status == 400;
		limits += answers[i]->status == 429;
	}
	ck_assert_int_eq(refused, 5);
	ck_assert_int_eq(limits, 15);
}
END_TEST

/* The 101st failure from one address, whatever the accounts. */
START_TEST(test_an_address_is_limited_over_all_accounts)
{
	struct ask requests[110];
	struct answer *answers[110];
	int limits = 0;

	for (int i = 0; i < LENGTH(requests); i++)
		requests[i] = (struct ask){ .path = "/auth/login",
			.address = "127.0.1.6",
			.json = site_credentials(text("spray%d@example.org", i), "wrong") };
	ask_all(limited, requests, LENGTH(requests), answers);
	for (int i = 0; i < LENGTH(requests); i++)
		limits += answers[i]->status == 429;
	ck_assert_int_eq(limits, 10);
	ck_answer(limited_login(site_member(limited), SITE_PASSWORD, "127.0.1.6"), 429, NULL);
}
END_TEST

/* Headers that anybody can send do not move the client elsewhere. */
START_TEST(test_forwarding_headers_of_strangers_are_not_believed)
{
	const char *body = site_credentials(site_member(limited), "wrong");

	for (int i = 0; i < 6; i++)
		ck_answer(ASK(limited, .path = "/auth/login", .json = body, .address = "127.0.1.7",
			      .headers = { text("X-Forwarded-For: 10.0.0.%d", i),
				  text("Forwarded: for=10.0.0.%d", i) }),
		    i < 5 ? 400 : 429, NULL);
}
END_TEST

START_TEST(test_the_limiter_keeps_no_address_in_clear)
{
	const char *email = site_member(limited);

	limited_login(email, "wrong", "127.0.1.8");
	ck_assert_str_ne(site_sql(limited, "SELECT count(*) FROM attempt"), "0");
	ck_assert_str_eq(site_sql(limited,
			     "SELECT count(*) FROM attempt WHERE typeof(bucket) <> 'blob'"
			     " OR length(bucket) <> 32 OR instr(bucket, %Q) > 0",
			     email),
	    "0");
}
END_TEST

/* A store that is away is no "not limited". */
START_TEST(test_without_its_store_login_is_unavailable)
{
	const char *email = site_member(site);
	struct sqlite3 *lock = site_lock(site);
	struct answer *answer =
	    ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));

	site_unlock(lock);
	ck_answer(answer, 503, "SERVICE_UNAVAILABLE");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	site_login_bearer(site, email, SITE_PASSWORD);
}
END_TEST

START_TEST(test_lockout_looks_like_a_wrong_password)
{
	struct site *locking =
	    site_start(&(struct site_options){ .settings = { "account.lockout_failures", "3" } });
	const char *email = site_member(locking), *free = site_member(locking);

	for (int i = 0; i < 3; i++)
		ck_answer(
		    ASK(locking, .path = "/auth/login", .json = site_credentials(email, "wrong"),
			.address = text("127.0.2.%d", i + 1)),
		    400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(ASK(locking, .path = "/auth/login",
		      .json = site_credentials(email, SITE_PASSWORD), .address = "127.0.2.9"),
	    400, "LOGIN_BAD_CREDENTIALS");
	site_login_bearer(locking, free, SITE_PASSWORD);
}
END_TEST

START_TEST(test_every_outcome_waits_for_the_floor)
{
	const char *email = site_member(floored);
	const struct {
		const char *json;
		int status;
	} rows[] = {
		{ site_credentials(email, SITE_PASSWORD), 201 },
		{ site_credentials(email, "wrong"), 400 },
		{ site_credentials("nobody@example.org", "wrong"), 400 },
		{ "{}", 422 },
		{ "{", 400 },
	};

	for (int i = 0; i < LENGTH(rows); i++) {
		struct answer *answer = ASK(floored, .path = "/auth/login", .json = rows[i].json);

		ck_answer(answer, rows[i].status, NULL);
		ck_assert_double_ge(answer->seconds, 0.15);
	}
}
END_TEST

/* Twenty answers wait at the same time: the floor holds up no process. */
START_TEST(test_the_floor_costs_no_capacity)
{
	struct ask requests[20];
	struct answer *answers[20];

	for (int i = 0; i < LENGTH(requests); i++)
		requests[i] = (struct ask){ .path = "/auth/login",
			.json = site_credentials(text("wait%d@example.org", i), "wrong") };
	ask_all(floored, requests, LENGTH(requests), answers);
	for (int i = 0; i < LENGTH(requests); i++) {
		ck_assert_double_ge(answers[i]->seconds, 0.15);
		ck_assert_double_le(answers[i]->seconds, 1.2);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("login");

	site = site_start(
	    &(struct site_options){ .settings = { "site.allowed_origins", "https://app.example.org",
					"database.busy_timeout", "300ms" } });
	limited = site_start(&(struct site_options){
	    .settings = { "limit.login", "5/5m", "limit.login_address", "100/5m" } });
	floored =
	    site_start(&(struct site_options){ .settings = { "account.response_floor", "150ms" } });
	tcase_add_test(tests, test_bearer_gets_tokens);
	tcase_add_test(tests, test_cookie_backend_sets_cookies_and_says_null);
	tcase_add_test(tests, test_get_login_gives_csrf_token_to_clients);
	tcase_add_test(tests, test_login_always_makes_a_new_session);
	tcase_add_test(tests, test_planted_cookies_are_replaced);
	tcase_add_loop_test(tests, test_identifier_is_trimmed, 0, LENGTH(spellings));
	tcase_add_test(tests, test_identifier_ignores_case_and_width);
	tcase_add_test(tests, test_passwords_are_compared_byte_for_byte);
	tcase_add_test(tests, test_forms_sign_in_too);
	tcase_add_test(tests, test_old_hash_is_upgraded);
	tcase_add_test(tests, test_tokens_are_stored_as_digests);
	tcase_add_loop_test(tests, test_bodies, 0, LENGTH(bodies));
	tcase_add_loop_test(tests, test_form_bodies, 0, LENGTH(form_bodies));
	tcase_add_loop_test(tests, test_all_refusals_are_one, 0, LENGTH(refusals));
	tcase_add_test(tests, test_a_refused_login_leaves_no_session);
	tcase_add_test(tests, test_unverified_may_sign_in_where_that_is_configured);
	tcase_add_test(tests, test_sign_in_by_user_name);
	tcase_add_loop_test(tests, test_origins, 0, LENGTH(origins));
	tcase_add_test(tests, test_csrf_token_is_needed);
	tcase_add_test(tests, test_csrf_comes_before_the_body);
	tcase_add_test(tests, test_bearer_login_needs_no_csrf_token);
	tcase_add_test(tests, test_the_sixth_failure_is_too_many);
	tcase_add_test(tests, test_unknown_addresses_are_limited_alike);
	tcase_add_test(tests, test_success_gives_the_try_back);
	tcase_add_test(tests, test_parallel_tries_do_not_slip_through);
	tcase_add_test(tests, test_an_address_is_limited_over_all_accounts);
	tcase_add_test(tests, test_forwarding_headers_of_strangers_are_not_believed);
	tcase_add_test(tests, test_the_limiter_keeps_no_address_in_clear);
	tcase_add_test(tests, test_without_its_store_login_is_unavailable);
	tcase_add_test(tests, test_lockout_looks_like_a_wrong_password);
	tcase_add_test(tests, test_every_outcome_waits_for_the_floor);
	tcase_add_test(tests, test_the_floor_costs_no_capacity);
	return site_run(tests);
}
