/* What was sealed opens and nothing else does: no text of a stranger is ever "yes", an id that is
 * none of ours is "could not tell", and all else is "no".
 *
 * An input is taken as a sealed text. If it is too short for one, it is sealed, opened again, and
 * opened with each of its bytes changed. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "crypto/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition) ((condition) ? (void)0 : abort())
#define HOLDER SPAN("holder")

static void
seal_make_keys(struct sealing_keys *keys)
{
	static const struct key old = { "0123456789abcdef0123456789abcde" };
	static const struct key new = { "another 89abcdef0123456789abcde" };

	*keys = (struct sealing_keys){ .count = 0 };
	MUST(sealing_add(keys, &old, "20000101T000000Z-a"));
	MUST(sealing_add(keys, &new, "20010101T000000Z-b"));
}

/* Nobody can make a text that opens without the keys; a fuzzer cannot either. */
static void
seal_judge(const struct sealing_keys *keys, struct span text)
{
	struct buf plain = BUF_INIT(SEAL_PLAIN_MAX);
	enum rc rc = seal_open(&plain, keys, text, HOLDER);

	MUST(rc == RC_NO || rc == RC_UNAVAILABLE);
	MUST(plain.len == 0);
	MUST((rc == RC_UNAVAILABLE) == seal_lacks_key(keys, text));
	if (rc == RC_UNAVAILABLE)
		MUST(text.len >= SEAL_OVERHEAD && text.data[0] == 1);
	buf_free(&plain);
}

static void
seal_there_and_back(const struct sealing_keys *keys, struct span text, int64_t now)
{
	struct buf sealed = BUF_INIT(SEAL_OVERHEAD + SEAL_PLAIN_MAX);
	struct buf plain = BUF_INIT(SEAL_PLAIN_MAX);

	MUST(seal_put(&sealed, keys, now, &random_system, text, HOLDER) == RC_OK);
	MUST(seal_open(&plain, keys, buf_span(&sealed), HOLDER) == RC_OK);
	MUST(span_equal(buf_span(&plain), text));
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] = (char)(sealed.data[i] ^ 0x20);
		seal_judge(keys, buf_span(&sealed));
		sealed.data[i] = (char)(sealed.data[i] ^ 0x20);
	}
	buf_free(&sealed);
	buf_free(&plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct sealing_keys keys;

	/* A line for each unknown key would be most of the work. */
	if (sodium_init() < 0 || log_open("/dev/null", LOG_ERROR, "fuzz") != RC_OK)
		return 0;
	seal_make_keys(&keys);
	seal_judge(&keys, text);
	if (size < SEAL_OVERHEAD)
		seal_there_and_back(&keys, text, size % 2 == 0 ? 0 : INT64_MAX);
	log_close();
	return 0;
}
