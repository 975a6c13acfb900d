#include "crypto/seal.h"

#include <openssl/evp.h>
#include <sodium.h>

#include "base/log.h"
#include "crypto/libcrypto.h"

#define SEAL_VERSION 1
#define SEAL_NONCE 12
#define SEAL_TAG 16
#define SEAL_KEY_AT 1
#define SEAL_NONCE_AT (SEAL_KEY_AT + SEALING_ID_SIZE)
#define SEAL_HEAD (SEAL_NONCE_AT + SEAL_NONCE)

_Static_assert(SEAL_OVERHEAD == SEAL_HEAD + SEAL_TAG, "the parts make up the whole");

static EVP_CIPHER_CTX *
seal_context(void)
{
	return libcrypto_start() ? EVP_CIPHER_CTX_new() : NULL;
}

static enum rc
seal_fault(const char *what)
{
	LOG_FAULT(LOG_ERROR, "AES-256-GCM: %s", what);
	return RC_INTERNAL;
}

static enum rc
seal_encrypt(const struct key *key, const unsigned char *head, struct span plain,
    struct span belongs_to, unsigned char *out)
{
	EVP_CIPHER_CTX *cipher = seal_context();
	enum rc rc = RC_INTERNAL;
	int len;

	if (cipher == NULL ||
	    EVP_EncryptInit_ex2(
		cipher, EVP_aes_256_gcm(), key->bytes, head + SEAL_NONCE_AT, NULL) != 1 ||
	    EVP_EncryptUpdate(cipher, NULL, &len, head, SEAL_HEAD) != 1 ||
	    EVP_EncryptUpdate(cipher, NULL, &len, (const unsigned char *)belongs_to.data,
		(int)belongs_to.len) != 1 ||
	    EVP_EncryptUpdate(
		cipher, out, &len, (const unsigned char *)plain.data, (int)plain.len) != 1 ||
	    EVP_EncryptFinal_ex(cipher, out + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG, out + plain.len) != 1)
		rc = seal_fault("cannot seal");
	else
		rc = RC_OK;
	EVP_CIPHER_CTX_free(cipher);
	return rc;
}

enum rc
seal_put(struct buf *buf, const struct sealing_keys *keys, int64_t now,
    const struct random_source *random, struct span plain, struct span belongs_to)
{
	const struct sealing_key *key = sealing_current(keys, now);
	unsigned char sealed[SEAL_OVERHEAD + SEAL_PLAIN_MAX] = { SEAL_VERSION };
	enum rc rc;

	_Static_assert(KEY_SIZE == 32, "AES-256 takes a key of 32 bytes");
	if (plain.len > SEAL_PLAIN_MAX || belongs_to.len > SEAL_PLAIN_MAX)
		return seal_fault("too long to be sealed");
	memcpy(sealed + SEAL_KEY_AT, key->id, SEALING_ID_SIZE);
	rc = random_bytes(random, sealed + SEAL_NONCE_AT, SEAL_NONCE);
	if (rc == RC_OK)
		rc = seal_encrypt(&key->key, sealed, plain, belongs_to, sealed + SEAL_HEAD);
	if (rc != RC_OK)
		return rc;
	buf_add(buf, (struct span){ (const char *)sealed, SEAL_OVERHEAD + plain.len });
	return buf_check(buf);
}

/* RC_NO: not what was sealed. */
static enum rc
seal_decrypt(const struct key *key, struct span sealed, struct span belongs_to, unsigned char *out)
{
	const unsigned char *bytes = (const unsigned char *)sealed.data;
	int count = (int)(sealed.len - SEAL_OVERHEAD);
	unsigned char tag[SEAL_TAG];
	EVP_CIPHER_CTX *cipher = seal_context();
	enum rc rc = RC_INTERNAL;
	int len;

	memcpy(tag, bytes + SEAL_HEAD + count, SEAL_TAG);
	if (cipher == NULL ||
	    EVP_DecryptInit_ex2(
		cipher, EVP_aes_256_gcm(), key->bytes, bytes + SEAL_NONCE_AT, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag) != 1 ||
	    EVP_DecryptUpdate(cipher, NULL, &len, bytes, SEAL_HEAD) != 1 ||
	    EVP_DecryptUpdate(cipher, NULL, &len, (const unsigned char *)belongs_to.data,
		(int)belongs_to.len) != 1 ||
	    EVP_DecryptUpdate(cipher, out, &len, bytes + SEAL_HEAD, count) != 1)
		rc = seal_fault("cannot open");
	else
		rc = EVP_DecryptFinal_ex(cipher, out + len, &len) == 1 ? RC_OK : RC_NO;
	EVP_CIPHER_CTX_free(cipher);
	return rc;
}

/* The id of the key that a text names; NULL where it is no sealed text. */
static const unsigned char *
seal_key_id(struct span sealed)
{
	if (sealed.len < SEAL_OVERHEAD || sealed.len > SEAL_OVERHEAD + SEAL_PLAIN_MAX ||
	    sealed.data[0] != SEAL_VERSION)
		return NULL;
	return (const unsigned char *)sealed.data + SEAL_KEY_AT;
}

bool
seal_lacks_key(const struct sealing_keys *keys, struct span sealed)
{
	const unsigned char *id = seal_key_id(sealed);

	return id != NULL && sealing_find(keys, id) == NULL;
}

/* Its id tells which it was, and nothing of it. */
static enum rc
seal_key_missing(const unsigned char id[SEALING_ID_SIZE])
{
	char text[2 * SEALING_ID_SIZE + 1];

	sodium_bin2hex(text, sizeof(text), id, SEALING_ID_SIZE);
	LOG_FAULT(
	    LOG_ERROR, "the key that this was sealed with (id %s) is not among those here", text);
	return RC_UNAVAILABLE;
}

enum rc
seal_open(
    struct buf *buf, const struct sealing_keys *keys, struct span sealed, struct span belongs_to)
{
	const unsigned char *id = seal_key_id(sealed);
	const struct sealing_key *key;
	unsigned char plain[SEAL_PLAIN_MAX];
	enum rc rc;

	if (id == NULL || belongs_to.len > SEAL_PLAIN_MAX)
		return RC_NO;
	key = sealing_find(keys, id);
	if (key == NULL)
		return seal_key_missing(id);
	rc = seal_decrypt(&key->key, sealed, belongs_to, plain);
	if (rc == RC_OK) {
		buf_add(buf, (struct span){ (const char *)plain, sealed.len - SEAL_OVERHEAD });
		rc = buf_check(buf);
	}
	sodium_memzero(plain, sizeof(plain));
	return rc;
}
