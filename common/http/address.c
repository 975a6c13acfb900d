#include "http/address.h"

#include <arpa/inet.h>

enum { PORT_MAX = 65535, MAPPED_BITS = 96 };

static const unsigned char address_mapped[MAPPED_BITS / 8] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static bool
address_is_mapped(const struct address *address)
{
	return memcmp(address->bytes, address_mapped, sizeof(address_mapped)) == 0;
}

/* Digits alone, up to "max". */
static bool
address_number(struct span text, unsigned max, unsigned *number)
{
	*number = 0;
	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*number = *number * 10 + (unsigned)(text.data[i] - '0');
	}
	return *number <= max;
}

/* An address without brackets and port. */
static bool
address_bare(struct span text, struct address *address)
{
	struct address read = { { 0 }, true };
	char copy[INET6_ADDRSTRLEN];

	if (!span_copy(copy, sizeof(copy), text))
		return false;
	memcpy(read.bytes, address_mapped, sizeof(address_mapped));
	if (inet_pton(AF_INET, copy, read.bytes + sizeof(address_mapped)) != 1 &&
	    inet_pton(AF_INET6, copy, read.bytes) != 1)
		return false;
	*address = read;
	return true;
}

enum rc
address_read(struct span text, struct address *address)
{
	struct span port = text, host;
	unsigned number;

	*address = (struct address){ { 0 }, false };
	if (address_bare(text, address))
		return RC_OK;
	if (span_starts(text, SPAN("["))) {
		host = span_cut(&port, ']');
		if (port.data == NULL || (port.len > 0 && port.data[0] != ':'))
			return RC_NO;
		if (port.len > 0 && !address_number(span_after(port, 1), PORT_MAX, &number))
			return RC_NO;
		host = span_after(host, 1);
		/* Brackets are for IPv6 alone. */
		if (host.len == 0 || memchr(host.data, ':', host.len) == NULL)
			return RC_NO;
		return address_bare(host, address) ? RC_OK : RC_NO;
	}
	host = span_cut(&port, ':');
	if (!address_number(port, PORT_MAX, &number))
		return RC_NO;
	return address_bare(host, address) ? RC_OK : RC_NO;
}

/* Whether the network, an address or a CIDR range, covers the address. */
static bool
address_in(const struct address *address, struct span network)
{
	struct span length = network, text = span_cut(&length, '/');
	struct address base = { { 0 }, false };
	unsigned bits = 128, most, rest;

	if (!address_bare(text, &base))
		return false;
	if (length.data != NULL) {
		most = memchr(text.data, ':', text.len) == NULL ? 32 : 128;
		if (!address_number(length, most, &bits))
			return false;
		bits += 128 - most;
	}
	rest = bits % 8;
	if (memcmp(address->bytes, base.bytes, bits / 8) != 0)
		return false;
	return rest == 0 || (address->bytes[bits / 8] ^ base.bytes[bits / 8]) >> (8 - rest) == 0;
}

static bool
address_is_trusted(const struct address *address, const struct config_list *trusted)
{
	for (size_t i = 0; i < trusted->count; i++) {
		if (address_in(address, span_of(trusted->items[i])))
			return true;
	}
	return false;
}

/* Whether the quote at "at" is one that begins or ends a quoted string. */
static bool
address_is_quote(struct span text, size_t at)
{
	size_t slashes = 0;

	if (text.data[at] != '"')
		return false;
	while (slashes < at && text.data[at - slashes - 1] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

/* Takes the last element off a list. Looked for from the right: what a client wrote stands on the
 * left of what a proxy added, and no quote in it may swallow that. */
static struct span
address_last(struct span *list)
{
	struct span whole = *list;
	bool quoted = false;

	for (size_t at = whole.len; at-- > 0;) {
		if (address_is_quote(whole, at))
			quoted = !quoted;
		if (whole.data[at] == ',' && !quoted) {
			list->len = at;
			return span_trim(span_after(whole, at + 1));
		}
	}
	*list = SPAN_NONE;
	return span_trim(whole);
}

/* The address in the one "for=" of an element of Forwarded; "not given" when that cannot be told.
 */
static struct span
address_for(struct span element)
{
	struct span found = { NULL, 0 }, none = { NULL, 0 };
	size_t start = 0;
	bool quoted = false;

	for (size_t at = 0; at <= element.len; at++) {
		struct span value, name;

		if (at < element.len && address_is_quote(element, at))
			quoted = !quoted;
		if (at < element.len && (element.data[at] != ';' || quoted))
			continue;
		value = span_trim((struct span){ element.data + start, at - start });
		start = at + 1;
		name = span_cut(&value, '=');
		if (!span_equal_nocase(name, SPAN("for")))
			continue;
		if (found.data != NULL || value.data == NULL)
			return none;
		found = value;
	}
	if (quoted)
		return none;
	if (found.len >= 2 && found.data[0] == '"' && found.data[found.len - 1] == '"')
		found = (struct span){ found.data + 1, found.len - 2 };
	return found;
}

/* Follows one header from the right. */
static struct address
address_follow(
    struct address client, struct span list, bool simple, const struct config_list *trusted)
{
	struct address next;
	struct span text;

	while (list.data != NULL && address_is_trusted(&client, trusted)) {
		text = address_last(&list);
		if (address_read(simple ? text : address_for(text), &next) != RC_OK)
			break;
		client = next;
	}
	return client;
}

struct address
address_client(struct span peer, struct span x_forwarded_for, struct span forwarded,
    const struct config_list *trusted)
{
	struct address client, one, other;

	if (address_read(peer, &client) != RC_OK)
		return client;
	if (x_forwarded_for.data == NULL)
		return address_follow(client, forwarded, false, trusted);
	one = address_follow(client, x_forwarded_for, true, trusted);
	if (forwarded.data == NULL)
		return one;
	other = address_follow(client, forwarded, false, trusted);
	return memcmp(one.bytes, other.bytes, sizeof(one.bytes)) == 0 ? one : client;
}

size_t
address_limited(const struct address *address, unsigned char bytes[16])
{
	bool mapped = address_is_mapped(address);
	size_t count = !address->known ? 0 : mapped ? 4 : 8;

	memset(bytes, 0, 16);
	memcpy(bytes, address->bytes + (mapped ? sizeof(address_mapped) : 0), count);
	return count;
}
