/* The guard: lighttpd's authorizer before /members and /admin, sub-requests, and GET {auth}/guard.
 */
#include <signal.h>
#include <stdio.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define SECRET "only-members-may-read-this"

static struct site *site;

/* An application behind the gate, the server's own rule names, and sub-requests as nginx makes
 * them: the outer request in variables that no client can send. */
static const char lighttpd_more[] =
    "server.modules += ( \"mod_cgi\" )\n"
    "cgi.assign = ( \".sh\" => \"/bin/sh\" )\n"
    "$HTTP[\"url\"] =~ \"^/members/editors\" { setenv.add-environment = "
    "( \"AUTH_RULE\" => \"any-role editor\" ) }\n"
    "$HTTP[\"url\"] =~ \"^/members/open\" { setenv.add-environment = ( \"AUTH_RULE\" => \"none\" ) "
    "}\n"
    "$HTTP[\"url\"] =~ \"^/members/broken\" { setenv.add-environment = "
    "( \"AUTH_RULE\" => \"everybody\" ) }\n"
    "$HTTP[\"url\"] =~ \"^/auth/guard/members\" { setenv.add-environment = "
    "( \"ORIGINAL_URI\" => \"/members/x?y\", \"ORIGINAL_METHOD\" => \"POST\" ) }\n"
    "$HTTP[\"url\"] =~ \"^/auth/guard/admin\" { setenv.add-environment = "
    "( \"ORIGINAL_URI\" => \"/admin/x\", \"ORIGINAL_METHOD\" => \"GET\" ) }\n"
    "$HTTP[\"url\"] =~ \"^/auth/guard/slash\" { setenv.add-environment = "
    "( \"ORIGINAL_URI\" => \"/public%2f../admin\", \"ORIGINAL_METHOD\" => \"GET\" ) }\n"
    "$HTTP[\"url\"] =~ \"^/auth/guard/public\" { setenv.add-environment = "
    "( \"ORIGINAL_URI\" => \"/public/x\", \"ORIGINAL_METHOD\" => \"GET\" ) }\n";

/* Who asks. */
enum caller { NOBODY, UNVERIFIED, MEMBER, EDITOR, ADMIN, CALLERS };
static const char *emails[CALLERS];
static struct login logins[CALLERS];
static struct jar *jars[CALLERS];

static void
put(const char *name, const char *contents)
{
	FILE *file = fopen(text("%s/site/%s", site->directory, name), "w");

	if (file == NULL || fputs(contents, file) < 0 || fclose(file) != 0)
		ck_abort_msg("cannot write %s", name);
}

/* Users and files, made once: an unchecked fixture runs before the tests are forked. */
static void
setup(void)
{
	static const char *const roles[] = { [EDITOR] = "editor", [ADMIN] = "superuser" };

	for (int i = UNVERIFIED; i < CALLERS; i++) {
		emails[i] = text("caller-%d@example.org", i);
		site_user(site, emails[i], SITE_PASSWORD, i != UNVERIFIED);
		if (i == EDITOR)
			CTL(site, "role", "create", "editor");
		if (i >= EDITOR)
			CTL(site, "role", "assign", roles[i], emails[i]);
		logins[i] = site_login_bearer(site, emails[i], SITE_PASSWORD);
		jars[i] = site_login_cookie(site, emails[i], SITE_PASSWORD);
	}
	put("members/secret.txt", SECRET);
	put("members/open.txt", "open");
	put("members/editors.txt", "editors");
	put("members/broken.txt", "broken");
	put("admin/secret.txt", SECRET);
	put("members/env.sh", "echo 'Content-Type: text/plain'; echo; env\n");
}

/* ------------------------------------------------------------------ paths through lighttpd */

static const struct {
	const char *path;
	int status[CALLERS];
} paths[] = {
	{ "/", { 200, 200, 200, 200, 200 } },
	{ "/members/", { 401, 403, 200, 200, 200 } },
	{ "/members", { 401, 403, 301, 301, 301 } },
	{ "/members/secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/members/secret.txt?a=/public/&b=%2f", { 401, 403, 200, 200, 200 } },
	{ "/members/nothing", { 401, 403, 404, 404, 404 } },
	{ "/admin/", { 401, 403, 403, 403, 200 } },
	{ "/admin/secret.txt", { 401, 403, 403, 403, 200 } },
	/* A prefix covers whole segments: this is under no rule, where "authenticated" holds. */
	{ "/membersx", { 401, 404, 404, 404, 404 } },
	/* The longest prefix wins, whatever the order of the sections; a slash at its end is
	   nothing. */
	{ "/members/inner/free/x", { 404, 404, 404, 404, 404 } },
	{ "/members/inner/free", { 404, 404, 404, 404, 404 } },
	{ "/members/inner/freedom", { 401, 403, 403, 403, 404 } },
	{ "/members/inner", { 401, 403, 403, 403, 404 } },
	{ "/members/inner/x", { 401, 403, 403, 403, 404 } },
	{ "/members/innerx", { 401, 403, 404, 404, 404 } },
	{ "/members/inner/free/../x", { 401, 403, 403, 403, 404 } },
	/* One path, many spellings. */
	{ "//members/secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/members//secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/./members/./secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/%6dembers/secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/%6Dembers/%73ecret.txt", { 401, 403, 200, 200, 200 } },
	{ "/x/../members/secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/%2e/members/secret.txt", { 401, 403, 200, 200, 200 } },
	{ "/members/../admin/secret.txt", { 401, 403, 403, 403, 200 } },
	{ "/members/%2e%2e/admin/secret.txt", { 401, 403, 403, 403, 200 } },
	{ "/members/x/../../admin/secret.txt", { 401, 403, 403, 403, 200 } },
	{ "/admin/./secret.txt", { 401, 403, 403, 403, 200 } },
	/* What could be read in two ways is refused to everybody. */
	{ "/members%2fsecret.txt", { 401, 403, 403, 403, 403 } },
	{ "/%2fmembers/secret.txt", { 401, 403, 403, 403, 403 } },
	{ "/members/..%2fadmin/secret.txt", { 401, 403, 403, 403, 403 } },
	{ "/members%5csecret.txt", { 401, 403, 403, 403, 403 } },
	{ "/members/%252e%252e/admin/secret.txt", { 401, 403, 403, 403, 403 } },
	{ "/members/%zz", { 401, 403, 403, 403, 403 } },
	{ "/members/%", { 401, 403, 403, 403, 403 } },
	{ "/members/..;/admin/secret.txt", { 401, 403, 403, 403, 403 } },
	/* A segment of nothing but parameters is none to an application that drops them. */
	{ "/members/;/inner/x", { 401, 403, 403, 403, 404 } },
	{ "/members/%3b/inner/x", { 401, 403, 403, 403, 404 } },
	{ "/members/;x/;y/inner/x", { 401, 403, 403, 403, 404 } },
	{ "/members/;/../admin/secret.txt", { 401, 403, 403, 403, 403 } },
	/* The server's own answers. */
	{ "/members/%00", { 400, 400, 400, 400, 400 } },
	{ "/members/%ff", { 400, 400, 400, 400, 400 } },
	{ "/MEMBERS/secret.txt", { 404, 404, 404, 404, 404 } },
	/* A rule that the server names beats the path. */
	{ "/members/editors.txt", { 401, 403, 403, 200, 403 } },
	{ "/members/open.txt", { 200, 200, 200, 200, 200 } },
	{ "/members/broken.txt", { 401, 403, 403, 403, 403 } },
	/* The rule "members" is asked about by a sub-request, which no path tells. */
	{ "/auth/guard/members", { 401, 403, 200, 200, 200 } },
	{ "/auth/guard/admin", { 401, 403, 403, 403, 200 } },
	{ "/auth/guard/slash", { 401, 403, 403, 403, 403 } },
	{ "/auth/guard/public", { 401, 200, 200, 200, 200 } },
};

START_TEST(test_paths)
{
	for (int i = 0; i < CALLERS; i++) {
		struct answer *answer =
		    ASK(site, .path = paths[_i].path, .bearer = logins[i].access);

		ck_assert_msg(answer->status == paths[_i].status[i], "%s as %d: %ld, wanted %d",
		    paths[_i].path, i, answer->status, paths[_i].status[i]);
		ck_assert(answer->status == 200 || !answer_has(answer, SECRET));
		if (i > 0)
			ck_assert_int_eq(ASK(site, .path = paths[_i].path, .jar = jars[i])->status,
			    paths[_i].status[i]);
	}
}
END_TEST

START_TEST(test_a_slash_at_the_end_of_a_rule_is_nothing)
{
	const char *const words[] = { "set", "protect /slashed/.require", "verified", NULL };
	struct ctl_result result = site_ctl(site, NULL, words);

	ck_assert_msg(result.status == 0, "%s", result.err);
}
END_TEST

/* Nothing that a client can send as a method or body changes the answer. */
START_TEST(test_methods)
{
	static const char *const methods[] = { "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
		"TRACE", "PROPFIND" };

	for (int i = 0; i < LENGTH(methods); i++) {
		struct answer *answer =
		    ASK(site, .path = "/members/secret.txt", .method = methods[i]);

		ck_assert_int_eq(answer->status, 401);
		ck_assert(!answer_has(answer, SECRET));
		ck_assert_int_eq(ASK(site, .path = "/members/secret.txt", .method = methods[i],
				     .headers = { "Origin: https://evil.example.org",
					 "Access-Control-Request-Method: GET" })
				     ->status,
		    401);
	}
	/* A body is neither read nor waited for. */
	ck_answer(ASK(site, .path = "/members/env.sh", .form = text("%050000d", 1)), 401,
	    "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/members/env.sh", .form = text("%050000d", 1),
		      .bearer = logins[MEMBER].access),
	    200, NULL);
}
END_TEST

START_TEST(test_the_application_is_told_who_it_is)
{
	struct answer *answer =
	    ASK(site, .path = "/members/env.sh", .bearer = logins[EDITOR].access,
		.headers = { "Auth-User: root", "Auth-Roles: superuser", "X-Auth-User: root",
		    "Remote-User: root", "X-Remote-User: root", "Auth-Backend: x" });
	const char *id =
	    site_sql(site, "SELECT public_id FROM users WHERE email = %Q", emails[EDITOR]);

	ck_answer(answer, 200, NULL);
	ck_assert(answer_has(answer, text("\nAUTH_USER=%s\n", id)));
	ck_assert(answer_has(answer, text("\nREMOTE_USER=%s\n", id)));
	ck_assert(answer_has(answer, text("\nAUTH_EMAIL=%s\n", emails[EDITOR])));
	ck_assert(answer_has(answer, "\nAUTH_ROLES=editor\n"));
	ck_assert(answer_has(answer, "\nAUTH_BACKEND=api\n"));
	/* What the client sent under such names is gone. */
	ck_assert(!answer_has(answer, "=root"));
	ck_assert(!answer_has(answer, "=superuser"));
	answer = ASK(site, .path = "/members/env.sh", .jar = jars[MEMBER]);
	ck_assert(answer_has(answer, "\nAUTH_BACKEND=web\n"));
	ck_assert_ptr_null(answer_header(answer, "Set-Cookie"));
}
END_TEST

/* "_" and "-" are one in a variable's name, so every spelling of what the guard sets is taken away.
 */
START_TEST(test_no_spelling_of_a_header_names_somebody)
{
	static const char *const names[] = { "Remote-User", "X-Remote-User", "Auth-User",
		"Auth-Email", "Auth-Roles", "Auth-Backend", "X-Auth-User", "X-Auth-Email",
		"X-Auth-Roles", "X-Auth-Backend" };

	for (int i = 0; i < 4 * LENGTH(names); i++) {
		char header[64];
		unsigned dash = 0;

		snprintf(header, sizeof(header), "%s: forged-by-hand", names[i / 4]);
		for (char *c = header; *c != ':'; c++) {
			if (*c == '-' && ((unsigned)i & (1u << dash++)) != 0)
				*c = '_';
		}
		ck_assert_msg(!answer_has(ASK(site, .path = "/members/env.sh", .jar = jars[MEMBER],
					      .headers = { header }),
				  "forged-by-hand"),
		    "%s", header);
	}
}
END_TEST

START_TEST(test_a_session_that_ends_is_out_at_once)
{
	struct login login = site_login_bearer(site, emails[MEMBER], SITE_PASSWORD);
	struct ask request = { .path = "/members/secret.txt", .bearer = login.access };

	ck_answer(ask(site, &request), 200, NULL);
	ASK(site, .path = "/auth/logout", .method = "POST", .bearer = login.access);
	ck_answer(ask(site, &request), 401, "NOT_AUTHENTICATED");
}
END_TEST

START_TEST(test_rights_that_are_taken_are_gone_at_once)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct ask request = { .path = "/admin/secret.txt", .bearer = login.access };

	ck_answer(ask(site, &request), 403, "AUTHORIZATION_DENIED");
	CTL(site, "role", "assign", "superuser", email);
	ck_answer(ask(site, &request), 200, NULL);
	CTL(site, "role", "unassign", "superuser", email);
	ck_answer(ask(site, &request), 403, "AUTHORIZATION_DENIED");
	request.path = "/members/secret.txt";
	ck_answer(ask(site, &request), 200, NULL);
	CTL(site, "user", "deactivate", email);
	ck_answer(ask(site, &request), 401, "NOT_AUTHENTICATED");
}
END_TEST

/* No cache gives out what is behind the gate without asking, the browser's after signing out. */
START_TEST(test_caches_have_to_ask)
{
	struct ask request = { .path = "/members/secret.txt", .jar = jars[MEMBER] };
	struct answer *answer = ask(site, &request);

	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_header(answer, "Cache-Control"), "max-age=0");
	request.headers[0] = text("If-None-Match: %s", answer_header(answer, "ETag"));
	ck_answer(ask(site, &request), 304, NULL);
	request.jar = NULL;
	ck_answer(ask(site, &request), 401, "NOT_AUTHENTICATED");
}
END_TEST

/* ------------------------------------------------------------------ browsers */

static const struct {
	const char *path;
	const char *location;
} redirects[] = {
	{ "/members/", "/auth/web/login?next=%2Fmembers%2F" },
	{ "/members/a?b=c&d=e%20f", "/auth/web/login?next=%2Fmembers%2Fa%3Fb%3Dc%26d%3De%2520f" },
	{ "/members/?next=//evil.example.org",
	    "/auth/web/login?next=%2Fmembers%2F%3Fnext%3D%2F%2Fevil.example.org" },
	/* What begins like a host is no path. */
	{ "//members/", "/auth/web/login" },
	{ "/members\\x", "/auth/web/login" },
};

START_TEST(test_browsers_are_sent_to_the_login)
{
	struct answer *answer = ASK(site, .path = redirects[_i].path, .browser = true);

	ck_answer(answer, 302, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), redirects[_i].location);
	ck_assert_uint_eq(answer->size, 0);
	ck_assert_str_eq(answer_header(answer, "Cache-Control"), "no-store");
	/* Who is known but may not is not sent there again and again. */
	answer = ASK(site, .path = "/admin/", .browser = true, .jar = jars[MEMBER]);
	ck_answer(answer, 403, NULL);
	ck_assert_ptr_nonnull(strstr(answer_header(answer, "Content-Type"), "text/html"));
}
END_TEST

START_TEST(test_refusal_styles)
{
	static const struct {
		const char *style;
		int nobody, somebody;
	} rows[] = { { "codes", 401, 403 }, { "fcgid", 401, 401 } };
	struct site *other = site_start(
	    &(struct site_options){ .settings = { "guard.deny_style", rows[_i].style } });
	struct jar *jar = site_login_cookie(other, site_member(other), SITE_PASSWORD);
	struct answer *answer;

	answer = ASK(other, .path = "/members/", .browser = true);
	ck_answer(answer, rows[_i].nobody, NULL);
	ck_assert(answer_has(answer, "href=\"/auth/web/login?next=%2Fmembers%2F\""));
	/* Nobody wants to come back to the question itself. */
	answer = ASK(other, .path = "/auth/guard?require=verified", .browser = true);
	ck_answer(answer, rows[_i].nobody, NULL);
	ck_assert(answer_has(answer, "href=\"/auth/web/login\""));
	ck_answer(ASK(other, .path = "/admin/"), rows[_i].nobody, NULL);
	ck_answer(ASK(other, .path = "/admin/", .jar = jar), rows[_i].somebody, NULL);
	ck_answer(ASK(other, .path = "/members/", .jar = jar), 200, NULL);
}
END_TEST

START_TEST(test_preflights_pass_where_that_is_configured)
{
	struct site *open =
	    site_start(&(struct site_options){ .settings = { "guard.pass_preflight", "on" } });
	struct ask request = { .path = "/members/", .method = "OPTIONS" };

	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
	request.headers[0] = "Origin: https://app.example.org";
	ck_answer(ask(open, &request), 200, NULL);
	request.method = "GET";
	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
	request.method = "POST";
	request.headers[1] = "X-Forwarded-Method: OPTIONS";
	request.headers[2] = "X-Original-Method: OPTIONS";
	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
	/* A proxy that sets X-Original-URI need not set X-Original-Method: the client may. */
	request.path = "/auth/guard";
	request.headers[1] = "X-Original-URI: /members/";
	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
	request.headers[1] = "X-Forwarded-Uri: /members/";
	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
	request.headers[2] = "X-Forwarded-Method: OPTIONS";
	ck_answer(ask(open, &request), 200, NULL);
	request.headers[3] = "X-Original-URI: /members/";
	request.headers[4] = "X-Original-Method: OPTIONS";
	ck_answer(ask(open, &request), 401, "NOT_AUTHENTICATED");
}
END_TEST

/* ------------------------------------------------------------------ GET {auth}/guard */

static const struct {
	const char *query;
	int status[CALLERS];
	const char *code; /* of the 403s */
} queries[] = {
	{ "", { 401, 200, 200, 200, 200 }, NULL },
	{ "?", { 401, 200, 200, 200, 200 }, NULL },
	/* An unknown name may be a misspelt one, whose requirement would be lost. */
	{ "?other=1", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?Require=none", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?roles=editor", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?require=none&other", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?other=1&require=none", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?require=none", { 200, 200, 200, 200, 200 }, NULL },
	{ "?require=authenticated", { 401, 200, 200, 200, 200 }, NULL },
	{ "?require=active", { 401, 200, 200, 200, 200 }, NULL },
	{ "?require=verified", { 401, 403, 200, 200, 200 }, "AUTHORIZATION_DENIED" },
	{ "?require=superuser", { 401, 403, 403, 403, 200 }, "AUTHORIZATION_DENIED" },
	{ "?role=editor", { 401, 403, 403, 200, 403 }, "INSUFFICIENT_ROLES" },
	{ "?role=EDITOR", { 401, 403, 403, 200, 403 }, "INSUFFICIENT_ROLES" },
	{ "?role=editor&role=superuser", { 401, 403, 403, 403, 403 }, "INSUFFICIENT_ROLES" },
	{ "?require=any-role+editor+superuser", { 401, 403, 403, 200, 200 }, "INSUFFICIENT_ROLES" },
	{ "?require=all-roles%20editor%20superuser", { 401, 403, 403, 403, 403 },
	    "INSUFFICIENT_ROLES" },
	{ "?require=verified&role=editor", { 401, 403, 403, 200, 403 }, NULL },
	{ "?role=editor&require=none", { 401, 403, 403, 200, 403 }, "INSUFFICIENT_ROLES" },
	{ "?require=none&require=superuser", { 401, 403, 403, 403, 200 }, "AUTHORIZATION_DENIED" },
	{ "?require=superuser&role=editor", { 401, 403, 403, 403, 403 }, NULL },
	{ "?role=unknown", { 401, 403, 403, 403, 403 }, "INSUFFICIENT_ROLES" },
	{ "?require=", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?require", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?role=", { 401, 403, 403, 403, 403 }, NULL },
	{ "?require=everybody", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?require=any-role", { 401, 403, 403, 403, 403 }, NULL },
	{ "?require=verified%zz", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?require=superuser%5c", { 401, 403, 403, 403, 403 }, "AUTHORIZATION_DENIED" },
	{ "?%72equire=superuser", { 401, 403, 403, 403, 200 }, "AUTHORIZATION_DENIED" },
};

START_TEST(test_queries)
{
	for (int i = 0; i < CALLERS; i++) {
		struct answer *answer = ASK(site, .path = text("/auth/guard%s", queries[_i].query),
		    .bearer = logins[i].access);

		ck_assert_msg(answer->status == queries[_i].status[i], "%s as %d: %ld, wanted %d",
		    queries[_i].query, i, answer->status, queries[_i].status[i]);
		if (answer->status == 403)
			ck_answer(answer, 403, queries[_i].code);
	}
}
END_TEST

/* A proxy may ask with the method of the outer request, and takes any 2xx for consent. */
static const struct {
	const char *path;
	int status[CALLERS];
} questions[] = {
	{ "/auth/guard", { 401, 200, 200, 200, 200 } },
	{ "/auth/guard?require=verified", { 401, 403, 200, 200, 200 } },
	{ "/auth/guard?role=editor", { 401, 403, 403, 200, 403 } },
	{ "/auth/guard/members", { 401, 403, 200, 200, 200 } },
	{ "/auth/guard/admin", { 401, 403, 403, 403, 200 } },
};

START_TEST(test_questions_are_judged_whatever_the_method)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
		"OPTIONS", "TRACE", "PROPFIND" };

	for (int i = 0; i < LENGTH(methods) * CALLERS; i++) {
		const char *method = methods[i / CALLERS];
		enum caller caller = (enum caller)(i % CALLERS);
		struct ask request = { .path = questions[_i].path,
			.method = method,
			.bearer = logins[caller].access,
			.headers = { "Origin: https://app.example.org",
			    "Access-Control-Request-Method: GET" } };
		struct answer *answer = ask(site, &request);

		ck_assert_msg(answer->status == questions[_i].status[caller],
		    "%s %s as %d: %ld, wanted %d", method, questions[_i].path, (int)caller,
		    answer->status, questions[_i].status[caller]);
	}
}
END_TEST

START_TEST(test_both_unmet_is_denied_first)
{
	ck_answer(ASK(site, .path = "/auth/guard?role=editor&require=superuser",
		      .bearer = logins[MEMBER].access),
	    403, "AUTHORIZATION_DENIED");
}
END_TEST

/* The outer request in headers, as Traefik, Caddy or nginx send it. All that are there must pass.
 */
static const struct {
	const char *headers[3];
	int status[CALLERS];
} outer[] = {
	{ { "X-Original-URI: /members/x?y" }, { 401, 403, 200, 200, 200 } },
	{ { "X-Forwarded-Uri: /members/x?y" }, { 401, 403, 200, 200, 200 } },
	{ { "X-Original-URI: /admin/" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Forwarded-Uri: /admin/", "X-Forwarded-Method: GET" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /x", "X-Forwarded-Uri: /admin/" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /admin/", "X-Forwarded-Uri: /x" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /%61dmin/" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /x/../admin" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /x%2f../admin" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Original-URI: admin" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Original-URI: https://www.example.org/admin/" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /adminx" }, { 401, 200, 200, 200, 200 } },
	/* To an application that drops parameters these are /admin, or nobody can tell. */
	{ { "X-Original-URI: /;/admin" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /%3b/admin" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /;x/admin" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Forwarded-Uri: /;x=1/;/admin/" }, { 401, 403, 403, 403, 200 } },
	{ { "X-Original-URI: /;x/../admin" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Original-URI: /x/;/../admin" }, { 401, 403, 403, 403, 403 } },
	/* What stands twice, in whatever spelling, is in part the client's own. */
	{ { "X-Original-URI: /x", "X_Original_URI: /x" }, { 401, 403, 403, 403, 403 } },
	{ { "X_Original_URI: /x", "X-Original-URI: /admin" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Forwarded-Uri: /x", "X_Forwarded-Uri: /x" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Original-URI: /x", "X-Original-URI: /x" }, { 401, 403, 403, 403, 403 } },
	{ { "X-Original-URI: /x y" }, { 401, 403, 403, 403, 403 } },
};

START_TEST(test_outer_requests)
{
	for (int i = 0; i < CALLERS; i++) {
		struct ask request = { .path = "/auth/guard", .bearer = logins[i].access };

		for (int k = 0; outer[_i].headers[k] != NULL; k++)
			request.headers[k] = outer[_i].headers[k];
		ck_assert_int_eq(ask(site, &request)->status, outer[_i].status[i]);
	}
}
END_TEST

START_TEST(test_headers_do_not_touch_the_authorizer)
{
	struct ask request = { .path = "/admin/secret.txt",
		.bearer = logins[MEMBER].access,
		.headers = { "X-Original-URI: /members/", "X-Forwarded-Uri: /members/",
		    "Original-Uri: /members/", "Auth-Rule: none", "Fcgi-Role: RESPONDER" } };

	ck_answer(ask(site, &request), 403, "AUTHORIZATION_DENIED");
	request.path = "/auth/guard/admin"; /* a sub-request whose path the server names */
	ck_answer(ask(site, &request), 403, "AUTHORIZATION_DENIED");
}
END_TEST

START_TEST(test_the_answer_names_the_caller)
{
	struct answer *answer = ASK(site, .path = "/auth/guard", .bearer = logins[EDITOR].access);

	ck_answer(answer, 200, NULL);
	ck_assert_uint_eq(answer->size, 0);
	ck_assert_str_eq(answer_header(answer, "X-Auth-User"),
	    site_sql(site, "SELECT public_id FROM users WHERE email = %Q", emails[EDITOR]));
	ck_assert_str_eq(answer_header(answer, "X-Auth-Email"), emails[EDITOR]);
	ck_assert_str_eq(answer_header(answer, "X-Auth-Roles"), "editor");
	ck_assert_str_eq(answer_header(answer, "X-Auth-Backend"), "api");
	ck_assert_ptr_null(answer_header(answer, "Set-Cookie"));
	answer = ASK(site, .path = "/auth/guard?require=none", .headers = { "X-Auth-User: root" });
	ck_answer(answer, 200, NULL);
	ck_assert_ptr_null(answer_header(answer, "X-Auth-User"));
}
END_TEST

START_TEST(test_roles_are_a_comma_list_in_utf8)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	CTL(site, "role", "create", "\xc3\xa9tude");
	CTL(site, "role", "assign", "\xc3\xa9tude", email);
	CTL(site, "role", "assign", "editor", email);
	ck_assert_str_eq(
	    answer_header(ASK(site, .path = "/auth/guard", .bearer = login.access), "X-Auth-Roles"),
	    "editor,\xc3\xa9tude");
	ck_answer(
	    ASK(site, .path = "/auth/guard?role=%C3%89tude", .bearer = login.access), 200, NULL);
}
END_TEST

/* More names than an answer holds: the guard says so and lives on, for others and for this one. */
START_TEST(test_too_many_roles_are_no_answer_and_no_end)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	pid_t before[4], after[4];
	size_t count = site_processes(site, "guard", before, 4);
	static const char *const outer_paths[] = { "/auth/guard", "/members/secret.txt" };

	site_sql(site,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) "
	    "INSERT INTO role (name, description, created_at) "
	    "SELECT printf('%%01000d', i), '', 0 FROM n");
	site_sql(site,
	    "INSERT INTO user_role (user_id, role_name) SELECT users.id, role.name FROM users, "
	    "role "
	    "WHERE email = %Q AND length(role.name) = 1000",
	    email);
	for (int i = 0; i < 4; i++) {
		struct answer *answer =
		    ASK(site, .path = outer_paths[i % 2], .bearer = login.access);

		ck_answer(answer, 503, NULL);
		ck_assert(!answer_has(answer, SECRET));
	}
	ck_answer(
	    ASK(site, .path = "/members/secret.txt", .bearer = logins[MEMBER].access), 200, NULL);
	ck_assert_uint_eq(site_processes(site, "guard", after, 4), count);
	ck_assert_mem_eq(before, after, count * sizeof(before[0]));
	site_sql(site, "DELETE FROM user_role WHERE length(role_name) = 1000");
	ck_answer(ASK(site, .path = "/members/secret.txt", .bearer = login.access), 200, NULL);
}
END_TEST

/* ------------------------------------------------------------------ faults */

/* While guards die and come back nobody slips through. */
START_TEST(test_a_guard_that_dies_lets_nobody_pass)
{
	struct ask requests[16];
	struct answer *answers[16];
	pid_t pids[4];

	for (int i = 0; i < LENGTH(requests); i++)
		requests[i] = (struct ask){ .path = "/members/secret.txt" };
	for (int round = 0; round < 5; round++) {
		size_t count = site_processes(site, "guard", pids, 4);

		for (size_t i = 0; i < count; i++)
			kill(pids[i], SIGKILL);
		ask_all(site, requests, LENGTH(requests), answers);
		for (int i = 0; i < LENGTH(requests); i++) {
			ck_assert(answers[i]->status == 401 || answers[i]->status >= 500);
			ck_assert(!answer_has(answers[i], SECRET));
		}
	}
}
END_TEST

/* A store that cannot be read is neither "nobody" nor "allowed". */
START_TEST(test_a_guard_without_its_store_lets_nobody_pass)
{
	struct site *broken = site_start(&(struct site_options){ 0 });
	struct login login = site_login_bearer(broken, site_member(broken), SITE_PASSWORD);
	struct answer *answer;

	ck_answer(ASK(broken, .path = "/members/", .bearer = login.access), 200, NULL);
	site_sql(broken, "ALTER TABLE users RENAME TO lost");
	answer = ASK(broken, .path = "/members/", .bearer = login.access);
	ck_assert_msg(answer->status >= 500, "%s", answer->headers);
	answer = ASK(broken, .path = "/auth/guard", .bearer = login.access);
	ck_assert_msg(answer->status >= 500, "%s", answer->headers);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("guard");

	site =
	    site_start(&(struct site_options){ .settings = { "account.requires_verification", "off",
						   "protect /members/inner/free.require", "none",
						   "protect /members/inner.require", "superuser" },
		.lighttpd = lighttpd_more });
	tcase_add_unchecked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, test_paths, 0, LENGTH(paths));
	tcase_add_test(tests, test_a_slash_at_the_end_of_a_rule_is_nothing);
	tcase_add_test(tests, test_methods);
	tcase_add_test(tests, test_the_application_is_told_who_it_is);
	tcase_add_test(tests, test_no_spelling_of_a_header_names_somebody);
	tcase_add_test(tests, test_a_session_that_ends_is_out_at_once);
	tcase_add_test(tests, test_rights_that_are_taken_are_gone_at_once);
	tcase_add_test(tests, test_caches_have_to_ask);
	tcase_add_loop_test(tests, test_browsers_are_sent_to_the_login, 0, LENGTH(redirects));
	tcase_add_loop_test(tests, test_refusal_styles, 0, 2);
	tcase_add_test(tests, test_preflights_pass_where_that_is_configured);
	tcase_add_loop_test(tests, test_queries, 0, LENGTH(queries));
	tcase_add_loop_test(
	    tests, test_questions_are_judged_whatever_the_method, 0, LENGTH(questions));
	tcase_add_test(tests, test_both_unmet_is_denied_first);
	tcase_add_loop_test(tests, test_outer_requests, 0, LENGTH(outer));
	tcase_add_test(tests, test_headers_do_not_touch_the_authorizer);
	tcase_add_test(tests, test_the_answer_names_the_caller);
	tcase_add_test(tests, test_roles_are_a_comma_list_in_utf8);
	tcase_add_test(tests, test_too_many_roles_are_no_answer_and_no_end);
	tcase_add_test(tests, test_a_guard_that_dies_lets_nobody_pass);
	tcase_add_test(tests, test_a_guard_without_its_store_lets_nobody_pass);
	return site_run(tests);
}
