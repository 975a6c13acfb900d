#include <sys/wait.h>
#include <unistd.h>

#include "store/operate.h"
#include "store/session.h"
#include "unit/store.h"

#define SESSION_1 "11111111-0000-4000-8000-000000000001"
#define SESSION_2 "22222222-0000-4000-8000-000000000002"
#define SESSION_3 "33333333-0000-4000-8000-000000000003"
#define ENDS (STORE_NOW + DAY)

static struct store s;
static struct user ada, bob;

static int64_t
insert(const struct user *user, const char *id, const char *refresh, int64_t created)
{
	struct session_new new = { id, user->row, SPAN("web"), SPAN("agent"), span_of(refresh),
		ENDS };
	int64_t row = 0;

	s.ctx.now = created;
	ck_assert_int_eq(session_insert(&s.ctx, &new, &row), RC_OK);
	s.ctx.now = STORE_NOW;
	return row;
}

/* Ada has sessions 1 and 2, Bob has 3; access tokens "access-1" and "access-1b" belong to 1. */
static void
begin(void)
{
	int64_t row;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	store_user(&s, STORE_ID_B, "b@example.org", NULL, "h");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &ada), RC_OK);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_B), &bob), RC_OK);
	row = insert(&ada, SESSION_1, "refresh-1", STORE_NOW - 10);
	insert(&ada, SESSION_2, NULL, STORE_NOW - 20);
	insert(&bob, SESSION_3, "refresh-3", STORE_NOW);
	ck_assert_int_eq(
	    access_token_insert(&s.ctx, row, SPAN("access-1"), STORE_NOW + HOUR), RC_OK);
	ck_assert_int_eq(access_token_insert(&s.ctx, row, SPAN("access-1b"), ENDS + HOUR), RC_OK);
}

static const struct {
	const char *digest;
	int64_t now;
	enum rc expected;
} accesses[] = {
	{ "access-1", STORE_NOW, RC_OK },
	{ "access-1", STORE_NOW + HOUR - 1, RC_OK },
	{ "access-1", STORE_NOW + HOUR, RC_NO },
	{ "access-1b", STORE_NOW + HOUR, RC_OK },
	{ "access-1b", ENDS - 1, RC_OK },
	{ "access-1b", ENDS, RC_NO }, /* the session has ended */
	{ "refresh-1", STORE_NOW, RC_NO },
	{ "access", STORE_NOW, RC_NO },
	{ NULL, STORE_NOW, RC_NO },
};

START_TEST(access_token_leads_to_its_session_until_it_expires)
{
	struct session session;
	struct user user;

	begin();
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN(SUPERUSER)), RC_OK);
	s.ctx.now = accesses[_i].now;
	ck_assert_int_eq(session_by_access(&s.ctx, span_of(accesses[_i].digest), &user, &session),
	    accesses[_i].expected);
	if (accesses[_i].expected == RC_OK) {
		ck_assert_str_eq(user.id, STORE_ID_A);
		ck_assert(user.is_superuser);
		ck_assert_str_eq(session.id, SESSION_1);
		ck_assert(span_equal(session.backend, SPAN("web")));
		ck_assert_int_eq(session.row, 1);
	}
	store_end(&s);
}
END_TEST

static const struct {
	const char *id;
	int64_t now;
	enum rc expected;
} ids[] = {
	{ SESSION_1, STORE_NOW, RC_OK },
	{ SESSION_1, ENDS - 1, RC_OK },
	{ SESSION_1, ENDS, RC_NO },
	{ STORE_ID_A, STORE_NOW, RC_NO },
};

START_TEST(session_is_found_by_its_id_until_it_expires)
{
	struct session session;
	struct user user;

	begin();
	s.ctx.now = ids[_i].now;
	ck_assert_int_eq(
	    session_by_id(&s.ctx, span_of(ids[_i].id), &user, &session), ids[_i].expected);
	store_end(&s);
}
END_TEST

START_TEST(subject_is_found)
{
	struct user user;

	begin();
	ck_assert_int_eq(user_by_subject(&s.ctx, SPAN(STORE_ID_B), &user), RC_OK);
	ck_assert_int_eq(user.row, bob.row);
	ck_assert_int_eq(user_by_subject(&s.ctx, SPAN(STORE_ID_C), &user), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(denied_jwt_is_found)
{
	begin();
	ck_assert_int_eq(denied_jwt_find(&s.ctx, SPAN("jti")), RC_NO);
	ck_assert_int_eq(denied_jwt_insert(&s.ctx, SPAN("jti"), ENDS), RC_OK);
	ck_assert_int_eq(denied_jwt_insert(&s.ctx, SPAN("jti"), ENDS), RC_OK);
	ck_assert_int_eq(denied_jwt_find(&s.ctx, SPAN("jti")), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(rotation_replaces_once)
{
	struct session session, found;
	struct user user;
	char id[UUID_SIZE];
	int64_t consumed_at = 0;

	begin();
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN("refresh-1"), &user, &session), RC_OK);
	ck_assert_int_eq(session.expires_at, ENDS);
	ck_assert_int_eq(session.last_used_at, STORE_NOW - 10);
	ck_assert_int_eq(
	    session_by_consumed(&s.ctx, SPAN("refresh-1"), &user, &found, &consumed_at), RC_NO);
	ck_assert_int_eq(session_rotate(&s.ctx, &session, SPAN("refresh-1"), SPAN("next")), RC_OK);
	ck_assert_int_eq(session_rotate(&s.ctx, &session, SPAN("refresh-1"), SPAN("other")), RC_NO);
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN("refresh-1"), &user, &found), RC_NO);
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN("next"), &user, &found), RC_OK);
	ck_assert_str_eq(found.id, SESSION_1);
	ck_assert_int_eq(found.last_used_at, STORE_NOW);
	ck_assert_int_eq(
	    session_by_consumed(&s.ctx, SPAN("refresh-1"), &user, &found, &consumed_at), RC_OK);
	ck_assert_int_eq(consumed_at, STORE_NOW);
	ck_assert_int_eq(found.expires_at, ENDS);
	ck_assert_str_eq(user.id, STORE_ID_A);
	/* Both tokens lead to the session for CSRF, the current one alone for is_current. */
	ck_assert_int_eq(session_behind_refresh(&s.ctx, SPAN("refresh-1"), id), RC_OK);
	ck_assert_str_eq(id, SESSION_1);
	ck_assert_int_eq(session_behind_refresh(&s.ctx, SPAN("next"), id), RC_OK);
	ck_assert_int_eq(session_of_refresh(&s.ctx, &ada, SPAN("next"), id), RC_OK);
	ck_assert_str_eq(id, SESSION_1);
	ck_assert_int_eq(session_of_refresh(&s.ctx, &ada, SPAN("refresh-1"), id), RC_NO);
	ck_assert_int_eq(session_of_refresh(&s.ctx, &bob, SPAN("next"), id), RC_NO);
	s.ctx.now = ENDS;
	ck_assert_int_eq(session_behind_refresh(&s.ctx, SPAN("refresh-1"), id), RC_NO);
	ck_assert_int_eq(session_behind_refresh(&s.ctx, SPAN("next"), id), RC_NO);
	ck_assert_int_eq(session_of_refresh(&s.ctx, &ada, SPAN("next"), id), RC_NO);
	store_end(&s);
}
END_TEST

/* A session without a refresh token is behind no digest, an absent one included. */
START_TEST(absent_digest_finds_nothing)
{
	struct session session;
	struct user user;
	char id[UUID_SIZE];

	begin();
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN_NONE, &user, &session), RC_NO);
	ck_assert_int_eq(session_behind_refresh(&s.ctx, SPAN_NONE, id), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(list_has_live_sessions_oldest_first)
{
	struct session *rows;
	size_t count;

	begin();
	store_sql(&s, "INSERT INTO session SELECT 99, 'x', user_id, backend, user_agent, NULL,"
		      " created_at, last_used_at, 1800000000000, 0 FROM session WHERE id = 1");
	ck_assert_int_eq(session_list(&s.ctx, &ada, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 2); /* the third is expired at this very instant */
	ck_assert_str_eq(rows[0].id, SESSION_2);
	ck_assert_str_eq(rows[1].id, SESSION_1);
	ck_assert_int_eq(rows[1].created_at, STORE_NOW - 10);
	ck_assert_int_eq(rows[1].expires_at, ENDS);
	ck_assert(span_equal(rows[1].user_agent, SPAN("agent")));
	s.ctx.now = ENDS;
	ck_assert_int_eq(session_list(&s.ctx, &ada, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 0);
	store_end(&s);
}
END_TEST

START_TEST(long_list_is_whole)
{
	struct session *rows;
	size_t count;
	char id[UUID_SIZE];

	begin();
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "%036d", i);
		insert(&bob, id, NULL, STORE_NOW + i);
	}
	ck_assert_int_eq(session_list(&s.ctx, &bob, &rows, &count), RC_OK);
	ck_assert_uint_eq(count, 41);
	for (size_t i = 1; i < count; i++)
		ck_assert_int_eq(atoi(rows[i].id), (int)i - 1);
	store_end(&s);
}
END_TEST

static const struct {
	const char *id;
	int64_t now;
	enum rc expected;
} ends[] = {
	{ SESSION_1, STORE_NOW, RC_OK }, { SESSION_3, STORE_NOW, RC_NO }, /* somebody else's */
	{ "nothing", STORE_NOW, RC_NO }, { SESSION_1, ENDS, RC_NO },      /* ended already */
};

START_TEST(one_too_many_ends_the_oldest)
{
	struct session *sessions = NULL;
	size_t count = 0;

	begin();
	for (int i = 0; i < SESSIONS_MAX; i++) {
		char id[UUID_SIZE];
		snprintf(id, sizeof(id), "44444444-0000-4000-8000-%012d", i);
		insert(&ada, id, id, STORE_NOW + i);
	}
	ck_assert_int_eq(session_list(&s.ctx, &ada, &sessions, &count), RC_OK);
	ck_assert_uint_eq(count, SESSIONS_MAX);
	ck_assert_str_eq(sessions[0].id, "44444444-0000-4000-8000-000000000000");
	ck_assert_int_eq(session_list(&s.ctx, &bob, &sessions, &count), RC_OK);
	ck_assert_uint_eq(count, 1);
	store_end(&s);
}
END_TEST

START_TEST(session_is_ended_by_its_user_alone)
{
	begin();
	s.ctx.now = ends[_i].now;
	ck_assert_int_eq(session_end(&s.ctx, &ada, span_of(ends[_i].id)), ends[_i].expected);
	ck_assert_int_eq(
	    store_int(&s, "SELECT COUNT(*) FROM session"), ends[_i].expected == RC_OK ? 2 : 3);
	store_end(&s);
}
END_TEST

START_TEST(tokens_end_with_their_session)
{
	struct session session;
	struct user user;
	int64_t at;

	begin();
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN("refresh-1"), &user, &session), RC_OK);
	ck_assert_int_eq(session_rotate(&s.ctx, &session, SPAN("refresh-1"), SPAN("next")), RC_OK);
	ck_assert_int_eq(session_end_row(&s.ctx, session.row), RC_OK);
	ck_assert_int_eq(session_end_row(&s.ctx, session.row), RC_OK); /* whatever its state */
	ck_assert_int_eq(session_by_access(&s.ctx, SPAN("access-1"), &user, &session), RC_NO);
	ck_assert_int_eq(session_by_refresh(&s.ctx, SPAN("next"), &user, &session), RC_NO);
	ck_assert_int_eq(
	    session_by_consumed(&s.ctx, SPAN("refresh-1"), &user, &session, &at), RC_NO);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM access_token"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM consumed_refresh"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM session"), 2);
	store_end(&s);
}
END_TEST

START_TEST(all_or_all_others_end)
{
	begin();
	ck_assert_int_eq(session_end_all_but(&s.ctx, &ada, SPAN(SESSION_2)), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT group_concat(id) = '2,3' FROM session"), 1);
	ck_assert_int_eq(session_end_all_but(&s.ctx, &ada, SPAN_NONE), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT group_concat(id) = '3' FROM session"), 1);
	/* An unknown current session keeps none. */
	ck_assert_int_eq(session_end_all_but(&s.ctx, &bob, SPAN_NONE), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM session"), 0);
	store_end(&s);
}
END_TEST

#define RACERS 8

/* Each racer read the token as current before any of them writes: each holds the gate's other end
 * until it has. */
static int
race(int number, const int gate[2])
{
	struct session session;
	struct user user;
	char next[16], go;
	enum rc rc;

	store_open(&s, STORE_ALL);
	if (session_by_refresh(&s.ctx, SPAN("refresh-1"), &user, &session) != RC_OK)
		return 9;
	close(gate[1]);
	if (read(gate[0], &go, 1) != 0) /* until all have closed it */
		return 9;
	snprintf(next, sizeof(next), "next-%d", number);
	rc = db_begin(s.ctx.db);
	if (rc == RC_OK)
		rc = db_end(
		    s.ctx.db, session_rotate(&s.ctx, &session, SPAN("refresh-1"), span_of(next)));
	db_close(s.ctx.db);
	return (int)rc;
}

START_TEST(one_of_eight_racers_rotates)
{
	int gate[2], status;
	int count[2] = { 0, 0 };

	begin();
	db_close(s.ctx.db);
	s.ctx.db = NULL;
	s.config.database.busy_timeout = 30 * SECOND;
	ck_assert_int_eq(pipe(gate), 0);
	for (int i = 0; i < RACERS; i++) {
		if (fork() == 0)
			_exit(race(i, gate));
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status));
		ck_assert_int_le(WEXITSTATUS(status), RC_NO);
		count[WEXITSTATUS(status)]++;
	}
	ck_assert_int_eq(count[RC_OK], 1);
	ck_assert_int_eq(count[RC_NO], RACERS - 1);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM consumed_refresh"), 1);
	store_end(&s);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *c = tcase_create("session");

	tcase_add_loop_test(
	    c, access_token_leads_to_its_session_until_it_expires, 0, ROWS(accesses));
	tcase_add_loop_test(c, session_is_found_by_its_id_until_it_expires, 0, ROWS(ids));
	tcase_add_test(c, subject_is_found);
	tcase_add_test(c, denied_jwt_is_found);
	tcase_add_test(c, rotation_replaces_once);
	tcase_add_test(c, absent_digest_finds_nothing);
	tcase_add_test(c, list_has_live_sessions_oldest_first);
	tcase_add_test(c, long_list_is_whole);
	tcase_add_test(c, one_too_many_ends_the_oldest);
	tcase_add_loop_test(c, session_is_ended_by_its_user_alone, 0, ROWS(ends));
	tcase_add_test(c, tokens_end_with_their_session);
	tcase_add_test(c, all_or_all_others_end);
	tcase_add_test(c, one_of_eight_racers_rotates);
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
