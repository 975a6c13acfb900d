#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/jwt_sign.h"
#include "crypto/jwt_verify.h"
#include "crypto/key_place.h"
#include "crypto/keyring.h"
#include "crypto/pem.h"
#include "unit/fixture.h"

#define ALL_PURPOSES (KEYS_OF(PURPOSES) - 1)

static char directory[256];
static struct config config;
static struct config_fault fault;
static size_t made;

static void
make_keys(void)
{
	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	memset(&config, 0, sizeof(config));
	config.directory = directory;
	config.backend_count = 2;
	strcpy(config.backends[0].name, "web");
	config.backends[0].strategy = STRATEGY_DATABASE;
	strcpy(config.backends[1].name, "api");
	config.backends[1].strategy = STRATEGY_JWT;
	config.backends[1].jwt.algorithm = ALGORITHM_EDDSA;
	ck_assert_int_eq(keyring_make(&config, &random_system, &made, &fault), RC_OK);
}

/* DIRECTORY/keys/NAME in a buffer of its own. */
static const char *
path_of(const char *name)
{
	static char paths[4][512];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/keys/%s", directory, name);
	return path;
}

static void
write_file(const char *name, const void *bytes, size_t len, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static enum rc
open_keys(enum jwt_access access)
{
	struct keyring *ring = NULL;
	enum rc rc;

	fault.text[0] = '\0';
	rc = keyring_open(&ring, &config, ALL_PURPOSES, access, &fault);
	ck_assert((rc == RC_OK) == (ring != NULL));
	ck_assert((rc == RC_OK) == (fault.text[0] == '\0'));
	keyring_free(ring);
	return rc;
}

struct found {
	char kid[JWT_KID_SIZE];
	char kind[16];
	size_t count, current;
};

static const char *found_owner;
static int64_t found_now = INT64_C(32503680000000); /* in the year 3000 */

static void
find_row(void *state, const struct key_row *row)
{
	struct found *found = state;

	if (strcmp(row->owner, found_owner) != 0)
		return;
	found->count++;
	if (row->state != KEY_CURRENT)
		return;
	found->current++;
	ck_assert(row->made > INT64_C(1600000000000));
	snprintf(found->kid, sizeof(found->kid), "%s", row->kid);
	snprintf(found->kind, sizeof(found->kind), "%s", row->kind);
}

/* The rows of one owner. */
static struct found
list_of(const char *owner)
{
	struct found found = { 0 };

	found_owner = owner;
	ck_assert_int_eq(keyring_list(&config, found_now, find_row, &found, &fault), RC_OK);
	return found;
}

/* "DIRECTORY/KID" + suffix of the current key. */
static const char *
name_of(const char *owner, const char *below, const char *suffix)
{
	static char names[4][256];
	static size_t next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "%s/%s%s%s", owner, below, list_of(owner).kid, suffix);
	return name;
}

/* The only key of a purpose. */
static const struct key *
key_of(const struct keyring *ring, enum purpose purpose)
{
	if (!purpose_seals(purpose))
		return keyring_key(ring, purpose);
	ck_assert_uint_eq(keyring_sealing(ring, purpose)->count, 1);
	return &sealing_current(keyring_sealing(ring, purpose), 0)->key;
}

START_TEST(what_was_made_opens)
{
	struct keyring *ring;
	const struct jwt_keys *keys;

	ck_assert_uint_eq(made, PURPOSES + 1);
	ck_assert_int_eq(keyring_open(&ring, &config, ALL_PURPOSES, JWT_SIGN, &fault), RC_OK);
	for (enum purpose i = 0; i < PURPOSES; i++) {
		for (enum purpose j = 0; j < i; j++)
			ck_assert_mem_ne(key_of(ring, i), key_of(ring, j), KEY_SIZE);
	}
	ck_assert_ptr_null(keyring_jwt(ring, 0));
	ck_assert_ptr_null(keyring_jwt(ring, BACKENDS_MAX));
	keys = keyring_jwt(ring, 1);
	ck_assert_uint_eq(keys->count, 1);
	ck_assert_int_eq(keys->keys[0].algorithm, JWT_EDDSA);
	ck_assert_uint_eq(keys->keys[0].secret_len, 64);
	ck_assert_str_eq(keys->keys[0].kid, list_of("api").kid);
	keyring_free(ring);
	ck_assert_int_eq(keyring_make(&config, &random_system, &made, &fault), RC_OK);
	ck_assert_uint_eq(made, 0);
}
END_TEST

START_TEST(a_verifier_gets_no_private_key)
{
	static const unsigned char zeros[64];
	struct keyring *ring;

	/* It does not even look at the directory. */
	ck_assert_int_eq(chmod(path_of("api/private"), 0755), 0);
	ck_assert_int_eq(keyring_open(&ring, &config, 0, JWT_VERIFY, &fault), RC_OK);
	ck_assert_uint_eq(keyring_jwt(ring, 1)->keys[0].secret_len, 0);
	ck_assert_mem_eq(keyring_jwt(ring, 1)->keys[0].secret, zeros, 64);
	keyring_free(ring);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
}
END_TEST

/* Who publishes does not even look at what is shared, and that may be all there is. */
START_TEST(a_publisher_gets_no_secret)
{
	const char *public = name_of("api", "public/", ".pem");
	struct keyring *ring;

	config.backends[1].jwt.algorithm = ALGORITHM_HS256;
	ck_assert_int_eq(
	    keyring_make(&config, &random_system, &made, &fault), RC_OK); /* beside the other */
	ck_assert_int_eq(chmod(path_of("api/shared"), 0755), 0);
	ck_assert_int_eq(keyring_open(&ring, &config, 0, JWT_PUBLISH, &fault), RC_OK);
	ck_assert_uint_eq(keyring_jwt(ring, 1)->count, 1);
	ck_assert_int_eq(keyring_jwt(ring, 1)->keys[0].algorithm, JWT_EDDSA);
	keyring_free(ring);
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_NO);
	ck_assert_int_eq(unlink(path_of(public)), 0);
	ck_assert_int_eq(keyring_open(&ring, &config, 0, JWT_PUBLISH, &fault), RC_OK);
	ck_assert_uint_eq(keyring_jwt(ring, 1)->count, 0);
	keyring_free(ring);
	config.backends[1].jwt.algorithm = ALGORITHM_EDDSA;
	ck_assert_int_eq(open_keys(JWT_PUBLISH), RC_NO);
}
END_TEST

START_TEST(only_named_keys_are_opened)
{
	struct keyring *ring;

	ck_assert_int_eq(chmod(path_of("csrf"), 0755), 0);
	ck_assert_int_eq(chmod(path_of("api"), 0755), 0);
	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_ACCESS), JWT_NONE, &fault), RC_OK);
	ck_assert_ptr_nonnull(keyring_key(ring, PURPOSE_ACCESS));
	ck_assert_ptr_null(keyring_jwt(ring, 1));
	keyring_free(ring);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
}
END_TEST

START_TEST(a_key_that_was_not_opened_aborts)
{
	struct keyring *ring;

	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_ACCESS), JWT_NONE, &fault), RC_OK);
	keyring_key(ring, PURPOSE_CSRF);
}
END_TEST

/* The newest of them may not be the one that seals. */
START_TEST(a_sealing_key_is_not_taken_alone)
{
	struct keyring *ring;

	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_OUTBOX), JWT_NONE, &fault), RC_OK);
	keyring_key(ring, PURPOSE_OUTBOX);
}
END_TEST

START_TEST(a_digest_key_does_not_seal)
{
	struct keyring *ring;

	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_ACCESS), JWT_NONE, &fault), RC_OK);
	keyring_sealing(ring, PURPOSE_ACCESS);
}
END_TEST

/* Whichever is spoiled, nothing is opened: what it sealed could not be told. */
START_TEST(all_keys_that_seal_are_opened)
{
	const struct sealing_keys *keys;
	unsigned char bytes[KEY_SIZE];
	struct keyring *ring;
	char name[64];

	for (unsigned char i = 1; i < SEALING_KEYS_MAX; i++) {
		memset(bytes, i, sizeof(bytes));
		snprintf(name, sizeof(name), "totp/2000010%uT000000Z-x.key", (unsigned)i);
		write_file(name, bytes, sizeof(bytes), 0600);
	}
	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_TOTP), JWT_NONE, &fault), RC_OK);
	keys = keyring_sealing(ring, PURPOSE_TOTP);
	ck_assert_uint_eq(keys->count, SEALING_KEYS_MAX);
	ck_assert_str_eq(keys->rows[0].kid, "20000101T000000Z-x");
	ck_assert_int_eq(keys->rows[0].since, INT64_C(946684800000));
	ck_assert_mem_eq(keys->rows[6].key.bytes, bytes, KEY_SIZE);
	ck_assert_str_eq(
	    sealing_current(keys, INT64_C(946684800000) + DAY)->kid, "20000102T000000Z-x");
	ck_assert_str_eq(sealing_current(keys, INT64_MAX)->kid, list_of("totp").kid);
	keyring_free(ring);
	write_file("totp/20000101T000000Z-x.key", bytes, 31, 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	write_file("totp/20000101T000000Z-x.key", bytes, 32, 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_OK);
	write_file("totp/20000109T000000Z-x.key", bytes, 32, 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, ".retired"));
}
END_TEST

START_TEST(the_tree_is_for_the_owner_alone)
{
	static const char *const places[] = { "", "access", "api", "api/public", "api/private",
		"api/shared" };
	struct stat status;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ck_assert_int_eq(stat(path_of(places[i]), &status), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0700);
	}
	ck_assert_int_eq(stat(path_of(name_of("api", "public/", ".pem")), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(path_of(name_of("api", "private/", ".pem")), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(path_of(name_of("access", "", ".key")), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(status.st_size, KEY_SIZE);
}
END_TEST

static const char *const directories[] = { ".", "access", "api", "api/public", "api/private" };

START_TEST(a_directory_open_to_others_is_refused)
{
	static const mode_t modes[] = { 0750, 0701, 0720, 0704 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(path_of(directories[_i]), modes[i]), 0);
		ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
		ck_assert_ptr_nonnull(strstr(fault.text, "chmod"));
	}
	ck_assert_int_eq(chmod(path_of(directories[_i]), 0700), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
}
END_TEST

static const struct {
	const char *owner, *below, *suffix;
} files[] = {
	{ "access", "", ".key" },
	{ "api", "public/", ".pem" },
	{ "api", "private/", ".pem" },
};

static const char *
file_row(int row)
{
	return name_of(files[row].owner, files[row].below, files[row].suffix);
}

START_TEST(a_file_open_to_others_is_refused)
{
	const char *path = path_of(file_row(_i));

	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, path));
	ck_assert_int_eq(chmod(path, 0604), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_int_eq(chmod(path, 0400), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	char path[512], moved[512];

	snprintf(path, sizeof(path), "%s", path_of(file_row(_i)));
	snprintf(moved, sizeof(moved), "%s/moved", directory);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(symlink(moved, path), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	found_owner = "";
	if (strcmp(files[_i].below, "private/") != 0)
		ck_assert_int_eq(keyring_list(&config, found_now, find_row, NULL, &fault), RC_NO);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_int_eq(rename(moved, path), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
}
END_TEST

START_TEST(a_directory_behind_a_link_is_refused)
{
	bool top = strcmp(directories[_i], ".") == 0;
	char path[512], moved[512];

	snprintf(path, sizeof(path), "%s", path_of(top ? "" : directories[_i]));
	if (top)
		path[strlen(path) - 1] = '\0';
	snprintf(moved, sizeof(moved), "%s/moved", directory);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(symlink(moved, path), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rename(moved, path), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
}
END_TEST

START_TEST(another_owner_is_refused)
{
	const char *path = path_of(file_row(_i));

	if (geteuid() != 0) {
		printf("another owner: skipped, needs root\n");
		return;
	}
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "another user"));
	ck_assert_int_eq(chown(path, 0, 0), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
	ck_assert_int_eq(chown(path_of(directories[_i]), 65534, 65534), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
}
END_TEST

static const struct {
	const char *name;
	enum rc expected;
} names[] = {
	{ ".hidden", RC_OK },
	{ ".20261121T110500Z-00000000.key.part", RC_OK },
	{ "0.key", RC_OK },
	{ "a.b_c-D.key", RC_OK },
	{ "0", RC_NO },
	{ "0.pem", RC_NO },
	{ "0.key~", RC_NO },
	{ "0 0.key", RC_NO },
	{ "\xc3\xa9.key", RC_NO },
	{ "0000000000000000000000000000000000000000000000000000000000000000.key", RC_OK },
	{ "00000000000000000000000000000000000000000000000000000000000000000.key", RC_NO },
};

START_TEST(names_are_judged)
{
	unsigned char key[KEY_SIZE];
	char name[128];

	randombytes_buf(key, sizeof(key));
	snprintf(name, sizeof(name), "access/%s", names[_i].name);
	write_file(name, key, sizeof(key), 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), names[_i].expected);
}
END_TEST

START_TEST(the_last_name_is_current)
{
	unsigned char old[KEY_SIZE], new[KEY_SIZE];
	struct keyring *ring;

	memset(old, 1, sizeof(old));
	memset(new, 2, sizeof(new));
	write_file("access/0.key", old, sizeof(old), 0600);
	write_file("access/99991231T235959Z-00000000.key", new, sizeof(new), 0600);
	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_ACCESS), JWT_NONE, &fault), RC_OK);
	ck_assert_mem_eq(keyring_key(ring, PURPOSE_ACCESS), new, KEY_SIZE);
	keyring_free(ring);
	ck_assert_uint_eq(list_of("access").count, 3);
	ck_assert_uint_eq(list_of("access").current, 1);
	ck_assert_str_eq(list_of("access").kind, "digest");
}
END_TEST

START_TEST(a_purpose_key_is_32_bytes_and_not_zeros)
{
	static const size_t sizes[] = { 0, 31, 33, 64, 5000 };
	static unsigned char bytes[5000];
	const char *name = name_of("access", "", ".key");

	memset(bytes, 7, sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write_file(name, bytes, sizes[i], 0600);
		ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	}
	memset(bytes, 0, sizeof(bytes));
	write_file(name, bytes, KEY_SIZE, 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	bytes[0] = 1;
	write_file(name, bytes, KEY_SIZE, 0600);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_OK);
	ck_assert_int_eq(unlink(path_of(name)), 0);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	ck_assert_int_eq(rmdir(path_of("access")), 0);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
}
END_TEST

START_TEST(a_pair_must_belong_together)
{
	char path[512], other[512];
	struct buf pem = BUF_INIT(PEM_SIZE_MAX);
	const unsigned char seed[PEM_KEY_SIZE] = { 1, 2, 3 };
	const unsigned char low_order[PEM_KEY_SIZE] = { 1 };
	const unsigned char anybody[crypto_sign_BYTES] = { 1 }; /* R + hA = 0B */

	pem_put_private(&pem, seed);
	write_file(name_of("api", "private/", ".pem"), pem.data, pem.len, 0600);
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_OK);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "does not belong"));
	write_file(name_of("api", "private/", ".pem"), "x", 1, 0600);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_int_eq(unlink(path_of(name_of("api", "private/", ".pem"))), 0);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	/* A private key in place of the public one, then a key that anybody can sign for. */
	snprintf(path, sizeof(path), "%s", name_of("api", "public/", ".pem"));
	snprintf(other, sizeof(other), "%s", path);
	write_file(path, pem.data, pem.len, 0600);
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_NO);
	buf_clear(&pem);
	pem_put_public(&pem, low_order);
	write_file(other, pem.data, pem.len, 0600);
	ck_assert_int_eq(open_keys(JWT_SIGN), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "no Ed25519 public key"));
	/* Who verifies alone does not look, because no signature is accepted under such a key. */
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_OK);
	ck_assert_int_ne(
	    crypto_sign_verify_detached(anybody, (const unsigned char *)"x", 1, low_order), 0);
	buf_free(&pem);
}
END_TEST

static const struct {
	const char *why;
	struct span key;
	bool strong;
} shared[] = {
	{ "32 bytes",
	    SPAN_ROW("\x8f\x01\xd3\x5a\xee\x10\x77\x42\xb9\x66\x3c\xfd\x28\x91\x0b\xc4"
		     "\x55\xa7\x1e\xe2\x39\x80\x6f\xd8\x14\x4b\xf6\x93\x2d\xca\x71\x08"),
	    true },
	{ "31 bytes",
	    SPAN_ROW("\x8f\x01\xd3\x5a\xee\x10\x77\x42\xb9\x66\x3c\xfd\x28\x91\x0b\xc4"
		     "\x55\xa7\x1e\xe2\x39\x80\x6f\xd8\x14\x4b\xf6\x93\x2d\xca\x71"),
	    false },
	{ "16 bytes twice",
	    SPAN_ROW("\x8f\x01\xd3\x5a\xee\x10\x77\x42\xb9\x66\x3c\xfd\x28\x91\x0b\xc4"
		     "\x8f\x01\xd3\x5a\xee\x10\x77\x42\xb9\x66\x3c\xfd\x28\x91\x0b\xc4"),
	    false },
	{ "a sequence",
	    SPAN_ROW("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
		     "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
	    false },
	{ "one byte", SPAN_ROW("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false },
	{ "words", SPAN_ROW("please change this secret before use"), false },
	{ "hexadecimal",
	    SPAN_ROW("8f01d35aee107742b9663cfd28910bc455a71ee239806fd8144bf6932dca7108"), false },
	{ "base64 of 32 bytes", SPAN_ROW("jwHTWu4Qd0K5Zjz9KJELxFWnHuI5gG/YFEv2ky3KcQg="), true },
	{ "65 bytes", SPAN_ROW("jwHTWu4Qd0K5Zjz9KJELxFWnHuI5gG/YFEv2ky3KcQg=jwHTWu4Qd0K5Zjz9KJELx"),
	    false },
};

START_TEST(weak_shared_keys_are_refused)
{
	struct keyring *ring;

	ck_assert_msg(key_shared_is_strong((const unsigned char *)shared[_i].key.data,
			  shared[_i].key.len) == shared[_i].strong,
	    "%s", shared[_i].why);
	write_file("api/shared/99991231T235959Z-00000000.key", shared[_i].key.data,
	    shared[_i].key.len, 0600);
	ck_assert_int_eq(open_keys(JWT_SIGN), shared[_i].strong ? RC_OK : RC_NO);
	if (!shared[_i].strong)
		return;
	ck_assert_int_eq(keyring_open(&ring, &config, 0, JWT_VERIFY, &fault), RC_OK);
	ck_assert_uint_eq(keyring_jwt(ring, 1)->count, 2);
	ck_assert_int_eq(keyring_jwt(ring, 1)->keys[1].algorithm, JWT_HS256);
	ck_assert_mem_eq(
	    keyring_jwt(ring, 1)->keys[1].secret, shared[_i].key.data, shared[_i].key.len);
	keyring_free(ring);
}
END_TEST

START_TEST(one_name_is_one_key)
{
	char name[256];

	snprintf(name, sizeof(name), "api/shared/%s.key", list_of("api").kid);
	write_file(name, shared[0].key.data, shared[0].key.len, 0600);
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_NO);
}
END_TEST

START_TEST(too_many_keys_are_refused)
{
	char name[64];

	for (int i = 0; i < JWT_KEYS_MAX; i++) {
		ck_assert_int_eq(open_keys(JWT_VERIFY), RC_OK);
		snprintf(name, sizeof(name), "api/shared/%d.key", i);
		write_file(name, shared[0].key.data, shared[0].key.len, 0600);
	}
	ck_assert_int_eq(open_keys(JWT_VERIFY), RC_NO);
}
END_TEST

/* Back and forth within one second: the new key is the current one each time, the old ones stay. */
START_TEST(a_changed_algorithm_gets_a_new_key)
{
	char before[JWT_KID_SIZE];

	for (size_t i = 0; i < 4; i++) {
		bool hs = i % 2 == 0;

		strcpy(before, list_of("api").kid);
		config.backends[1].jwt.algorithm = hs ? ALGORITHM_HS256 : ALGORITHM_EDDSA;
		ck_assert_int_eq(keyring_make(&config, &random_system, &made, &fault), RC_OK);
		ck_assert_uint_eq(made, 1);
		ck_assert_str_eq(list_of("api").kind, hs ? "HS256" : "EdDSA");
		ck_assert_int_gt(strcmp(list_of("api").kid, before), 0);
		ck_assert_uint_eq(list_of("api").count, i + 2);
		ck_assert_uint_eq(list_of("api").current, 1);
		ck_assert_int_eq(open_keys(JWT_SIGN), RC_OK);
	}
}
END_TEST

START_TEST(a_name_past_the_clock_is_told)
{
	write_file("api/shared/zzz.key", shared[0].key.data, shared[0].key.len, 0600);
	ck_assert_int_eq(keyring_make(&config, &random_system, &made, &fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "zzz"));
}
END_TEST

START_TEST(new_names_tell_the_time)
{
	struct found found = list_of("api");
	struct tm parts = { 0 };
	time_t now = time(NULL);
	unsigned tail;
	char end;

	ck_assert_int_eq(
	    sscanf(found.kid, "%4d%2d%2dT%2d%2d%2dZ-%8x%c", &parts.tm_year, &parts.tm_mon,
		&parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &tail, &end),
	    7);
	parts.tm_year -= 1900;
	parts.tm_mon--;
	ck_assert_int_le(timegm(&parts), now);
	ck_assert_int_ge(timegm(&parts), now - 60);
	ck_assert_uint_eq(strlen(found.kid), 25);
}
END_TEST

/* All have it before the first uses it. */
START_TEST(rotated_key_seals_later)
{
	char kid[JWT_KID_SIZE] = "", before[JWT_KID_SIZE];
	int64_t now = clock_wall(&clock_system);
	const struct sealing_keys *keys;
	struct keyring *ring;

	found_now = now;
	strcpy(before, list_of("totp").kid);
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_OK);
	ck_assert_int_ge(sealing_since(kid), now + KEYRING_LEAD - SECOND);
	ck_assert_int_le(sealing_since(kid), now + KEYRING_LEAD + 10 * SECOND);
	ck_assert_uint_eq(list_of("totp").count, 2);
	ck_assert_str_eq(list_of("totp").kid, before);
	ck_assert_str_eq(list_of("totp").kind, "seal");
	ck_assert_int_eq(
	    keyring_open(&ring, &config, KEYS_OF(PURPOSE_TOTP), JWT_NONE, &fault), RC_OK);
	keys = keyring_sealing(ring, PURPOSE_TOTP);
	ck_assert_str_eq(sealing_current(keys, now)->kid, before);
	ck_assert_str_eq(sealing_current(keys, sealing_since(kid))->kid, kid);
	ck_assert_int_eq(sealing_state(keys, &keys->rows[0], now), KEY_CURRENT);
	ck_assert_int_eq(sealing_state(keys, &keys->rows[1], now), KEY_COMING);
	ck_assert_int_eq(sealing_state(keys, &keys->rows[0], INT64_MAX), KEY_OLD);
	keyring_free(ring);
	found_now = sealing_since(kid);
	ck_assert_str_eq(list_of("totp").kid, kid);
}
END_TEST

START_TEST(retired_key_lies_aside)
{
	char kid[JWT_KID_SIZE], old[JWT_KID_SIZE], name[128];
	struct stat status;

	strcpy(old, list_of("totp").kid);
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_OK);
	ck_assert_int_eq(keyring_retire(&config, PURPOSE_TOTP, old, &fault), RC_OK);
	ck_assert_uint_eq(list_of("totp").count, 1);
	ck_assert_str_eq(list_of("totp").kid, kid);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_OK);
	ck_assert_int_eq(stat(path_of("totp/.retired"), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	snprintf(name, sizeof(name), "totp/.retired/%s.key", old);
	ck_assert_int_eq(stat(path_of(name), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(keyring_retire(&config, PURPOSE_TOTP, old, &fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "is not there"));
}
END_TEST

/* Nothing can be sealed before it is there, so nobody waits for it. */
START_TEST(first_key_seals_at_once)
{
	char kid[JWT_KID_SIZE];
	int64_t now = clock_wall(&clock_system);
	struct stat status;

	found_now = now + SECOND;
	for (int missing = 0; missing < 2; missing++) {
		ck_assert_int_eq(unlink(path_of(name_of("totp", "", ".key"))), 0);
		if (missing)
			ck_assert_int_eq(rmdir(path_of("totp")), 0);
		ck_assert_int_eq(
		    keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_OK);
		ck_assert_int_ge(sealing_since(kid), now - SECOND);
		ck_assert_int_le(sealing_since(kid), clock_wall(&clock_system));
		ck_assert_str_eq(list_of("totp").kid, kid);
		ck_assert_uint_eq(list_of("totp").count, 1);
		ck_assert_int_eq(open_keys(JWT_NONE), RC_OK);
		ck_assert_int_eq(stat(path_of("totp"), &status), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0700);
	}
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_OK);
	ck_assert_int_gt(sealing_since(kid), clock_wall(&clock_system) + KEYRING_LEAD / 2);
}
END_TEST

/* A caller undoes what may have been made: the name tells whether anything may. */
START_TEST(failed_rotation_names_no_key)
{
	const struct random_source broken = fixture_random_broken();
	char kid[JWT_KID_SIZE] = "before", late[] = "totp/99991231T235959Z-z.key";
	unsigned char bytes[KEY_SIZE] = { 1 };

	ck_assert_int_eq(
	    keyring_rotate(&config, &broken, PURPOSE_TOTP, kid, &fault), RC_UNAVAILABLE);
	ck_assert_str_eq(kid, "");
	write_file(late, bytes, sizeof(bytes), 0600);
	strcpy(kid, "before");
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_NO);
	ck_assert_str_eq(kid, "");
	ck_assert_int_eq(unlink(path_of(late)), 0);
	for (int i = 1; i < SEALING_KEYS_MAX; i++)
		ck_assert_int_eq(
		    keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_OK);
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_NO);
	ck_assert_str_eq(kid, "");
	ck_assert_int_eq(chmod(path_of(""), 0755), 0);
	strcpy(kid, "before");
	ck_assert_int_eq(keyring_rotate(&config, &random_system, PURPOSE_TOTP, kid, &fault), RC_NO);
	ck_assert_str_eq(kid, "");
}
END_TEST

START_TEST(purposes_are_found_by_name)
{
	ck_assert_int_eq(purpose_named("access"), PURPOSE_ACCESS);
	ck_assert_int_eq(purpose_named("totp"), PURPOSE_TOTP);
	ck_assert_int_eq(purpose_named("api"), PURPOSES);
	ck_assert(!purpose_seals(PURPOSES));
	ck_assert(!purpose_seals(PURPOSE_ACCESS));
	ck_assert(purpose_seals(PURPOSE_TOTP));
}
END_TEST

START_TEST(without_randomness_nothing_is_made)
{
	const struct random_source broken = fixture_random_broken();
	unsigned char next = 0;
	const struct random_source counting = fixture_random(&next);

	ck_assert_int_eq(unlink(path_of(name_of("csrf", "", ".key"))), 0);
	ck_assert_int_eq(keyring_make(&config, &broken, &made, &fault), RC_UNAVAILABLE);
	ck_assert_uint_eq(made, 0);
	ck_assert_uint_eq(list_of("csrf").count, 0);
	/* Bytes in a row are no shared key either. */
	config.backends[1].jwt.algorithm = ALGORITHM_HS256;
	ck_assert_int_eq(keyring_make(&config, &counting, &made, &fault), RC_UNAVAILABLE);
	ck_assert_str_eq(list_of("api").kind, "EdDSA");
}
END_TEST

START_TEST(a_signer_signs_for_a_verifier)
{
	const struct jwt_rules rules = { .audience = SPAN("a") };
	const struct jwt_claims claims = {
		.subject = "0f6f6d4e-8f3a-4c0e-9d2b-1a2b3c4d5e6f",
		.jti = "00112233445566778899aabbccddeeff",
		.expires_at = 1000,
	};
	struct buf token = BUF_INIT(JWT_MAX);
	struct keyring *signer, *verifier;
	struct jwt_claims found;

	ck_assert_int_eq(keyring_open(&signer, &config, 0, JWT_SIGN, &fault), RC_OK);
	ck_assert_int_eq(keyring_open(&verifier, &config, 0, JWT_VERIFY, &fault), RC_OK);
	ck_assert_int_eq(jwt_sign_token(keyring_jwt(signer, 1), &rules, &claims, &token), RC_OK);
	ck_assert_int_eq(
	    jwt_verify(keyring_jwt(verifier, 1), &rules, buf_span(&token), 0, &found), RC_OK);
	ck_assert_int_eq(
	    jwt_sign_token(keyring_jwt(verifier, 1), &rules, &claims, &token), RC_INTERNAL);
	buf_free(&token);
	keyring_free(signer);
	keyring_free(verifier);
}
END_TEST

START_TEST(without_keys_the_fault_says_so)
{
	strcat(directory, "/access");
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	ck_assert_int_eq(open_keys(JWT_NONE), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "yettctl"));
	keyring_free(NULL);
}
END_TEST

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("keyring");
	TCase *tests = tcase_create("keyring");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, make_keys, NULL);
	tcase_add_test(tests, what_was_made_opens);
	tcase_add_test(tests, a_verifier_gets_no_private_key);
	tcase_add_test(tests, a_publisher_gets_no_secret);
	tcase_add_test(tests, only_named_keys_are_opened);
	tcase_add_test_raise_signal(tests, a_key_that_was_not_opened_aborts, 6);
	tcase_add_test_raise_signal(tests, a_sealing_key_is_not_taken_alone, 6);
	tcase_add_test_raise_signal(tests, a_digest_key_does_not_seal, 6);
	tcase_add_test(tests, all_keys_that_seal_are_opened);
	tcase_add_test(tests, the_tree_is_for_the_owner_alone);
	tcase_add_loop_test(tests, a_directory_open_to_others_is_refused, 0, ROWS(directories));
	tcase_add_loop_test(tests, a_file_open_to_others_is_refused, 0, ROWS(files));
	tcase_add_loop_test(tests, a_link_is_not_followed, 0, ROWS(files));
	tcase_add_loop_test(tests, a_directory_behind_a_link_is_refused, 0, ROWS(directories));
	tcase_add_loop_test(tests, another_owner_is_refused, 0, ROWS(files));
	tcase_add_loop_test(tests, names_are_judged, 0, ROWS(names));
	tcase_add_test(tests, the_last_name_is_current);
	tcase_add_test(tests, a_purpose_key_is_32_bytes_and_not_zeros);
	tcase_add_test(tests, a_pair_must_belong_together);
	tcase_add_loop_test(tests, weak_shared_keys_are_refused, 0, ROWS(shared));
	tcase_add_test(tests, one_name_is_one_key);
	tcase_add_test(tests, too_many_keys_are_refused);
	tcase_add_test(tests, a_changed_algorithm_gets_a_new_key);
	tcase_add_test(tests, a_name_past_the_clock_is_told);
	tcase_add_test(tests, new_names_tell_the_time);
	tcase_add_test(tests, rotated_key_seals_later);
	tcase_add_test(tests, retired_key_lies_aside);
	tcase_add_test(tests, first_key_seals_at_once);
	tcase_add_test(tests, failed_rotation_names_no_key);
	tcase_add_test(tests, purposes_are_found_by_name);
	tcase_add_test(tests, without_randomness_nothing_is_made);
	tcase_add_test(tests, a_signer_signs_for_a_verifier);
	tcase_add_test(tests, without_keys_the_fault_says_so);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
