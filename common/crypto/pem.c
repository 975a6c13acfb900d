#include "crypto/pem.h"

#include <sodium.h>

#include "crypto/base64url.h"

#define PEM_PREFIX_MAX 16

/* What stands around the 32 bytes of each kind; RFC 8410 sections 4 and 7. */
struct pem_kind {
	const char *begin;
	const char *end;
	unsigned char prefix[PEM_PREFIX_MAX];
	size_t prefix_len;
};

static const struct pem_kind pem_public = {
	.begin = "-----BEGIN PUBLIC KEY-----\n",
	.end = "-----END PUBLIC KEY-----",
	.prefix = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 },
	.prefix_len = 12,
};

static const struct pem_kind pem_private = {
	.begin = "-----BEGIN PRIVATE KEY-----\n",
	.end = "-----END PRIVATE KEY-----",
	.prefix = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04,
	    0x22, 0x04, 0x20 },
	.prefix_len = 16,
};

/* Takes the first line, with the newline, when it is "line" (CRLF counts as a newline). */
static bool
pem_take_begin(struct span *text, const char *line)
{
	struct span want = { line, strlen(line) - 1 };

	if (!span_starts(*text, want))
		return false;
	*text = span_after(*text, want.len);
	if (span_starts(*text, SPAN("\r\n")))
		*text = span_after(*text, 2);
	else if (span_starts(*text, SPAN("\n")))
		*text = span_after(*text, 1);
	else
		return false;
	return true;
}

/* Leaves what stands before the last line, which must be "line". */
static bool
pem_take_end(struct span *text, const char *line)
{
	size_t len = strlen(line);

	while (text->len > 0 &&
	       (text->data[text->len - 1] == '\n' || text->data[text->len - 1] == '\r'))
		text->len--;
	if (text->len <= len || memcmp(text->data + text->len - len, line, len) != 0)
		return false;
	text->len -= len;
	return text->data[text->len - 1] == '\n';
}

static enum rc
pem_read(const struct pem_kind *kind, struct span text, unsigned char key[PEM_KEY_SIZE])
{
	unsigned char der[PEM_PREFIX_MAX + PEM_KEY_SIZE];
	size_t len = 0;
	enum rc rc = RC_NO;

	if (text.len > PEM_SIZE_MAX || !pem_take_begin(&text, kind->begin) ||
	    !pem_take_end(&text, kind->end))
		goto out;
	if (!base64url_only(text, "+/=\r\n") ||
	    sodium_base642bin(der, sizeof(der), text.data, text.len, "\r\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != kind->prefix_len + PEM_KEY_SIZE ||
	    memcmp(der, kind->prefix, kind->prefix_len) != 0)
		goto out;
	memcpy(key, der + kind->prefix_len, PEM_KEY_SIZE);
	rc = RC_OK;
out:
	sodium_memzero(der, sizeof(der));
	return rc;
}

static void
pem_put(const struct pem_kind *kind, struct buf *buf, const unsigned char key[PEM_KEY_SIZE])
{
	unsigned char der[PEM_PREFIX_MAX + PEM_KEY_SIZE];
	/* 48 bytes make one line of 64 characters, just as long as a line may be (RFC 7468). */
	char text[sodium_base64_ENCODED_LEN(sizeof(der), sodium_base64_VARIANT_ORIGINAL)];

	memcpy(der, kind->prefix, kind->prefix_len);
	memcpy(der + kind->prefix_len, key, PEM_KEY_SIZE);
	sodium_bin2base64(text, sizeof(text), der, kind->prefix_len + PEM_KEY_SIZE,
	    sodium_base64_VARIANT_ORIGINAL);
	buf_text(buf, kind->begin);
	buf_text(buf, text);
	buf_char(buf, '\n');
	buf_text(buf, kind->end);
	buf_char(buf, '\n');
	sodium_memzero(der, sizeof(der));
	sodium_memzero(text, sizeof(text));
}

enum rc
pem_read_public(struct span text, unsigned char key[PEM_KEY_SIZE])
{
	return pem_read(&pem_public, text, key);
}

enum rc
pem_read_private(struct span text, unsigned char seed[PEM_KEY_SIZE])
{
	return pem_read(&pem_private, text, seed);
}

void
pem_put_public(struct buf *buf, const unsigned char key[PEM_KEY_SIZE])
{
	pem_put(&pem_public, buf, key);
}

void
pem_put_private(struct buf *buf, const unsigned char seed[PEM_KEY_SIZE])
{
	pem_put(&pem_private, buf, seed);
}
