#include "mail/sender.h"

#include "mail/message.h"
#include "unit/fixture.h"

static const struct {
	const char *from, *name, *url, *expected;
} sender_rows[] = {
	{ "Shop <accounts@shop.example>", "Yett", "https://a.example",
	    "Shop <accounts@shop.example>" },
	{ "a@b.example", "Yett", "https://a.example", "a@b.example" },
	{ "", "Yett", "https://www.example.org", "Yett <no-reply@www.example.org>" },
	{ "", "The Tower", "http://tower.example:8080", "The Tower <no-reply@tower.example>" },
	{ "", "a < b", "http://localhost:8080", "a < b <no-reply@localhost>" },
	{ "", "Yett", "http://127.0.0.1:8080", "Yett <no-reply@[127.0.0.1]>" },
	{ "", "Yett", "http://192.0.2.7", "Yett <no-reply@[192.0.2.7]>" },
	{ "", "Yett", "https://[2001:db8::1]:8443", "Yett <no-reply@[IPv6:2001:db8::1]>" },
	{ "", "Yett", "https://[::1]", "Yett <no-reply@[IPv6:::1]>" },
	{ "", "Yett", "https://1.example", "Yett <no-reply@1.example>" },
};

START_TEST(sender_is_configured_or_made_of_the_site)
{
	struct config config = { .site.url = sender_rows[_i].url,
		.site.name = sender_rows[_i].name,
		.mail.from = sender_rows[_i].from };
	struct message message = { .to = SPAN("ann@example.org"),
		.subject = SPAN("s"),
		.text = SPAN("t\n"),
		.html = SPAN("h\n"),
		.id = SPAN("1") };
	struct buf sender = BUF_INIT(SENDER_MAX), out = BUF_INIT(MESSAGE_MAX);

	sender_put(&sender, &config);
	ck_assert_str_eq(sender.data, sender_rows[_i].expected);
	message.from = buf_span(&sender);
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	buf_free(&sender);
	buf_free(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sender");
	TCase *tests = tcase_create("sender");

	tcase_add_loop_test(tests, sender_is_configured_or_made_of_the_site, 0,
	    sizeof(sender_rows) / sizeof(sender_rows[0]));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
