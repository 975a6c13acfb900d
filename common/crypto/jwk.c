#include "crypto/jwk.h"

#include "base/json.h"
#include "crypto/base64url.h"

/* RFC 8037 section 2. */
static void
jwk_put_key(struct buf *buf, const struct jwt_key *key)
{
	buf_text(buf, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"use\":\"sig\"");
	json_put_text(buf, "kid", span_of(key->kid));
	json_put_name(buf, "x");
	buf_char(buf, '"');
	base64url_put(buf, key->public_key, sizeof(key->public_key));
	buf_text(buf, "\"}");
}

void
jwk_put_keys(struct buf *buf, const struct jwt_keys *keys, bool *first)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->keys[i].algorithm != JWT_EDDSA)
			continue;
		if (!*first)
			buf_char(buf, ',');
		*first = false;
		jwk_put_key(buf, &keys->keys[i]);
	}
}
