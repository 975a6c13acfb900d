/* Forwarding headers: whatever a client puts on the left, what the proxy adds on the right counts,
 * and without a trusted proxy nothing of it does. */
#include <stdint.h>
#include <stdlib.h>

#include "http/address.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const networks[] = { "10.0.0.0/8", "2001:db8:1::/48" };
static const struct config_list trusted = { networks, 2 };
static const struct span none = { NULL, 0 };

static bool
fuzz_is(struct address address, struct span text)
{
	struct address expected;

	MUST(address_read(text, &expected) == RC_OK);
	return address.known && memcmp(address.bytes, expected.bytes, 16) == 0;
}

static void
fuzz_read(struct span text)
{
	unsigned char bytes[16];
	struct address address;

	if (address_read(text, &address) != RC_OK) {
		MUST(!address.known && address_limited(&address, bytes) == 0);
		return;
	}
	MUST(address.known && text.len >= 2 && text.len <= 53);
	MUST(address_limited(&address, bytes) == 4 || address_limited(&address, bytes) == 8);
}

/* The header of a client, and what a proxy appends. */
static void
fuzz_appended(struct span given, struct span added, bool simple)
{
	char *list = malloc(given.len + added.len + 1);
	struct span header;
	struct address client;

	MUST(list != NULL);
	if (given.len > 0)
		memcpy(list, given.data, given.len);
	memcpy(list + given.len, added.data, added.len);
	header = (struct span){ list, given.len + added.len };
	client = simple ? address_client(SPAN("10.0.0.1"), header, none, &trusted)
			: address_client(SPAN("10.0.0.1"), none, header, &trusted);
	MUST(fuzz_is(client, SPAN("203.0.113.5")));
	client = address_client(SPAN("198.51.100.1"), header, header, &trusted);
	MUST(fuzz_is(client, SPAN("198.51.100.1")));
	free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };

	fuzz_read(given);
	(void)address_client(SPAN("10.0.0.1"), given, none, &trusted);
	(void)address_client(SPAN("10.0.0.1"), none, given, &trusted);
	(void)address_client(given, given, given, &trusted);
	fuzz_appended(given, SPAN(", 203.0.113.5"), true);
	fuzz_appended(given, SPAN(",203.0.113.5, 10.2.3.4"), true);
	fuzz_appended(given, SPAN(", for=203.0.113.5;proto=https"), false);
	fuzz_appended(
	    given, SPAN(", for=\"203.0.113.5:80\";host=\"a,b\", for=\"[2001:db8:1::2]\""), false);
	return 0;
}
