#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/password.h"
#include "unit/fixture.h"

#define SALT "c29tZXNhbHRzb21lc2FsdA"
#define TAG "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* The largest mapping that this process gets. RLIMIT_AS would do the same for the program, but
 * sanitizers and valgrind cannot live within it themselves. */
static size_t mapping_max = SIZE_MAX;

/* In place of the C library's, for libsodium and the program alike. */
void *
mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	if (length > mapping_max) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

static const struct config_password cheap = { .memory = 64 * 1024, .passes = 1, .lanes = 1 };
static struct hash_slots *slots;

static void
open_slots(void)
{
	ck_assert_int_eq(hash_slots_open(&slots, fixture_directory(), 2), RC_OK);
}

static void
close_slots(void)
{
	hash_slots_close(slots);
}

static const struct {
	const char *why, *hash;
	bool usable;
} rows[] = {
	{ "as we make it", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG, true },
	{ "more lanes", "$argon2id$v=19$m=65536,t=3,p=4$" SALT "$" TAG, true },
	{ "the most", "$argon2id$v=19$m=1048576,t=64,p=16$" SALT "$" TAG, true },
	{ "the least", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAECAwQFBgcICQoLDA0ODw", true },
	{ "too much memory", "$argon2id$v=19$m=1048577,t=2,p=1$" SALT "$" TAG, false },
	{ "memory past 64 bits", "$argon2id$v=19$m=18446744073709551624,t=2,p=1$" SALT "$" TAG,
	    false },
	{ "memory past 32 bits", "$argon2id$v=19$m=4294967304,t=2,p=1$" SALT "$" TAG, false },
	{ "too many passes", "$argon2id$v=19$m=19456,t=65,p=1$" SALT "$" TAG, false },
	{ "too many lanes", "$argon2id$v=19$m=19456,t=2,p=17$" SALT "$" TAG, false },
	{ "too little memory for the lanes", "$argon2id$v=19$m=127,t=2,p=16$" SALT "$" TAG, false },
	{ "no memory", "$argon2id$v=19$m=0,t=2,p=1$" SALT "$" TAG, false },
	{ "no passes", "$argon2id$v=19$m=19456,t=0,p=1$" SALT "$" TAG, false },
	{ "no lanes", "$argon2id$v=19$m=19456,t=2,p=0$" SALT "$" TAG, false },
	{ "a leading zero", "$argon2id$v=19$m=019456,t=2,p=1$" SALT "$" TAG, false },
	{ "a sign", "$argon2id$v=19$m=+19456,t=2,p=1$" SALT "$" TAG, false },
	{ "negative", "$argon2id$v=19$m=-8,t=2,p=1$" SALT "$" TAG, false },
	{ "a space", "$argon2id$v=19$m= 19456,t=2,p=1$" SALT "$" TAG, false },
	{ "another order", "$argon2id$v=19$t=2,m=19456,p=1$" SALT "$" TAG, false },
	{ "a key id", "$argon2id$v=19$m=19456,t=2,p=1,keyid=AA$" SALT "$" TAG, false },
	{ "an old version", "$argon2id$v=16$m=19456,t=2,p=1$" SALT "$" TAG, false },
	{ "no version", "$argon2id$m=19456,t=2,p=1$" SALT "$" TAG, false },
	{ "Argon2i", "$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" TAG, false },
	{ "Argon2d", "$argon2d$v=19$m=19456,t=2,p=1$" SALT "$" TAG, false },
	{ "bcrypt", "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", false },
	{ "scrypt", "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
	    false },
	{ "a short salt", "$argon2id$v=19$m=19456,t=2,p=1$c29tZQ$" TAG, false },
	{ "a short tag", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$AAEC", false },
	{ "no tag", "$argon2id$v=19$m=19456,t=2,p=1$" SALT, false },
	{ "an empty tag", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$", false },
	{ "a fourth part", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "$", false },
	{ "stray bits",
	    "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9",
	    false },
	{ "padding", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "==$" TAG, false },
	{ "a high byte",
	    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2F\xc3"
	    "dA$" TAG,
	    false },
	{ "a newline", "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "\n", false },
	{ "longer than a column",
	    "$argon2id$v=19$m=19456,t=2,p=1$" SALT
	    "$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw"
	    "dHh8A",
	    false },
	{ "a locked account", "!", false },
	{ "nothing", "", false },
};

START_TEST(only_bounded_argon2id_is_usable)
{
	ck_assert_msg(password_usable(rows[_i].hash) == rows[_i].usable, "%s", rows[_i].why);
	if (!rows[_i].usable) {
		ck_assert_int_eq(password_verify(slots, rows[_i].hash, SPAN("password")), RC_NO);
		ck_assert(password_outdated(&cheap, rows[_i].hash));
	}
}
END_TEST

START_TEST(what_was_hashed_verifies)
{
	char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
	struct span password = SPAN("correct horse \xc3\xa9");

	ck_assert_int_eq(password_hash(&cheap, slots, password, hash), RC_OK);
	ck_assert_int_eq(password_hash(&cheap, slots, password, again), RC_OK);
	ck_assert_str_ne(hash, again);
	ck_assert(password_usable(hash));
	ck_assert(!password_outdated(&cheap, hash));
	ck_assert_int_eq(password_verify(slots, hash, password), RC_OK);
	ck_assert_int_eq(password_verify(slots, hash, SPAN("correct horse \xc3\xa8")), RC_NO);
	ck_assert_int_eq(password_verify(slots, hash, (struct span){ password.data, 15 }), RC_NO);
	ck_assert_int_eq(password_verify(slots, hash, SPAN_NONE), RC_NO);
}
END_TEST

START_TEST(a_nul_and_what_is_over_the_cap_are_refused)
{
	static char big[SECRET_MAX + 1];
	char hash[PASSWORD_HASH_SIZE];

	memset(big, 'x', sizeof(big));
	ck_assert_int_eq(
	    password_hash(&cheap, slots, (struct span){ big, SECRET_MAX }, hash), RC_OK);
	ck_assert_int_eq(password_verify(slots, hash, (struct span){ big, SECRET_MAX }), RC_OK);
	ck_assert_int_eq(password_verify(slots, hash, (struct span){ big, SECRET_MAX + 1 }), RC_NO);
	ck_assert_int_eq(password_hash(&cheap, slots, SPAN("pass"), hash), RC_OK);
	ck_assert_int_eq(password_verify(slots, hash, SPAN("pass\0word")), RC_NO);
	/* Even where somebody made such a hash. */
	ck_assert_int_eq(crypto_pwhash_str(hash, "pass\0word", 9, 1, 8192), 0);
	ck_assert_int_eq(password_verify(slots, hash, SPAN("pass\0word")), RC_NO);
	ck_assert_int_eq(password_hash(&cheap, slots, SPAN("pass\0word"), hash), RC_NO);
	ck_assert_str_eq(hash, "");
}
END_TEST

/* Made by the reference implementation: several lanes, other lengths of salt and tag. */
static const struct {
	const char *hash;
} foreign[] = {
	{ "$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$ipBYxT7h7gJZi0z+"
	  "oKD6ZLYwqhjiY0woc1PegIyXqVc" },
	{ "$argon2id$v=19$m=128,t=2,p=4$c29tZXNhbHQ$bo68p93pKUVcd/w8IT+WgQ" },
	{ "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$FqGkmHNGCd0BRW2kBt6fPZ2pPmyGwwChL8FGUhTOSSI" },
	{ "$argon2id$v=19$m=65,t=2,p=1$c2l4dGVlbmJ5dGVzc2FsdA$iirrxkxJr580FhYOytIrkth2NXyQndX6" },
};

START_TEST(hashes_of_others_verify)
{
	ck_assert_int_eq(password_verify(slots, foreign[_i].hash, SPAN("password")), RC_OK);
	ck_assert_int_eq(password_verify(slots, foreign[_i].hash, SPAN("Password")), RC_NO);
	ck_assert(password_outdated(&cheap, foreign[_i].hash));
}
END_TEST

START_TEST(other_parameters_are_outdated)
{
	struct config_password config = cheap;
	char hash[PASSWORD_HASH_SIZE];

	ck_assert_int_eq(password_hash(&cheap, slots, SPAN("password"), hash), RC_OK);
	config.memory += 1024;
	ck_assert(password_outdated(&config, hash));
	config = cheap;
	config.passes++;
	ck_assert(password_outdated(&config, hash));
	config = cheap;
	config.lanes++;
	ck_assert(password_outdated(&config, hash));
}
END_TEST

/* "Memory is short" must never be taken for "wrong password", nor the other way round. */
START_TEST(short_memory_is_not_a_wrong_password)
{
	const struct config_password big = { .memory = 64 << 20, .passes = 1, .lanes = 1 };
	/* With two lanes, from the reference implementation. */
	static const char lanes[] = "$argon2id$v=19$m=65536,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$Wbaud+"
				    "1CKXSqBM+9gZ9ezQMMSoH9wJldExiNfAg3iKY";
	char hash[PASSWORD_HASH_SIZE], small[PASSWORD_HASH_SIZE];
	int slot, other;

	ck_assert_int_eq(password_hash(&big, slots, SPAN("password"), hash), RC_OK);
	ck_assert_int_eq(password_hash(&cheap, slots, SPAN("password"), small), RC_OK);
	ck_assert_int_eq(password_verify(slots, lanes, SPAN("password")), RC_OK);
	ck_assert_int_eq(password_verify(slots, lanes, SPAN("passwore")), RC_NO);
	mapping_max = 32 << 20;
	ck_assert_int_eq(password_verify(slots, hash, SPAN("password")), RC_UNAVAILABLE);
	ck_assert_int_eq(password_verify(slots, hash, SPAN("passwore")), RC_UNAVAILABLE);
	ck_assert_int_eq(password_verify(slots, lanes, SPAN("password")), RC_UNAVAILABLE);
	ck_assert_int_eq(password_verify(slots, lanes, SPAN("passwore")), RC_UNAVAILABLE);
	ck_assert_int_eq(password_verify(slots, foreign[0].hash, SPAN("passwore")), RC_NO);
	ck_assert_int_eq(password_verify(slots, foreign[0].hash, SPAN("password")), RC_OK);
	ck_assert_int_eq(password_verify(slots, small, SPAN("passwore")), RC_NO);
	ck_assert_int_eq(password_verify(slots, small, SPAN("password")), RC_OK);
	ck_assert_int_eq(password_hash(&big, slots, SPAN("password"), hash), RC_UNAVAILABLE);
	ck_assert_str_eq(hash, "");
	/* Every slot was given back on the way. */
	ck_assert_int_eq(hash_slots_take(slots, &slot), RC_OK);
	ck_assert_int_eq(hash_slots_take(slots, &other), RC_OK);
}
END_TEST

START_TEST(without_slots_nothing_is_hashed)
{
	char hash[PASSWORD_HASH_SIZE];

	ck_assert_int_eq(password_hash(&cheap, NULL, SPAN("password"), hash), RC_INTERNAL);
	ck_assert_int_eq(password_verify(NULL, rows[0].hash, SPAN("password")), RC_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("password");
	TCase *tests = tcase_create("password");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, open_slots, close_slots);
	tcase_add_loop_test(
	    tests, only_bounded_argon2id_is_usable, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tests, what_was_hashed_verifies);
	tcase_add_test(tests, a_nul_and_what_is_over_the_cap_are_refused);
	tcase_add_loop_test(
	    tests, hashes_of_others_verify, 0, sizeof(foreign) / sizeof(foreign[0].hash));
	tcase_add_test(tests, other_parameters_are_outdated);
	tcase_add_test(tests, short_memory_is_not_a_wrong_password);
	tcase_add_test(tests, without_slots_nothing_is_hashed);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
