/* base64url without padding (RFC 4648 section 5), canonical form only. */
#ifndef YETT_CRYPTO_BASE64URL_H
#define YETT_CRYPTO_BASE64URL_H

#include "base/buf.h"

/* Characters that "bytes" bytes take, without a NUL. */
#define BASE64URL_LEN(bytes) (((bytes)*4 + 2) / 3)

/* Writes BASE64URL_LEN(count) characters and a NUL; "size" counts the NUL too and must suffice. */
void base64url_encode(char *text, size_t size, const void *bytes, size_t count);

void base64url_put(struct buf *, const void *bytes, size_t count);

/* Whether there is nothing in the text but ASCII letters, digits and "others". libsodium's decoders
 * (1.0.18) take some bytes over 127 for letters, and a NUL where they may ignore anything. */
bool base64url_only(struct span text, const char *others);

/* Decodes; RC_NO for padding, white space, other characters, stray bits in the last character, or
 * more than "size" bytes. */
enum rc base64url_decode(struct span text, void *bytes, size_t size, size_t *count) RC_MUST;

#endif
