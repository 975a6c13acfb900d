#include "mail/dialogue.h"

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What is said: lines of the client's begin with '>', of the server's with '<'. */
static void
play(struct dialogue *dialogue, struct span script)
{
	while (script.len > 0) {
		struct span line = span_cut(&script, '\n');

		if (line.len > 0 && line.data[0] == '>')
			dialogue_sent(dialogue, span_after(line, 1));
		else if (line.len > 0)
			dialogue_heard(dialogue, span_after(line, 1));
	}
}

static const struct {
	const char *script;
	enum dialogue_stage stage;
	int code;
	enum rc rc;
	const char *reply;
} rows[] = {
	{ "", DIALOGUE_CONNECT, 0, RC_UNAVAILABLE, "" },
	{ "<220 ready\n", DIALOGUE_CONNECT, 220, RC_UNAVAILABLE, "220 ready" },
	{ "<554 no\n", DIALOGUE_CONNECT, 554, RC_UNAVAILABLE, "554 no" },
	{ "<220 ready\n>EHLO me\n", DIALOGUE_HELLO, 0, RC_UNAVAILABLE, "" },
	{ ">EHLO me\n<550 no\n", DIALOGUE_HELLO, 550, RC_UNAVAILABLE, "550 no" },
	{ ">EHLO me\n<250-mail\n<250-SIZE\n<250 HELP\n", DIALOGUE_HELLO, 250, RC_UNAVAILABLE,
	    "250-mail SIZE HELP" },
	{ ">STARTTLS\n<502 what\n", DIALOGUE_TLS, 502, RC_UNAVAILABLE, "502 what" },
	{ ">AUTH PLAIN x\n<535 no\n", DIALOGUE_LOGIN, 535, RC_INTERNAL, "535 no" },
	{ ">AUTH PLAIN x\n<504 no\n", DIALOGUE_LOGIN, 504, RC_INTERNAL, "504 no" },
	{ ">AUTH PLAIN x\n<454 later\n", DIALOGUE_LOGIN, 454, RC_UNAVAILABLE, "454 later" },
	{ ">AUTH LOGIN\n<334 VXNlcg==\n", DIALOGUE_LOGIN, 334, RC_UNAVAILABLE, "334 VXNlcg==" },
	{ ">MAIL FROM:<a>\n<450 later\n", DIALOGUE_MAIL, 450, RC_UNAVAILABLE, "450 later" },
	{ ">MAIL FROM:<a>\n<550 no\n", DIALOGUE_MAIL, 550, RC_INTERNAL, "550 no" },
	{ ">RCPT TO:<a>\n<550 5.1.1 nobody\n", DIALOGUE_RCPT, 550, RC_NO, "550 5.1.1 nobody" },
	{ ">RCPT TO:<a>\n<554 5.7.1 no relaying\n", DIALOGUE_RCPT, 554, RC_INTERNAL,
	    "554 5.7.1 no relaying" },
	{ ">RCPT TO:<a>\n<550-5.7.1 not from\n<550 5.7.1 here\n", DIALOGUE_RCPT, 550, RC_INTERNAL,
	    "550-5.7.1 not from 5.7.1 here" },
	{ ">MAIL FROM:<a>\n<530 no\n", DIALOGUE_MAIL, 530, RC_INTERNAL, "530 no" },
	{ ">MAIL FROM:<a>\n<538 no\n", DIALOGUE_MAIL, 538, RC_INTERNAL, "538 no" },
	{ ">RCPT TO:<a>\n<550 5.1.1 no\n", DIALOGUE_RCPT, 550, RC_NO, "550 5.1.1 no" },
	{ ">RCPT TO:<a>\n<550 5.1.1 no\n>QUIT\n<221 bye\n", DIALOGUE_RCPT, 550, RC_NO,
	    "550 5.1.1 no" },
	{ ">rcpt TO:<a>\n<421 bye\n", DIALOGUE_RCPT, 421, RC_UNAVAILABLE, "421 bye" },
	{ ">RCPT TO:<a>\n", DIALOGUE_RCPT, 0, RC_UNAVAILABLE, "" },
	/* Half an answer is none. */
	{ ">RCPT TO:<a>\n<550-no\n", DIALOGUE_RCPT, 0, RC_UNAVAILABLE, "550-no" },
	{ ">DATA\n<354 go\n", DIALOGUE_DATA, 354, RC_UNAVAILABLE, "354 go" },
	{ ">DATA\n<354 go\n<554 spam\n", DIALOGUE_DATA, 554, RC_NO, "554 spam" },
	{ ">DATA\n<354 go\n<451 later\n", DIALOGUE_DATA, 451, RC_UNAVAILABLE, "451 later" },
	/* What is no reply does not count. */
	{ ">DATA\n<354 go\n<5540 x\n<55\n<abc no\n<\n< 554 x\n<554x\n", DIALOGUE_DATA, 354,
	    RC_UNAVAILABLE, "354 go" },
	{ ">DATA\n<554\n", DIALOGUE_DATA, 554, RC_NO, "554" },
	{ ">DATA\n<554 \x1b[2J a\t b\xff\r\n", DIALOGUE_DATA, 554, RC_NO, "554 [2J a b" },
	{ ">NOOP\n<250 x\n", DIALOGUE_CONNECT, 250, RC_UNAVAILABLE, "250 x" },
};

START_TEST(the_last_reply_decides)
{
	struct dialogue dialogue = { 0 };

	play(&dialogue, span_of(rows[_i].script));
	ck_assert_int_eq(dialogue.stage, rows[_i].stage);
	ck_assert_int_eq(dialogue.code, rows[_i].code);
	ck_assert_int_eq(dialogue_answer(&dialogue), rows[_i].rc);
	ck_assert_str_eq(dialogue.reply, rows[_i].reply);
	ck_assert_int_eq(dialogue_is_good(&dialogue), rows[_i].code / 100 == 2);
	ck_assert(*dialogue_about(&dialogue) != '\0');
}
END_TEST

static const struct {
	const char *script;
	bool signed_in, international;
	const char *shown;
} shown_rows[] = {
	{ ">AUTH PLAIN AGEAYg==\n<235 ok\n", true, false, "> AUTH ...\n< 235 ok\n" },
	{ ">auth LOGIN\n<334 VXNlcg==\n>YQ==\n<334 UGFzcw==\n>MAIL\n<235-well\n<235 ok\n>MAIL "
	  "FROM:<a>\n",
	    true, false,
	    "> AUTH ...\n< 334 VXNlcg==\n> (secret)\n< 334 UGFzcw==\n> (secret)\n< 235-well\n"
	    "< 235 ok\n> MAIL FROM:<a>\n" },
	{ ">AUTH PLAIN x\n<535 no\n>AUTH LOGIN\n<334 VXNlcg==\n>*\n<501 no\n>QUIT\n<221 bye\n",
	    false, false,
	    "> AUTH ...\n< 535 no\n> AUTH ...\n< 334 VXNlcg==\n> (secret)\n< 501 no\n> QUIT\n"
	    "< 221 bye\n" },
	/* Not even what looks like none, or comes when nothing was asked for. */
	{ ">AUTH PLAIN x\n<what\n>EHLO secret\n", false, false,
	    "> AUTH ...\n< what\n> (secret)\n" },
	{ ">secret\n>\n", false, false, "> (secret)\n> (secret)\n" },
	{ ">MAIL FROM:<a> SMTPUTF8\n", false, true, "> MAIL FROM:<a> SMTPUTF8\n" },
	{ ">MAIL FROM:<a> SIZE=1\n", false, false, "> MAIL FROM:<a> SIZE=1\n" },
	{ "<250 \x1b]0;x\x07 \xc3\xa4 \xff \xc2\x9b"
	  "1m\r\n",
	    false, false,
	    "< 250 \\x1b]0;x\\x07 \xc3\xa4 \\xff \\xc2\\x9b"
	    "1m\n" },
};

START_TEST(secrets_are_not_shown)
{
	struct dialogue dialogue = { 0 };
	char *text = NULL;
	size_t len = 0;

	dialogue.shown = open_memstream(&text, &len);
	play(&dialogue, span_of(shown_rows[_i].script));
	fclose(dialogue.shown);
	ck_assert_str_eq(text, shown_rows[_i].shown);
	ck_assert_int_eq(dialogue.signed_in, shown_rows[_i].signed_in);
	ck_assert_int_eq(dialogue.international, shown_rows[_i].international);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dialogue");
	TCase *tests = tcase_create("dialogue");

	tcase_add_loop_test(tests, the_last_reply_decides, 0, COUNT(rows));
	tcase_add_loop_test(tests, secrets_are_not_shown, 0, COUNT(shown_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
