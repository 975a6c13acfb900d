/* What mails say, built in and as the operator writes it. */
#include "mail/compose.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HOSTILE "<script>alert(\"1\")</script> 'a'\r\nBcc: x@example.org\xe2\x80\xa8\x1b\xff&"

static struct config config;
static struct config_fault fault;
static struct mail_templates *templates;
static struct mail_content content;

static const struct mail_values all = {
	.site = SPAN_INIT("The Site"),
	.site_url = SPAN_INIT("https://site.example"),
	.recipient = SPAN_INIT("ann@example.org"),
	.link = SPAN_INIT("https://site.example/auth/verify?token=LINK"),
	.lifetime = SPAN_INIT("LIFETIME"),
	.login = SPAN_INIT("https://site.example/auth/web/LOGIN"),
	.forgot = SPAN_INIT("https://site.example/auth/FORGOT"),
};

static const struct mail_values needed = {
	.site = SPAN_INIT("The Site"),
	.site_url = SPAN_INIT("https://site.example"),
	.recipient = SPAN_INIT("ann@example.org"),
};

static void
setup(void)
{
	content = MAIL_CONTENT_INIT;
	config.directory = strdup(fixture_directory());
}

static void
teardown(void)
{
	mail_content_free(&content);
	mail_templates_free(templates);
	free(config.directory);
}

static const char *
path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", config.directory, name);
	return path;
}

static void
make_directory(const char *name)
{
	ck_assert(mkdir(path_of(name), 0700) == 0 || access(path_of(name), F_OK) == 0);
}

/* Writes "de/verify.txt" below templates/mail/. */
static void
write_bytes(const char *name, const char *text, size_t size)
{
	char path[512], place[64] = "templates/mail/";
	FILE *file;

	make_directory("templates");
	make_directory("templates/mail");
	strncat(place, name, strcspn(name, "/"));
	if (strchr(name, '/') != NULL)
		make_directory(place);
	snprintf(path, sizeof(path), "%s/templates/mail/%s", config.directory, name);
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void
write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static void
open_templates(void)
{
	ck_assert_msg(mail_templates_open(&templates, &config, &fault) == RC_OK, "%s", fault.text);
}

/* They are refused, for the file below the state directory and what the rest says. */
static void
refuse_templates(const char *name, const char *says)
{
	char expected[1024];

	snprintf(expected, sizeof(expected), "%s%s", path_of(name), says);
	ck_assert_int_eq(mail_templates_open(&templates, &config, &fault), RC_NO);
	ck_assert_ptr_null(templates);
	ck_assert_msg(
	    strncmp(fault.text, expected, strlen(expected)) == 0, "%s\n%s", fault.text, expected);
}

static void
compose(int kind, const char *accept, const struct mail_values *values)
{
	ck_assert_int_eq(
	    mail_compose(templates, (enum mail_kind)kind, span_of(accept), values, &content),
	    RC_OK);
}

static bool
holds(const struct buf *part, const char *text)
{
	return part->data != NULL && strstr(part->data, text) != NULL;
}

START_TEST(every_kind_says_who_writes_to_whom)
{
	open_templates();
	for (int given = 0; given < 2; given++) {
		compose(_i, "", given ? &all : &needed);
		ck_assert(holds(&content.subject, "The Site") && !holds(&content.subject, "\n"));
		ck_assert(holds(&content.text, "ann@example.org"));
		ck_assert(holds(&content.text, "\n\n-- \nThe Site\nhttps://site.example\n"));
		ck_assert(holds(&content.html, "<strong>ann@example.org</strong>"));
		ck_assert(holds(&content.html, "<html lang=\"en\">"));
		ck_assert(holds(&content.html, content.subject.data));
		ck_assert(holds(&content.html, "href=\"https://site.example\""));
	}
}
END_TEST

START_TEST(a_link_stands_alone_and_beneath_its_button)
{
	bool expected = mail_rows[_i].link != LINK_NONE;

	open_templates();
	compose(_i, "", &all);
	ck_assert(holds(&content.text, "\n\nhttps://site.example/auth/verify?token=LINK\n\n") ==
		  expected);
	ck_assert(holds(&content.text, " LIFETIME.\n") == expected);
	ck_assert(holds(&content.text, "appens before you press") == expected);
	ck_assert(holds(&content.html,
		      "class=\"button\" href=\"https://site.example/auth/verify?token=LINK\"") ==
		  expected);
	ck_assert(
	    holds(&content.html, ">https://site.example/auth/verify?token=LINK</a>") == expected);
	ck_assert(holds(&content.html, " LIFETIME.") == expected);
}
END_TEST

/* Every combination of what may be missing. */
START_TEST(what_is_not_given_leaves_its_part_away)
{
	static const char *const marks[] = { "LINK", "LIFETIME", "LOGIN", "FORGOT" };

	open_templates();
	for (unsigned set = 0; set < 16; set++) {
		struct mail_values values = all;
		struct span *const optional[] = { &values.link, &values.lifetime, &values.login,
			&values.forgot };
		for (size_t i = 0; i < COUNT(optional); i++) {
			if ((set & (1u << i)) == 0)
				*optional[i] = SPAN_NONE;
		}
		compose(_i, "", &values);
		for (size_t i = 1; i < COUNT(optional); i++) {
			bool given = (set & (1u << i)) != 0;
			ck_assert(given || !holds(&content.text, marks[i]));
			ck_assert(given || !holds(&content.html, marks[i]));
		}
		ck_assert(!holds(&content.text, "{{") && !holds(&content.html, "{{"));
		ck_assert(!holds(&content.text, "  ") && !holds(&content.text, "for ."));
		ck_assert((set & 1) == 0 || !holds(&content.text, "\n\n\n"));
		ck_assert(!holds(&content.html, "\n\n") && !holds(&content.html, "\n</p>"));
	}
}
END_TEST

START_TEST(nothing_is_loaded_from_elsewhere)
{
	static const char *const never[] = { "<script", "<img", "<link", "url(", "src=", "@import",
		"<form", "<iframe", "http-equiv" };

	open_templates();
	compose(_i, "", &all);
	for (size_t i = 0; i < COUNT(never); i++)
		ck_assert_msg(!holds(&content.html, never[i]), "%s", never[i]);
	ck_assert_uint_lt(content.html.len, 20000); /* some providers cut off longer ones */
}
END_TEST

START_TEST(no_line_of_text_is_long)
{
	open_templates();
	compose(_i, "", &needed);
	for (const char *line = content.text.data; line != NULL;) {
		ck_assert_uint_le(strcspn(line, "\n"), 76);
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
}
END_TEST

START_TEST(a_hostile_name_stays_a_name)
{
	struct mail_values values = all;

	open_templates();
	values.site = SPAN(HOSTILE);
	values.recipient = SPAN(HOSTILE);
	compose(_i, "", &values);
	ck_assert(holds(&content.subject,
	    "<script>alert(\"1\")</script> 'a'  Bcc: x@example.org  \xef\xbf\xbd&"));
	ck_assert(strcspn(content.subject.data, "\r\n\x1b") == content.subject.len);
	ck_assert(!holds(&content.text, "\nBcc") && !holds(&content.text, "\r"));
	ck_assert(!holds(&content.html, "<script") && !holds(&content.html, "'a'"));
	ck_assert(holds(&content.html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &#39;"));
	ck_assert(!holds(&content.html, "\r") && !holds(&content.html, "\x1b"));
}
END_TEST

START_TEST(what_is_too_long_is_an_answer)
{
	static char site[9000];
	struct mail_values values = all;

	open_templates();
	memset(site, 'a', sizeof(site));
	values.site = (struct span){ site, 2000 };
	ck_assert_int_eq(
	    mail_compose(templates, MAIL_KIND_RESET, SPAN(""), &values, &content), RC_UNAVAILABLE);
	values.site.len = sizeof(site);
	ck_assert_int_eq(
	    mail_compose(templates, MAIL_KIND_RESET, SPAN(""), &values, &content), RC_UNAVAILABLE);
	compose(MAIL_KIND_RESET, "", &all);
	ck_assert_str_eq(content.subject.data, "Set a new password at The Site");
}
END_TEST

START_TEST(a_file_takes_the_place_of_a_built_in_one)
{
	write_text("en/reset.subject", "\xef\xbb\xbf"
				       "Neu f\xc3\xbcr {{site}}\r\n\r\n");
	write_text("en/reset.txt", "a\r\n{{link}}\r\n{{>signature.txt}}\r\nb");
	write_text("en/signature.txt", "{{^login}}none{{/login}}\n");
	write_text("en/.verify.txt.swp", "{{nmae}}\xff");
	open_templates();
	compose(MAIL_KIND_RESET, "", &needed);
	ck_assert_str_eq(content.subject.data, "Neu f\xc3\xbcr The Site");
	ck_assert_str_eq(content.text.data, "a\n\nnone\nb");
	ck_assert(holds(&content.html, "<h1 style"));
	compose(MAIL_KIND_VERIFY, "", &needed);
	ck_assert(holds(&content.text, "opened an account"));
	ck_assert(holds(&content.text, "none"));
}
END_TEST

START_TEST(a_directory_adds_a_language)
{
	write_text("de-AT/reset.subject", "Neues Passwort");
	write_text("de-AT/reset.txt", "Servus {{link}} {{subject}} {{language}}");
	write_text("de-AT/reset.html", "<p>Servus {{link}} {{recipient}}</p>");
	write_text("fr/verify.subject", "Bonjour");
	write_text("fr/verify.txt", "{{link}}");
	write_text("fr/verify.html", "{{link}}");
	write_text("fr/layout.html", "<i>{{>content.html}}</i>");
	open_templates();
	compose(MAIL_KIND_RESET, "fr;q=0.9, de;q=0.8, en;q=0.1", &all);
	ck_assert_str_eq(content.subject.data, "Neues Passwort");
	ck_assert_str_eq(content.text.data,
	    "Servus https://site.example/auth/verify?token=LINK Neues Passwort de-AT");
	ck_assert(holds(&content.html, "<html lang=\"de-AT\">"));
	ck_assert(holds(&content.html, "verify?token=LINK ann@example.org</p>"));
	compose(MAIL_KIND_VERIFY, "fr;q=0.9, de", &all);
	ck_assert_str_eq(content.html.data, "<i>https://site.example/auth/verify?token=LINK</i>");
	compose(MAIL_KIND_INVITATION, "fr, de", &all);
	ck_assert_str_eq(content.subject.data, "Your account at The Site");
	ck_assert(holds(&content.html, "<html lang=\"en\">"));
	compose(MAIL_KIND_VERIFY, "nonsense;q=;;,\xff", &all);
	ck_assert_str_eq(content.subject.data, "Confirm your address at The Site");
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	const char *says; /* after the path */
} faults[] = {
	{ "en/reset.txt", "{{link}}\n\n{{nmae}}",
	    ":3: unknown placeholder {{nmae}}, known are site, site_url, recipient, link, "
	    "lifetime, login, forgot, language, subject" },
	{ "en/reset.subject", "{{nmae}}", ":1: unknown placeholder {{nmae}}, " },
	{ "en/reset.html", "{{link}}{{nmae}}", ":1: unknown placeholder {{nmae}}, " },
	{ "en/layout.html", "\n{{>content.html}}{{nmae}}", ":2: unknown placeholder {{nmae}}, " },
	{ "en/signature.txt", "\n{{nmae}}", ":2: unknown placeholder {{nmae}}, " },
	{ "en/button.css", "{{#nmae}}{{/nmae}}", ":1: unknown placeholder {{#nmae}}, " },
	{ "en/reset.txt", "{{link}}\n{{#login}}\n", ":2: never closed {{#login}}, " },
	{ "en/reset.txt", "{{link}}\n{{#login}}{{/forgot}}",
	    ":2: not the end of the part that it stands in {{/forgot}}, " },
	{ "en/reset.txt", "{{link}}\n{{>footer.txt}}", ":2: unknown file {{>footer.txt}}, " },
	{ "en/reset.txt", "{{link}}\n{{>reset.txt}}", ":2: one file too many inside others " },
	{ "en/reset.html", "{{link}}\n{{>layout.html}}", ": one file too many inside others " },
	{ "en/reset.html", "\n{{>content.html}}", ":2: one file too many inside others " },
	{ "en/reset.subject", "", ":1: an empty subject, " },
	{ "en/reset.subject", " \t\n\nOne", ":1: an empty subject, " },
	{ "en/reset.subject", "One\n\nTwo\n", ":3: a subject of several lines, " },
	{ "en/reset.subject", "{{^site}}One{{/site}}", ": nothing is left of it " },
	{ "en/reset.txt", "Hello", ": comes out without its link, write {{link}}" },
	{ "en/reset.html", "Hello", ": comes out without its link, write {{link}}" },
	{ "en/password-changed.txt", "", ": nothing is left of it when it is filled, " },
	{ "en/reset.txt", "{{link}}\n\n\xff", ":3: not text in UTF-8, " },
	{ "en/reset.txt", "{{link}}\n\x1b[31m", ":2: not text in UTF-8, " },
	{ "en/reset.txt", "{{link}}\n\xed\xa0\x80", ":2: not text in UTF-8, " },
	{ "en/reset.txt", "{{link}}\ra", ":1: not text in UTF-8, " },
	{ "en/resett.txt", "{{link}}", ": no mail has a file of this name, " },
	{ "en/reset.text", "{{link}}", ": no mail has a file of this name, " },
	{ "en/reset", "{{link}}", ": no mail has a file of this name, " },
	{ "de/README", "{{link}}", ": no mail has a file of this name, " },
	{ "EN/reset.txt", "{{link}}", ": this language is called en already, " },
	{ "de/reset.txt", "{{link}}", ": reset.html is missing beside it, write that too" },
	{ "de/layout.html", "x", ":1: no {{>content.html}}, " },
	{ "README", "x", ": a symbolic link or not a directory, " },
};

START_TEST(a_fault_is_refused_with_its_place)
{
	char name[128];

	write_text(faults[_i].name, faults[_i].text);
	snprintf(name, sizeof(name), "templates/mail/%s", faults[_i].name);
	refuse_templates(name, faults[_i].says);
}
END_TEST

START_TEST(a_name_that_is_no_language_is_refused)
{
	write_text("de_AT/reset.txt", "{{link}}");
	refuse_templates("templates/mail/de_AT", ": not named after a language, ");
	ck_assert_int_eq(unlink(path_of("templates/mail/de_AT/reset.txt")), 0);
	ck_assert_int_eq(rmdir(path_of("templates/mail/de_AT")), 0);
	write_text("verify.txt", "{{link}}");
	refuse_templates("templates/mail/verify.txt", ": a symbolic link or not a directory, ");
}
END_TEST

START_TEST(a_large_file_is_refused)
{
	static char text[64 * 1024 + 1];

	memset(text, ' ', sizeof(text));
	memcpy(text, "{{link}}", 8);
	write_bytes("en/reset.html", text, sizeof(text));
	refuse_templates("templates/mail/en/reset.html", ": larger than 64 KiB, shorten it");
	write_bytes("en/reset.html", text, sizeof(text) - 1);
	open_templates();
}
END_TEST

START_TEST(what_does_not_fit_a_mail_is_refused)
{
	static char text[2048];

	memset(text, 'a', sizeof(text));
	write_bytes("en/reset.subject", text, sizeof(text));
	refuse_templates("templates/mail/en/reset.subject", ": too long when it is filled, ");
}
END_TEST

static const struct {
	const char *name;
	mode_t mode;
	const char *says; /* NULL: fine */
} modes[] = {
	{ "templates/mail/de/reset.txt", 0644, NULL },
	{ "templates/mail/de/reset.txt", 0620, ": others may write it (mode 0620), chmod it" },
	{ "templates/mail/de/reset.txt", 0602, ": others may write it (mode 0602), chmod it" },
	{ "templates/mail/de", 0755, NULL },
	{ "templates/mail/de", 0770, ": others may write it (mode 0770), chmod it" },
	{ "templates/mail/de", 01777, ": others may write it (mode 1777), chmod it" },
	{ "templates/mail", 0755, NULL },
	{ "templates/mail", 0707, ": others may write it (mode 0707), chmod it" },
	{ "templates", 0755, NULL },
	{ "templates", 0720, ": others may write it (mode 0720), chmod it" },
};

START_TEST(what_others_may_write_is_refused)
{
	write_text("de/reset.txt", "{{link}}");
	write_text("de/reset.html", "{{link}}");
	write_text("de/reset.subject", "Neu");
	ck_assert_int_eq(chmod(path_of(modes[_i].name), modes[_i].mode), 0);
	if (modes[_i].says == NULL)
		open_templates();
	else
		refuse_templates(modes[_i].name, modes[_i].says);
}
END_TEST

START_TEST(what_belongs_to_another_is_refused)
{
	static const char *const names[] = { "templates/mail/en/reset.txt", "templates/mail/en",
		"templates/mail", "templates" };

	if (geteuid() != 0)
		return;
	write_text("en/reset.txt", "{{link}}");
	ck_assert_int_eq(chown(path_of(names[_i]), 12345, 12345), 0);
	refuse_templates(names[_i], ": owned by user 12345, not by root or user 0 who reads it");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	write_text("en/reset.txt", "{{link}}");
	ck_assert_int_eq(mkfifo(path_of("templates/mail/en/reset.html"), 0600), 0);
	refuse_templates("templates/mail/en/reset.html", ": not a regular file, ");
	ck_assert_int_eq(unlink(path_of("templates/mail/en/reset.html")), 0);
	ck_assert_int_eq(symlink("reset.txt", path_of("templates/mail/en/reset.html")), 0);
	refuse_templates("templates/mail/en/reset.html", ": a symbolic link or ");
	ck_assert_int_eq(unlink(path_of("templates/mail/en/reset.html")), 0);
	ck_assert_int_eq(symlink("en", path_of("templates/mail/de")), 0);
	refuse_templates("templates/mail/de", ": a symbolic link or ");
}
END_TEST

START_TEST(without_a_directory_they_are_built_in)
{
	open_templates();
	mail_templates_free(templates);
	make_directory("templates");
	open_templates();
	mail_templates_free(templates);
	make_directory("templates/mail");
	make_directory("templates/mail/de");
	open_templates();
	compose(MAIL_KIND_RESET, "de", &all);
	ck_assert_str_eq(content.subject.data, "Set a new password at The Site");
	mail_templates_free(templates);
	free(config.directory);
	config.directory = NULL;
	open_templates();
	mail_templates_free(NULL);
}
END_TEST

START_TEST(a_state_directory_that_is_gone_is_told)
{
	free(config.directory);
	config.directory = strdup("/nowhere/at/all");
	ck_assert_int_eq(mail_templates_open(&templates, &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, "/nowhere/at/all: cannot be read, No such file or directory");
}
END_TEST

START_TEST(there_are_not_too_many_languages)
{
	char name[64];

	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "x-%d/layout.html", i);
		write_text(name, "{{>content.html}}");
	}
	ck_assert_int_eq(mail_templates_open(&templates, &config, &fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, ": too many languages, "));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("compose");
	TCase *said = tcase_create("said"), *overridden = tcase_create("overridden");

	tcase_add_checked_fixture(said, setup, teardown);
	tcase_add_loop_test(said, every_kind_says_who_writes_to_whom, 0, MAIL_KINDS);
	tcase_add_loop_test(said, a_link_stands_alone_and_beneath_its_button, 0, MAIL_KINDS);
	tcase_add_loop_test(said, what_is_not_given_leaves_its_part_away, 0, MAIL_KINDS);
	tcase_add_loop_test(said, nothing_is_loaded_from_elsewhere, 0, MAIL_KINDS);
	tcase_add_loop_test(said, no_line_of_text_is_long, 0, MAIL_KINDS);
	tcase_add_loop_test(said, a_hostile_name_stays_a_name, 0, MAIL_KINDS);
	tcase_add_test(said, what_is_too_long_is_an_answer);
	suite_add_tcase(suite, said);
	tcase_add_checked_fixture(overridden, setup, teardown);
	tcase_add_test(overridden, a_file_takes_the_place_of_a_built_in_one);
	tcase_add_test(overridden, a_directory_adds_a_language);
	tcase_add_loop_test(overridden, a_fault_is_refused_with_its_place, 0, (int)COUNT(faults));
	tcase_add_test(overridden, a_name_that_is_no_language_is_refused);
	tcase_add_test(overridden, a_large_file_is_refused);
	tcase_add_test(overridden, what_does_not_fit_a_mail_is_refused);
	tcase_add_loop_test(overridden, what_others_may_write_is_refused, 0, (int)COUNT(modes));
	tcase_add_loop_test(overridden, what_belongs_to_another_is_refused, 0, 4);
	tcase_add_test(overridden, what_is_no_file_is_refused);
	tcase_add_test(overridden, without_a_directory_they_are_built_in);
	tcase_add_test(overridden, a_state_directory_that_is_gone_is_told);
	tcase_add_test(overridden, there_are_not_too_many_languages);
	suite_add_tcase(suite, overridden);
	return fixture_run(suite);
}
