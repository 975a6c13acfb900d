#include "store/outbox.h"

#include "store/clean.h"
#include "unit/store.h"

static struct store s;
static const struct outbox_turn due = { STORE_NOW, false, false };

static enum rc
seal_of_test(struct ctx *ctx, void *state, struct span public_id, struct span *sealed)
{
	(void)ctx;
	ck_assert_uint_eq(public_id.len, UUID_SIZE - 1);
	*sealed = *(struct span *)state;
	return RC_OK;
}

static void
post(const char *channel, const char *kind)
{
	struct span token = { "a\0b", 3 };
	const struct outbox_new row = { .channel = channel,
		.kind = kind,
		.user = SPAN(STORE_ID_A),
		.recipient = SPAN("ada@example.org"),
		.language = SPAN("de-AT, en;q=0.5\r\nBcc: x"),
		.expires_at = s.ctx.now + HOUR };

	s.ctx.posted = false;
	ck_assert_int_eq(outbox_insert(&s.ctx, &row, seal_of_test, &token), RC_OK);
	ck_assert(s.ctx.posted);
}

static struct outbox_row
claim(enum rc expected)
{
	struct outbox_row row;

	ck_assert_int_eq(outbox_claim(&s.ctx, &due, &row), expected);
	return row;
}

START_TEST(row_comes_out_as_it_went_in)
{
	struct outbox_row row;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_MAIL, "verify");
	row = claim(RC_OK);
	ck_assert(span_equal(row.channel, SPAN(OUTBOX_MAIL)));
	ck_assert(span_equal(row.kind, SPAN("verify")));
	ck_assert(span_equal(row.user, SPAN(STORE_ID_A)));
	ck_assert_ptr_null(row.request.data);
	ck_assert(span_equal(row.recipient, SPAN("ada@example.org")));
	ck_assert(
	    span_equal(row.language, SPAN("de-AT, en;q=0.5"))); /* up to the control character */
	ck_assert(span_equal(row.token, (struct span){ "a\0b", 3 }));
	ck_assert_int_eq(row.tries, 1);
	ck_assert_int_eq(row.created_at, STORE_NOW);
	ck_assert_int_eq(row.expires_at, STORE_NOW + HOUR);
	store_end(&s);
}
END_TEST

START_TEST(one_sender_at_a_time_has_a_row)
{
	struct outbox_row first, second;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_MAIL, "verify");
	first = claim(RC_OK);
	claim(RC_NO);
	s.ctx.now += OUTBOX_LEASE - 1;
	claim(RC_NO);
	s.ctx.now += 1; /* the first one is taken for dead */
	second = claim(RC_OK);
	ck_assert_int_eq(second.tries, 2);
	ck_assert_int_eq(outbox_sent(&s.ctx, &first), RC_NO);
	ck_assert_int_eq(outbox_later(&s.ctx, &first, STORE_NOW, SPAN("late")), RC_NO);
	ck_assert_int_eq(outbox_refused(&s.ctx, &first, SPAN("late")), RC_NO);
	ck_assert_int_eq(outbox_sent(&s.ctx, &second), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM outbox"), 0);
	store_end(&s);
}
END_TEST

/* A lease and a try of the future are from before the clock was set back. */
START_TEST(clock_set_back_strands_nothing)
{
	struct outbox_turn all = { STORE_NOW - DAY, true, false };
	struct outbox_row row;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_MAIL, "verify");
	claim(RC_OK);
	s.ctx.now = STORE_NOW - DAY;
	ck_assert_int_eq(outbox_claim(&s.ctx, &all, &row), RC_OK);
	ck_assert_int_eq(row.tries, 2);
	ck_assert_int_eq(outbox_later(&s.ctx, &row, s.ctx.now + MINUTE, SPAN("away")), RC_OK);
	ck_assert_int_eq(outbox_claim(&s.ctx, &all, &row), RC_NO); /* once in one run */
	store_end(&s);
}
END_TEST

START_TEST(next_try_comes_when_it_should)
{
	struct outbox_turn all = { STORE_NOW + 1, true, false };
	struct outbox_row row;
	int64_t at;

	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(outbox_next_due(&s.ctx, false, &at), RC_NO);
	post(OUTBOX_MAIL, "verify");
	row = claim(RC_OK);
	ck_assert_int_eq(outbox_next_due(&s.ctx, false, &at), RC_OK);
	ck_assert_int_eq(at, STORE_NOW + OUTBOX_LEASE);
	ck_assert_int_eq(outbox_later(&s.ctx, &row, STORE_NOW + MINUTE, SPAN("away")), RC_OK);
	ck_assert_int_eq(outbox_next_due(&s.ctx, false, &at), RC_OK);
	ck_assert_int_eq(at, STORE_NOW + MINUTE);
	s.ctx.now = STORE_NOW + MINUTE - 1;
	claim(RC_NO);
	ck_assert_int_eq(outbox_claim(&s.ctx, &all, &row), RC_OK); /* whatever the next try */
	ck_assert_int_eq(outbox_later(&s.ctx, &row, STORE_NOW + MINUTE, SPAN("away")), RC_OK);
	all.started = s.ctx.now; /* but not twice in one run */
	ck_assert_int_eq(outbox_claim(&s.ctx, &all, &row), RC_NO);
	s.ctx.now = STORE_NOW + MINUTE;
	row = claim(RC_OK);
	ck_assert_int_eq(row.tries, 3);
	store_end(&s);
}
END_TEST

START_TEST(refused_row_is_listed_without_its_token)
{
	struct outbox_row row;
	struct outbox_listed *listed;
	size_t count;
	int64_t waiting, deleted;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_MAIL, "verify");
	post(OUTBOX_HOOK, "user.registered");
	row = claim(RC_OK);
	ck_assert_int_eq(outbox_refused(&s.ctx, &row, SPAN("550 no such user")), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM outbox WHERE token IS NOT NULL"), 1);
	ck_assert_int_eq(outbox_list(&s.ctx, SPAN(OUTBOX_MAIL), 10, &listed, &count), RC_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert(span_equal(listed[0].state, SPAN("refused")));
	ck_assert(span_equal(listed[0].reason, SPAN("550 no such user")));
	ck_assert_int_eq(outbox_waiting(&s.ctx, SPAN(OUTBOX_MAIL), &waiting), RC_OK);
	ck_assert_int_eq(waiting, 0);
	ck_assert_int_eq(outbox_waiting(&s.ctx, SPAN(OUTBOX_HOOK), &waiting), RC_OK);
	ck_assert_int_eq(waiting, 1);
	s.ctx.now += OUTBOX_LISTED - 1;
	ck_assert_int_eq(clean_run(&s.ctx, 100, &deleted), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM outbox"), 2);
	s.ctx.now += 1;
	ck_assert_int_eq(clean_run(&s.ctx, 100, &deleted), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM outbox"), 1);
	store_end(&s);
}
END_TEST

START_TEST(oldest_row_goes_first)
{
	struct outbox_row row;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_MAIL, "reset");
	post(OUTBOX_MAIL, "verify");
	row = claim(RC_OK);
	ck_assert(span_equal(row.kind, SPAN("reset")));
	row = claim(RC_OK);
	ck_assert(span_equal(row.kind, SPAN("verify")));
	store_end(&s);
}
END_TEST

START_TEST(mail_is_taken_out_alone)
{
	const struct outbox_turn mail = { STORE_NOW, false, true };
	struct outbox_row row;
	int64_t at;

	store_begin(&s, STORE_ALL);
	post(OUTBOX_HOOK, "user.registered");
	ck_assert_int_eq(outbox_claim(&s.ctx, &mail, &row), RC_NO);
	ck_assert_int_eq(outbox_next_due(&s.ctx, true, &at), RC_NO);
	ck_assert_int_eq(outbox_next_due(&s.ctx, false, &at), RC_OK);
	post(OUTBOX_MAIL, "verify");
	ck_assert_int_eq(outbox_claim(&s.ctx, &mail, &row), RC_OK);
	ck_assert(span_equal(row.kind, SPAN("verify")));
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *tests = tcase_create("outbox");

	tcase_add_test(tests, row_comes_out_as_it_went_in);
	tcase_add_test(tests, one_sender_at_a_time_has_a_row);
	tcase_add_test(tests, clock_set_back_strands_nothing);
	tcase_add_test(tests, next_try_comes_when_it_should);
	tcase_add_test(tests, refused_row_is_listed_without_its_token);
	tcase_add_test(tests, oldest_row_goes_first);
	tcase_add_test(tests, mail_is_taken_out_alone);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
