/* Client addresses: the socket's peer, or what trusted proxies say of it. */
#ifndef YETT_HTTP_ADDRESS_H
#define YETT_HTTP_ADDRESS_H

#include <stdint.h>

#include "base/config.h"

struct address {
	unsigned char bytes[16]; /* IPv6, or IPv4 mapped into it */
	bool known;              /* false: could not be told; all such clients count as one */
};

/* Reads an IPv4 or IPv6 address in text, also in brackets and with a port. RC_NO when it is none.
 */
enum rc address_read(struct span text, struct address *) RC_MUST;

/* The client behind the peer: the peer itself unless "trusted" (addresses or CIDR ranges) covers
 * it; then the first from the right of X-Forwarded-For (or, without it, of the for= values of
 * Forwarded, RFC 7239) that is not trusted. A value that is no address ends the search with the
 * last trusted one. Where both headers are given they must agree, else the peer counts: the proxy
 * wrote one of them, and the client may have written the other. */
struct address address_client(struct span peer, struct span x_forwarded_for, struct span forwarded,
    const struct config_list *trusted);

/* What limits count by: the address itself for IPv4, the /64 for IPv6. Returns the bytes' number.
 */
size_t address_limited(const struct address *, unsigned char bytes[16]);

#endif
