#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static enum rc
random_system_fill(void *state, void *bytes, size_t count)
{
	unsigned char *to = bytes;

	(void)state;
	while (count > 0) {
		ssize_t got = getrandom(to, count, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return RC_UNAVAILABLE;
		to += got;
		count -= (size_t)got;
	}
	return RC_OK;
}

const struct random_source random_system = { random_system_fill, NULL };

enum rc
random_bytes(const struct random_source *source, void *bytes, size_t count)
{
	return source->fill(source->state, bytes, count);
}

enum rc
random_uuid(const struct random_source *source, char text[UUID_SIZE])
{
	unsigned char b[16];
	enum rc rc = random_bytes(source, b, sizeof(b));

	if (rc != RC_OK)
		return rc;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, UUID_SIZE,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	    b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
	    b[15]);
	return RC_OK;
}
