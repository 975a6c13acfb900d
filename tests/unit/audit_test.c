#include "store/audit.h"
#include "store/operate.h"
#include "unit/store.h"

static struct store s;
static const struct span none = { NULL, 0 };

static bool
is(struct span text, const char *expected)
{
	return expected == NULL ? text.data == NULL
				: text.data != NULL && span_equal(text, span_of(expected));
}

START_TEST(entry_is_stored_with_all_it_tells)
{
	struct audit_entry entry = { "session.started", SPAN(STORE_ID_A), SPAN(STORE_ID_A),
		SPAN("web"), SPAN(STORE_ID_B), SPAN("c0ffee"), SPAN("editor") };
	struct audit_entry bare = { "login.failed", none, SPAN("anonymous"), none, none, none,
		none };
	struct audit_row *rows;
	size_t count;

	store_begin(&s, STORE_ALL);
	memcpy(s.ctx.request_id, "0123456789abcdef0123456789abcdef", REQUEST_ID_SIZE);
	ck_assert_int_eq(audit_insert(&s.ctx, &entry), RC_OK);
	s.ctx.request_id[0] = '\0';
	s.ctx.now++;
	ck_assert_int_eq(audit_insert(&s.ctx, &bare), RC_OK);
	ck_assert_int_eq(operate_audit_page(&s.ctx, none, 10, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(rows[0].at, STORE_NOW + 1);
	ck_assert(is(rows[0].event, "login.failed") && is(rows[0].actor, "anonymous"));
	ck_assert(is(rows[0].user, NULL) && is(rows[0].backend, NULL) && is(rows[0].session, NULL));
	ck_assert(is(rows[0].address, NULL) && is(rows[0].request_id, NULL));
	ck_assert_int_eq(rows[1].at, STORE_NOW);
	ck_assert(is(rows[1].event, "session.started") && is(rows[1].user, STORE_ID_A));
	ck_assert(is(rows[1].actor, STORE_ID_A) && is(rows[1].backend, "web"));
	ck_assert(is(rows[1].session, STORE_ID_B) && is(rows[1].address, "c0ffee"));
	ck_assert(is(rows[1].object, "editor") && is(rows[0].object, NULL));
	ck_assert(is(rows[1].request_id, "0123456789abcdef0123456789abcdef"));
	store_end(&s);
}
END_TEST

START_TEST(page_is_of_one_user_or_of_all)
{
	struct audit_entry entry = { "e", none, SPAN("operator"), none, none, none, none };
	struct audit_row *rows;
	size_t count;

	store_begin(&s, STORE_ALL);
	for (int i = 0; i < 30; i++) {
		entry.user = i % 3 == 0 ? none : i % 3 == 1 ? SPAN(STORE_ID_A) : SPAN(STORE_ID_B);
		ck_assert_int_eq(audit_insert(&s.ctx, &entry), RC_OK);
	}
	ck_assert_int_eq(operate_audit_page(&s.ctx, none, 25, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 25);
	ck_assert_int_eq(rows[0].number, 30);
	ck_assert_int_eq(rows[24].number, 6);
	ck_assert_int_eq(operate_audit_page(&s.ctx, SPAN(STORE_ID_A), 25, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 10);
	ck_assert_int_eq(rows[0].number, 29);
	for (size_t i = 0; i < count; i++)
		ck_assert(is(rows[i].user, STORE_ID_A));
	ck_assert_int_eq(operate_audit_page(&s.ctx, SPAN(STORE_ID_C), 25, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 0);
	store_end(&s);
}
END_TEST

START_TEST(entry_goes_with_its_transaction)
{
	struct audit_entry entry = { "e", none, SPAN("operator"), none, none, none, none };

	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(audit_insert(&s.ctx, &entry), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, RC_NO), RC_NO);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM audit"), 0);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("audit");
	TCase *c = tcase_create("audit");

	tcase_add_test(c, entry_is_stored_with_all_it_tells);
	tcase_add_test(c, page_is_of_one_user_or_of_all);
	tcase_add_test(c, entry_goes_with_its_transaction);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
