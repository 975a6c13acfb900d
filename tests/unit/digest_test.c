#include <sodium.h>

#include "crypto/digest.h"
#include "unit/fixture.h"

static struct span
bytes_of(const char *hex, unsigned char *bytes, size_t size)
{
	size_t len = 0;

	ck_assert_int_eq(sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &len, NULL), 0);
	return (struct span){ (const char *)bytes, len };
}

/* RFC 4231 sections 4.2, 4.3, 4.4, 4.7: keys shorter than, of and longer than a block. */
static const struct {
	const char *key, *message, *expected;
} hmac_rows[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
};

START_TEST(hmac_is_that_of_the_rfc)
{
	unsigned char key[64], message[64];
	struct digest digest;
	char hex[65];

	digest_hmac(&digest, bytes_of(hmac_rows[_i].key, key, sizeof(key)),
	    bytes_of(hmac_rows[_i].message, message, sizeof(message)));
	digest_hex(&digest, hex, sizeof(hex));
	ck_assert_str_eq(hex, hmac_rows[_i].expected);
}
END_TEST

/* RFC 5869 A.1 and A.3. */
static const struct {
	const char *secret, *salt, *info, *expected;
} hkdf_rows[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
	    "f0f1f2f3f4f5f6f7f8f9",
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
	    "65" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
	    "c8" },
};

START_TEST(hkdf_is_that_of_the_rfc)
{
	unsigned char secret[64], salt[64], info[64], expected[64], out[64];
	struct span want = bytes_of(hkdf_rows[_i].expected, expected, sizeof(expected));

	ck_assert_int_eq(digest_hkdf(bytes_of(hkdf_rows[_i].secret, secret, sizeof(secret)),
			     bytes_of(hkdf_rows[_i].salt, salt, sizeof(salt)),
			     bytes_of(hkdf_rows[_i].info, info, sizeof(info)), out, want.len),
	    RC_OK);
	ck_assert_mem_eq(out, want.data, want.len);
}
END_TEST

START_TEST(hkdf_gives_no_more_than_its_most)
{
	static unsigned char out[HKDF_MAX + 1];
	static const unsigned char zeros[DIGEST_SIZE];

	ck_assert_int_eq(digest_hkdf(SPAN("secret"), SPAN(""), SPAN(""), out, HKDF_MAX), RC_OK);
	ck_assert_mem_ne(out + HKDF_MAX - DIGEST_SIZE, zeros, DIGEST_SIZE);
	ck_assert_int_ne(digest_hkdf(SPAN("secret"), SPAN(""), SPAN(""), out, HKDF_MAX + 1), RC_OK);
}
END_TEST

/* Lists that would be the same bytes if their parts were merely joined. */
START_TEST(parts_are_never_confused)
{
	const struct key key = { { 1 } };
	const struct span lists[][2] = {
		{ SPAN("ab"), SPAN("c") },
		{ SPAN("a"), SPAN("bc") },
		{ SPAN(""), SPAN("abc") },
		{ SPAN("abc"), SPAN("") },
		{ { NULL, 0 }, SPAN("ab") },
	};
	struct digest digests[6];

	for (size_t i = 0; i < 5; i++)
		digest_parts(&digests[i], &key, lists[i], 2);
	digest_parts(&digests[5], &key, lists[3], 1);
	for (size_t i = 0; i < 6; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_mem_ne(&digests[i], &digests[j], sizeof(digests[i]));
	}
}
END_TEST

START_TEST(parts_carry_their_length_in_eight_bytes)
{
	const struct key key = { { 7, 7 } };
	const struct span parts[] = { SPAN("ab"), SPAN("") };
	struct digest digest, expected;

	digest_parts(&digest, &key, parts, 2);
	digest_hmac(&expected, (struct span){ (const char *)key.bytes, KEY_SIZE },
	    SPAN("\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\0"));
	ck_assert_mem_eq(&digest, &expected, sizeof(digest));
}
END_TEST

START_TEST(hex_is_cut_to_its_size)
{
	const struct digest digest = { { 0xab, 0xcd, 0xef } };
	char text[80];

	digest_hex(&digest, text, 6);
	ck_assert_str_eq(text, "abcde");
	digest_hex(&digest, text, 1);
	ck_assert_str_eq(text, "");
	digest_hex(&digest, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), 64);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tests = tcase_create("digest");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(tests, hmac_is_that_of_the_rfc, 0, 3);
	tcase_add_loop_test(tests, hkdf_is_that_of_the_rfc, 0, 2);
	tcase_add_test(tests, hkdf_gives_no_more_than_its_most);
	tcase_add_test(tests, parts_are_never_confused);
	tcase_add_test(tests, parts_carry_their_length_in_eight_bytes);
	tcase_add_test(tests, hex_is_cut_to_its_size);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
