/* Forged headers and oversized requests. */
#include "http/storm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 3

static struct site *site;
static struct site *limited; /* believes no proxy */
static struct site *proxied; /* believes 127.0.0.1 and 10.0.0.0/8 */

static const char application[] = "server.modules += ( \"mod_cgi\" )\n"
				  "cgi.assign = ( \".sh\" => \"/bin/sh\" )\n";
static const char script[] = "printf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv\n";

/* What the application behind the guard, or before it, finds in its environment. */
static const char *
application_sees(struct answer *answer, const char *name)
{
	const char *line = strstr(answer->body, text("\n%s=", name));

	ck_answer(answer, 200, NULL);
	ck_assert(answer_has(answer, "REQUEST_METHOD="));
	if (line == NULL)
		return NULL;
	line += strlen(name) + 2;
	return text("%.*s", (int)strcspn(line, "\n"), line);
}

#define SPOOF                                                                             \
	.headers = { "Remote-User: admin", "X-Auth-User: admin", "Auth-Roles: superuser", \
		"X-Auth-Roles: superuser", "Variable-AUTH_USER: admin",                   \
		"Variable-REMOTE_USER: admin", "X-Auth-Email: admin@example.org",         \
		"X-Auth-Backend: forged" }

START_TEST(test_application_sees_who_it_is)
{
	const char *email = site_email();
	const char *id = site_user(site, email, SITE_PASSWORD, true);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = ASK(site, .path = "/members/app.sh", .bearer = login.access, SPOOF);

	ck_assert_str_eq(application_sees(answer, "AUTH_USER"), id);
	ck_assert_str_eq(application_sees(answer, "REMOTE_USER"), id);
	ck_assert_str_eq(application_sees(answer, "AUTH_EMAIL"), email);
	ck_assert_str_eq(application_sees(answer, "AUTH_ROLES"), "");
	ck_assert_str_eq(application_sees(answer, "AUTH_BACKEND"), "api");
}
END_TEST

/* Neither behind the guard nor on an open page is there a value that the client chose. */
START_TEST(test_forged_identity_headers_do_not_arrive)
{
	static const char *const names[] = { "HTTP_REMOTE_USER", "HTTP_X_AUTH_USER",
		"HTTP_AUTH_ROLES", "HTTP_X_AUTH_ROLES", "HTTP_X_AUTH_EMAIL",
		"HTTP_X_AUTH_BACKEND" };
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *answers[] = {
		ASK(site, .path = "/members/app.sh", .bearer = login.access, SPOOF),
		ASK(site, .path = "/app.sh", SPOOF),
	};

	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			const char *seen = application_sees(answers[i], names[j]);

			ck_assert_msg(
			    seen == NULL || seen[0] == '\0', "%d: %s=%s", i, names[j], seen);
		}
	}
	ck_assert_ptr_null(application_sees(answers[1], "AUTH_USER"));
	ck_assert_ptr_null(application_sees(answers[1], "REMOTE_USER"));
}
END_TEST

START_TEST(test_forged_headers_do_not_pass_the_guard)
{
	ck_answer(ASK(site, .path = "/members/app.sh", SPOOF), 401, NULL);
	ck_answer(ASK(site, .path = "/admin/", SPOOF), 401, NULL);
	ck_answer(
	    ASK(site, .path = "/admin/",
		.bearer = site_login_bearer(site, site_member(site), SITE_PASSWORD).access, SPOOF),
	    403, NULL);
	/* as authorizer it does not read what a proxy would set */
	ck_answer(ASK(site, .path = "/members/",
		      .headers = { "X-Original-URI: /", "X-Forwarded-Uri: /", "Original-URI: /",
			  "Auth-Rule: none", "X-Original-Method: OPTIONS" }),
	    401, NULL);
	ck_answer(
	    ASK(site, .path = "/auth/guard",
		.headers = { "Original-URI: /", "Auth-Rule: none", "X-Original-URI: /members/" }),
	    401, NULL);
	ck_answer(ASK(site, .path = "/auth/guard",
		      .headers = { "X-Original-URI: /members/", "X-Forwarded-Uri: /members/" }),
	    401, NULL);
}
END_TEST

/* ------------------------------------------------------------------ client addresses */

static struct answer *
attempt_from(const struct site *where, const char *address, const char *forwarded)
{
	return ASK(where, .path = "/auth/login", .address = address,
	    .json = site_credentials(site_email(), SITE_PASSWORD), .headers = { forwarded });
}

START_TEST(test_forwarded_for_is_not_believed)
{
	for (int i = 0; i < ATTEMPTS; i++)
		ck_answer(attempt_from(limited, "127.0.0.21", text("X-Forwarded-For: 9.9.9.%d", i)),
		    400, NULL);
	ck_answer(
	    attempt_from(limited, "127.0.0.21", "X-Forwarded-For: 8.8.8.8"), 429, "RATE_LIMITED");
	ck_answer(
	    attempt_from(limited, "127.0.0.21", "Forwarded: for=8.8.8.8"), 429, "RATE_LIMITED");
	ck_answer(attempt_from(limited, "127.0.0.21", "X-Real-IP: 8.8.8.8"), 429, "RATE_LIMITED");
	ck_answer(attempt_from(limited, "127.0.0.21", "Client-IP: 8.8.8.8"), 429, "RATE_LIMITED");
	ck_answer(attempt_from(limited, "127.0.0.22", NULL), 400, NULL);
}
END_TEST

START_TEST(test_trusted_proxy_names_the_client)
{
	const char *proxy = "127.0.0.1";

	/* what the client made up stands left of what the proxy saw */
	for (int i = 0; i < ATTEMPTS; i++)
		ck_answer(
		    attempt_from(proxied, proxy, text("X-Forwarded-For: 8.8.8.%d, 9.9.9.9", i)),
		    400, NULL);
	ck_answer(
	    attempt_from(proxied, proxy, "X-Forwarded-For: 7.7.7.7, 9.9.9.9"), 429, "RATE_LIMITED");
	/* through one more trusted proxy it is the same client */
	ck_answer(attempt_from(proxied, proxy, "X-Forwarded-For: 7.7.7.7, 9.9.9.9, 10.1.2.3"), 429,
	    "RATE_LIMITED");
	ck_answer(attempt_from(proxied, proxy, "X-Forwarded-For: 7.7.7.7"), 400, NULL);
	/* another peer is no proxy, whatever it says */
	for (int i = 0; i < ATTEMPTS; i++)
		ck_answer(attempt_from(proxied, "127.0.0.23", text("X-Forwarded-For: 5.5.5.%d", i)),
		    400, NULL);
	ck_answer(
	    attempt_from(proxied, "127.0.0.23", "X-Forwarded-For: 4.4.4.4"), 429, "RATE_LIMITED");
}
END_TEST

START_TEST(test_ipv6_counts_by_network)
{
	for (int i = 0; i < ATTEMPTS; i++)
		ck_answer(attempt_from(proxied, "127.0.0.1",
			      text("X-Forwarded-For: 2001:db8:1:2:%x::1", i + 1)),
		    400, NULL);
	ck_answer(attempt_from(proxied, "127.0.0.1", "X-Forwarded-For: 2001:db8:1:2:ffff::9"), 429,
	    "RATE_LIMITED");
	ck_answer(
	    attempt_from(proxied, "127.0.0.1", "X-Forwarded-For: 2001:db8:1:3::1"), 400, NULL);
}
END_TEST

/* ------------------------------------------------------------------ injection */

/* No line of the log begins with what a client sent, and no control byte is in it. */
static void
log_is_clean(size_t from)
{
	const char *log;

	storm_rest(300);
	log = site_log(site, from);
	ck_assert_msg(strstr(log, "\nforged") == NULL, "%s", log);
	for (; *log != '\0'; log++)
		ck_assert_msg(*log == '\n' || ((unsigned char)*log >= 0x20 && *log != 0x7f),
		    "byte %d in the log: %.80s", *log, log);
}

static void
header_is_clean(const struct answer *answer)
{
	ck_assert_ptr_null(answer_header(answer, "X-Forged"));
	ck_assert_msg(strstr(answer->headers, "\r\nforged") == NULL, "%s", answer->headers);
}

START_TEST(test_line_breaks_forge_nothing)
{
	static const char *const paths[] = { "/auth/login%0d%0aX-Forged:%20yes",
		"/members/%0d%0aX-Forged:%20y", "/members/x%0aforged",
		"/auth/guard?require=a%0d%0aX-Forged:%20y",
		"/auth/web/login?next=/a%0d%0aX-Forged:%20y", "/users/me%00%0aforged",
		"/auth/sessions/%0d%0aforged", "/auth/register?next=%0d%0aX-Forged:y" };
	size_t from = site_log_size(site);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		header_is_clean(ASK(site, .path = paths[i], .browser = true));
		header_is_clean(ASK(site, .path = paths[i]));
		header_is_clean(ASK(site, .path = paths[i], .json = "{}"));
	}
	log_is_clean(from);
}
END_TEST

START_TEST(test_addresses_with_line_breaks_are_refused)
{
	static const char *const emails[] = { "a@example.org\\r\\nX-Forged: y",
		"a\\nforged@example.org", "a@example.org\\u0000forged", "a@exa\\u001bmple.org" };
	size_t from = site_log_size(site);

	for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
		struct answer *answers[] = {
			ASK(site, .path = "/auth/login",
			    .json = site_credentials(emails[i], SITE_PASSWORD)),
			ASK(site, .path = "/auth/register",
			    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", emails[i],
				SITE_PASSWORD)),
		};
		for (int j = 0; j < 2; j++) {
			ck_assert_msg(answers[j]->status == 422 || answers[j]->status == 400,
			    "%s%s", answers[j]->headers, answers[j]->body);
			header_is_clean(answers[j]);
		}
	}
	log_is_clean(from);
}
END_TEST

START_TEST(test_next_leaves_neither_site_nor_line)
{
	static const char *const nexts[] = { "/a\r\nX-Forged: y", "//evil.example/",
		"/\\evil.example", "https://evil.example/", "/\t/evil.example",
		"/%0d%0aX-Forged:%20y" };

	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		const char *email = site_member(site), *location;
		struct jar *jar = jar_new();
		struct answer *answer;

		ck_answer(
		    ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true), 200, NULL);
		answer = ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true,
		    .form = form("identifier", email, "password", SITE_PASSWORD, "csrf_token",
			jar_csrf(jar), "next", nexts[i], NULL));
		header_is_clean(answer);
		ck_answer(answer, 303, NULL);
		location = answer_header(answer, "Location");
		ck_assert_ptr_nonnull(location);
		ck_assert_msg(location[0] == '/' && location[1] != '/' && location[1] != '\\', "%s",
		    location);
	}
}
END_TEST

/* Control bytes cannot come through libcurl; by hand they can. */
START_TEST(test_user_agents_with_control_bytes)
{
	const char *email = site_member(site);
	const char *body = site_credentials(email, SITE_PASSWORD);
	size_t from = site_log_size(site);
	static const char *const agents[] = { "\033[2Jforged", "a\tb", "\x80\xff\xfe", "a\rforged",
		"\001\002", "%s%n%x" };

	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		const char *request =
		    text("POST /auth/login HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: %s\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			agents[i], strlen(body), body);
		struct answer *answer = ask_raw(site, request, strlen(request));

		header_is_clean(answer);
		ck_assert_msg(
		    answer->status == 201 || answer->status == 400, "%s", answer->headers);
		if (answer->status != 201)
			continue;
		answer = ASK(
		    site, .path = "/auth/sessions", .bearer = answer_value(answer, "access_token"));
		ck_answer(answer, 200, NULL); /* and still is JSON */
		ck_assert_ptr_nonnull(answer->json);
	}
	log_is_clean(from);
}
END_TEST

/* ------------------------------------------------------------------ too much */

static const char *
many(char byte, size_t count)
{
	char *bytes = malloc(count + 1); /* ends with the test */

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, byte, count);
	bytes[count] = '\0';
	return bytes;
}

/* A clear no, or a closed connection; never a success, never a fault of ours. */
static void
refused(const struct answer *answer)
{
	ck_assert_msg(answer->status == 0 || (answer->status >= 400 && answer->status < 500),
	    "%.300s", answer->headers);
}

static void
refused_raw(const char *request)
{
	refused(ask_raw(site, request, strlen(request)));
}

START_TEST(test_too_much_is_refused_and_breaks_nothing)
{
	const char *before = storm_pids(site), *cookies = "";
	const size_t sizes[] = { 8 * 1024 + 1, 20000, 70000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		refused(ASK(site, .path = text("/auth/login/%s", many('a', sizes[i]))));
		refused(ASK(site, .path = text("/members/%s", many('a', sizes[i]))));
		refused(ASK(site, .path = text("/auth/guard?require=%s", many('a', sizes[i]))));
		refused(ASK(site, .path = "/users/me", .bearer = many('a', sizes[i])));
		refused(ASK(site, .path = "/members/",
		    .headers = { text("Cookie: yett=%s", many('b', sizes[i])) }));
		refused(ASK(site, .path = "/auth/guard",
		    .headers = { text("X-Original-URI: /members/%s", many('c', sizes[i])) }));
	}
	for (int i = 0; i < 300; i++)
		cookies = text("%s%syett%d=%d", cookies, i == 0 ? "" : "; ", i, i);
	refused(ASK(site, .path = "/users/me", .headers = { text("Cookie: %s", cookies) }));
	refused(ASK(site, .path = "/members/", .headers = { text("Cookie: %s", many(';', 6000)) }));
	ck_assert_str_eq(storm_pids(site), before);
}
END_TEST

START_TEST(test_bodies_of_any_size)
{
	static const char *const paths[] = { "/auth/login", "/auth/register", "/auth/refresh" };
	const char *before = storm_pids(site);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *most = text("{\"a\":\"%s\"}", many('a', 16 * 1024 - 8));

		ck_assert_uint_eq(strlen(most), 16 * 1024);
		ck_answer(ASK(site, .path = paths[i], .json = most), 422, NULL);
		ck_answer(ASK(site, .path = paths[i], .json = text("%s ", most)), 413,
		    "REQUEST_BODY_TOO_LARGE");
		ck_answer(ASK(site, .path = paths[i], .json = many('a', 1000000)), 413, NULL);
		refused(ASK(site, .path = paths[i], .json = many('[', 16000)));
		refused(ASK(site, .path = paths[i], .form = many('&', 16000)));
		refused(ASK(site, .path = paths[i], .form = many('=', 16000)));
	}
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .form = many('&', 16000)), 403, "CSRF_FAILED");
	ck_assert_str_eq(storm_pids(site), before);
}
END_TEST

START_TEST(test_lying_lengths)
{
	static const char *const lengths[] = { "-1", "18446744073709551616",
		"99999999999999999999999", "0x10", "1 1", "+5", "5,5", "1e3", "" };
	const char *before = storm_pids(site);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		refused_raw(text("POST /auth/login HTTP/1.0\r\nHost: a\r\n" STORM_JSON
				 "Content-Length: %s\r\n\r\n{\"a\":1}",
		    lengths[i]));
	refused_raw("POST /auth/login HTTP/1.0\r\nHost: a\r\n" STORM_JSON
		    "Content-Length: 7\r\nContent-Length: 3\r\n\r\n{\"a\":1}");
	refused_raw("POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" STORM_JSON
		    "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n{\"a\":1}");
	refused_raw("POST /auth/login HTTP/1.0\r\nHost: a\r\n" STORM_JSON
		    "Content-Length: 3\r\n\r\n{\"a\":1}");
	ck_assert_str_eq(storm_pids(site), before);
}
END_TEST

/* A client that sends less than it said holds up nobody else. */
START_TEST(test_unfinished_bodies_hold_up_nobody)
{
	const char *before = storm_pids(site), *email = site_member(site);
	const char *start = "POST /auth/login HTTP/1.1\r\nHost: a\r\n" STORM_JSON
			    "Content-Length: 100\r\n\r\n{\"a\":1";
	int sockets[20];
	struct answer *answer;

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		sockets[i] = ask_connect(site);
		ck_assert_int_gt((int)send(sockets[i], start, strlen(start), 0), 0);
	}
	answer = ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));
	ck_answer(answer, 201, NULL);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		close(sockets[i]);
	site_login_bearer(site, email, SITE_PASSWORD);
	ck_assert_str_eq(storm_pids(site), before);
}
END_TEST

static void
application_install(const char *path)
{
	FILE *file = fopen(text("%s/site/%s", site->directory, path), "w");

	if (file == NULL || fputs(script, file) < 0 || fclose(file) != 0)
		abort();
}

int
main(void)
{
	TCase *tests = tcase_create("header");

	site = site_start(&(struct site_options){ .lighttpd = application });
	limited =
	    site_start(&(struct site_options){ .settings = { "limit.login_address", "3/5m" } });
	proxied = site_start(
	    &(struct site_options){ .settings = { "limit.login_address", "3/5m",
					"site.trusted_proxies", "127.0.0.1 10.0.0.0/8" } });
	application_install("app.sh");
	application_install("members/app.sh");
	tcase_add_test(tests, test_application_sees_who_it_is);
	tcase_add_test(tests, test_forged_identity_headers_do_not_arrive);
	tcase_add_test(tests, test_forged_headers_do_not_pass_the_guard);
	tcase_add_test(tests, test_forwarded_for_is_not_believed);
	tcase_add_test(tests, test_trusted_proxy_names_the_client);
	tcase_add_test(tests, test_ipv6_counts_by_network);
	tcase_add_test(tests, test_line_breaks_forge_nothing);
	tcase_add_test(tests, test_addresses_with_line_breaks_are_refused);
	tcase_add_test(tests, test_next_leaves_neither_site_nor_line);
	tcase_add_test(tests, test_user_agents_with_control_bytes);
	tcase_add_test(tests, test_too_much_is_refused_and_breaks_nothing);
	tcase_add_test(tests, test_bodies_of_any_size);
	tcase_add_test(tests, test_lying_lengths);
	tcase_add_test(tests, test_unfinished_bodies_hold_up_nobody);
	return site_run(tests);
}
