#include <sodium.h>

#include "crypto/pem.h"
#include "unit/fixture.h"

/* RFC 8410 section 10. */
#define PUBLIC_BODY "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
#define PRIVATE_BODY "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
#define BEGIN_PUBLIC "-----BEGIN PUBLIC KEY-----\n"
#define END_PUBLIC "\n-----END PUBLIC KEY-----\n"
#define BEGIN_PRIVATE "-----BEGIN PRIVATE KEY-----\n"
#define END_PRIVATE "\n-----END PRIVATE KEY-----\n"

START_TEST(the_keys_of_the_rfc_belong_together)
{
	unsigned char public_key[PEM_KEY_SIZE], seed[PEM_KEY_SIZE];
	unsigned char made[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];

	ck_assert_int_eq(
	    pem_read_public(SPAN(BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC), public_key), RC_OK);
	ck_assert_int_eq(
	    pem_read_private(SPAN(BEGIN_PRIVATE PRIVATE_BODY END_PRIVATE), seed), RC_OK);
	crypto_sign_seed_keypair(made, secret, seed);
	ck_assert_mem_eq(made, public_key, sizeof(made));
}
END_TEST

START_TEST(what_is_written_is_what_was_read)
{
	struct buf buf = BUF_INIT(PEM_SIZE_MAX);
	unsigned char key[PEM_KEY_SIZE];

	ck_assert_int_eq(pem_read_public(SPAN(BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC), key), RC_OK);
	pem_put_public(&buf, key);
	ck_assert_str_eq(buf.data, BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC);
	buf_clear(&buf);
	ck_assert_int_eq(
	    pem_read_private(SPAN(BEGIN_PRIVATE PRIVATE_BODY END_PRIVATE), key), RC_OK);
	pem_put_private(&buf, key);
	ck_assert_str_eq(buf.data, BEGIN_PRIVATE PRIVATE_BODY END_PRIVATE);
	buf_free(&buf);
}
END_TEST

static const struct {
	const char *why;
	struct span text;
	enum rc expected;
} rows[] = {
	{ "no newline at the end", SPAN_ROW(BEGIN_PUBLIC PUBLIC_BODY "\n-----END PUBLIC KEY-----"),
	    RC_OK },
	{ "CRLF",
	    SPAN_ROW(
		"-----BEGIN PUBLIC KEY-----\r\n" PUBLIC_BODY "\r\n-----END PUBLIC KEY-----\r\n"),
	    RC_OK },
	{ "nothing", { NULL, 0 }, RC_NO },
	{ "the body alone", SPAN_ROW(PUBLIC_BODY), RC_NO },
	{ "no end", SPAN_ROW(BEGIN_PUBLIC PUBLIC_BODY), RC_NO },
	{ "no body", SPAN_ROW("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"), RC_NO },
	{ "begin and end in one", SPAN_ROW("-----BEGIN PUBLIC KEY-----"), RC_NO },
	{ "text before", SPAN_ROW("x\n" BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC), RC_NO },
	{ "text after", SPAN_ROW(BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC "x"), RC_NO },
	{ "two keys",
	    SPAN_ROW(BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC),
	    RC_NO },
	{ "end of another kind", SPAN_ROW(BEGIN_PUBLIC PUBLIC_BODY END_PRIVATE), RC_NO },
	{ "a private key", SPAN_ROW(BEGIN_PRIVATE PRIVATE_BODY END_PRIVATE), RC_NO },
	{ "a private key under a public name", SPAN_ROW(BEGIN_PUBLIC PRIVATE_BODY END_PUBLIC),
	    RC_NO },
	{ "X25519",
	    SPAN_ROW(BEGIN_PUBLIC
		"MCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=" END_PUBLIC),
	    RC_NO },
	{ "a byte short",
	    SPAN_ROW(BEGIN_PUBLIC
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZg==" END_PUBLIC),
	    RC_NO },
	{ "a byte more",
	    SPAN_ROW(BEGIN_PUBLIC
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuEA" END_PUBLIC),
	    RC_NO },
	{ "stray bits",
	    SPAN_ROW(BEGIN_PUBLIC
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuF=" END_PUBLIC),
	    RC_NO },
	{ "no padding",
	    SPAN_ROW(BEGIN_PUBLIC
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE" END_PUBLIC),
	    RC_NO },
	{ "a NUL", SPAN_ROW(BEGIN_PUBLIC "\0" PUBLIC_BODY END_PUBLIC), RC_NO },
};

START_TEST(nothing_but_one_public_key_is_taken)
{
	unsigned char key[PEM_KEY_SIZE];

	ck_assert_msg(pem_read_public(rows[_i].text, key) == rows[_i].expected, "%s", rows[_i].why);
}
END_TEST

START_TEST(a_public_key_is_no_private_one)
{
	unsigned char key[PEM_KEY_SIZE];

	ck_assert_int_eq(pem_read_private(SPAN(BEGIN_PUBLIC PUBLIC_BODY END_PUBLIC), key), RC_NO);
	ck_assert_int_eq(pem_read_private(SPAN(BEGIN_PRIVATE PUBLIC_BODY END_PRIVATE), key), RC_NO);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pem");
	TCase *tests = tcase_create("pem");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_test(tests, the_keys_of_the_rfc_belong_together);
	tcase_add_test(tests, what_is_written_is_what_was_read);
	tcase_add_loop_test(
	    tests, nothing_but_one_public_key_is_taken, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tests, a_public_key_is_no_private_one);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
