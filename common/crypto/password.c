#include "crypto/password.h"

#include <sodium.h>
#include <sys/mman.h>

#include "crypto/base64url.h"

#define PASSWORD_LANES_MAX 16
#define PASSWORD_SALT_MIN 8
#define PASSWORD_TAG_MIN 16

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "libsodium writes that many bytes");

/* A PHC string, taken apart. */
struct password_form {
	int64_t memory; /* KiB */
	int64_t passes;
	int64_t lanes;
	unsigned char salt[PASSWORD_HASH_SIZE];
	size_t salt_len;
	unsigned char tag[PASSWORD_HASH_SIZE];
	size_t tag_len;
};

static bool
password_take(struct span *text, struct span word)
{
	if (!span_starts(*text, word))
		return false;
	*text = span_after(*text, word.len);
	return true;
}

/* A decimal number without leading zeros, at most "max". */
static bool
password_take_number(struct span *text, int64_t max, int64_t *out)
{
	int64_t number = 0;
	size_t digits = 0;

	while (digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9') {
		number = number * 10 + (text->data[digits] - '0');
		if (number > max)
			return false;
		digits++;
	}
	if (digits == 0 || text->data[0] == '0')
		return false;
	*text = span_after(*text, digits);
	*out = number;
	return true;
}

static bool
password_base64(struct span text, unsigned char bytes[PASSWORD_HASH_SIZE], size_t *len)
{
	return base64url_only(text, "+/") &&
	       sodium_base642bin(bytes, PASSWORD_HASH_SIZE, text.data, text.len, NULL, len, NULL,
		   sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

/* Reads $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$TAG within the bounds. */
static bool
password_parse(const char *hash, struct password_form *form)
{
	struct span rest = { hash, strnlen(hash, PASSWORD_HASH_SIZE) };
	struct span salt;

	if (rest.len == PASSWORD_HASH_SIZE || !password_take(&rest, SPAN("$argon2id$v=19$m=")) ||
	    !password_take_number(&rest, PASSWORD_MEMORY_MAX / 1024, &form->memory) ||
	    !password_take(&rest, SPAN(",t=")) ||
	    !password_take_number(&rest, PASSWORD_PASSES_MAX, &form->passes) ||
	    !password_take(&rest, SPAN(",p=")) ||
	    !password_take_number(&rest, PASSWORD_LANES_MAX, &form->lanes) ||
	    !password_take(&rest, SPAN("$")) || form->memory < 8 * form->lanes)
		return false;
	salt = span_cut(&rest, '$');
	return password_base64(salt, form->salt, &form->salt_len) &&
	       password_base64(rest, form->tag, &form->tag_len) &&
	       form->salt_len >= PASSWORD_SALT_MIN && form->tag_len >= PASSWORD_TAG_MIN;
}

static bool
password_is_clean(struct span password)
{
	return password.len <= SECRET_MAX &&
	       (password.len == 0 || memchr(password.data, '\0', password.len) == NULL);
}

enum rc
password_hash(const struct config_password *config, struct hash_slots *slots, struct span password,
    char hash[PASSWORD_HASH_SIZE])
{
	enum rc rc;
	int slot;

	hash[0] = '\0';
	if (!password_is_clean(password))
		return RC_NO;
	rc = hash_slots_take(slots, &slot);
	if (rc != RC_OK)
		return rc;
	if (crypto_pwhash_str_alg(hash, password.len == 0 ? "" : password.data, password.len,
		(unsigned long long)config->passes, (size_t)config->memory,
		crypto_pwhash_ALG_ARGON2ID13) != 0) {
		hash[0] = '\0';
		rc = RC_UNAVAILABLE;
	}
	hash_slots_release(slots, slot);
	return rc;
}

/* libsodium's string verification calls it a wrong password when memory is short (1.0.18 sets
 * EINVAL for both), so what has its usual form, one lane and a salt of 16 bytes, is computed and
 * compared here. */
static enum rc
password_compare(const struct password_form *form, struct span password)
{
	unsigned char tag[PASSWORD_HASH_SIZE];
	enum rc rc = RC_UNAVAILABLE;

	if (crypto_pwhash(tag, form->tag_len, password.len == 0 ? "" : password.data, password.len,
		form->salt, (unsigned long long)form->passes, (size_t)form->memory * 1024,
		crypto_pwhash_ALG_ARGON2ID13) == 0)
		rc = sodium_memcmp(tag, form->tag, form->tag_len) == 0 ? RC_OK : RC_NO;
	sodium_memzero(tag, sizeof(tag));
	return rc;
}

/* Whether the kernel would give the memory: the blocks and an eighth for libsodium's tables. */
static bool
password_has_memory(const struct password_form *form)
{
	size_t size = (size_t)form->memory * (1024 + 128) + (1 << 18);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, size);
	return true;
}

/* Other forms only the string verification takes; its "no" counts if memory was there before and
 * is there after it. */
static enum rc
password_compare_string(const char *hash, const struct password_form *form, struct span password)
{
	if (!password_has_memory(form))
		return RC_UNAVAILABLE;
	if (crypto_pwhash_str_verify(hash, password.len == 0 ? "" : password.data, password.len) ==
	    0)
		return RC_OK;
	return password_has_memory(form) ? RC_NO : RC_UNAVAILABLE;
}

enum rc
password_verify(struct hash_slots *slots, const char *hash, struct span password)
{
	struct password_form form;
	enum rc rc;
	int slot;

	if (!password_parse(hash, &form) || !password_is_clean(password))
		return RC_NO;
	rc = hash_slots_take(slots, &slot);
	if (rc != RC_OK)
		return rc;
	if (form.lanes == 1 && form.salt_len == crypto_pwhash_SALTBYTES)
		rc = password_compare(&form, password);
	else
		rc = password_compare_string(hash, &form, password);
	hash_slots_release(slots, slot);
	return rc;
}

bool
password_usable(const char *hash)
{
	struct password_form form;

	return password_parse(hash, &form);
}

bool
password_outdated(const struct config_password *config, const char *hash)
{
	struct password_form form;

	return !password_parse(hash, &form) || form.memory != config->memory / 1024 ||
	       form.passes != config->passes || form.lanes != config->lanes;
}
