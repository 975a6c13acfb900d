/* Who is at the other end, as the lower floors need to know it. */
#ifndef YETT_BASE_CLIENT_H
#define YETT_BASE_CLIENT_H

#include "base/span.h"

struct client {
	unsigned char address[16]; /* what limits count by: an IPv4 address or an IPv6 /64 */
	size_t address_len;
	struct span user_agent; /* valid UTF-8, at most 255 bytes */
	struct span language;   /* what its Accept-Language says, unread */
};

static inline struct span
client_address(const struct client *client)
{
	return (struct span){ (const char *)client->address, client->address_len };
}

#endif
