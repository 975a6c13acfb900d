/* Addresses: reading them, and which one the client's is. */
#include <arpa/inet.h>

#include "http/address.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The address in its usual text, "?" for one that is not known. */
static const char *
show(const struct address *address)
{
	static char text[INET6_ADDRSTRLEN];

	if (!address->known)
		return "?";
	inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
	return strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text;
}

static const struct {
	struct span given;
	const char *address;
} read_rows[] = {
	{ SPAN_INIT("192.0.2.1"), "192.0.2.1" },
	{ SPAN_INIT("192.0.2.1:80"), "192.0.2.1" },
	{ SPAN_INIT("192.0.2.1:65535"), "192.0.2.1" },
	{ SPAN_INIT("2001:db8::1"), "2001:db8::1" },
	{ SPAN_INIT("[2001:db8::1]"), "2001:db8::1" },
	{ SPAN_INIT("[2001:DB8::1]:443"), "2001:db8::1" },
	{ SPAN_INIT("::ffff:192.0.2.1"), "192.0.2.1" },
	{ SPAN_INIT("[::ffff:192.0.2.1]:1"), "192.0.2.1" },
	{ SPAN_INIT("::1"), "::1" },
	{ SPAN_INIT(""), "?" },
	{ { NULL, 0 }, "?" },
	{ SPAN_INIT("unknown"), "?" },
	{ SPAN_INIT("_hidden"), "?" },
	{ SPAN_INIT("unix:"), "?" },
	{ SPAN_INIT("192.0.2.1:"), "?" },
	{ SPAN_INIT("192.0.2.1:x"), "?" },
	{ SPAN_INIT("192.0.2.1:65536"), "?" },
	{ SPAN_INIT("192.0.2.1:000080"), "?" },
	{ SPAN_INIT("192.0.2.256"), "?" },
	{ SPAN_INIT("192.0.2"), "?" },
	{ SPAN_INIT("0x7f.1"), "?" },
	{ SPAN_INIT("192.0.2.1 "), "?" },
	{ SPAN_INIT("192.0.2.1\0"), "?" },
	{ SPAN_INIT("192.0.2.1/24"), "?" },
	{ SPAN_INIT("[192.0.2.1]"), "?" },
	{ SPAN_INIT("[192.0.2.1]:80"), "?" },
	{ SPAN_INIT("[2001:db8::1"), "?" },
	{ SPAN_INIT("[2001:db8::1]80"), "?" },
	{ SPAN_INIT("[2001:db8::1]:"), "?" },
	{ SPAN_INIT("[]"), "?" },
	{ SPAN_INIT("fe80::1%eth0"), "?" },
	{ SPAN_INIT("1:2:3:4:5:6:7:8:9"), "?" },
};

START_TEST(address_is_read_or_refused)
{
	struct address address;
	enum rc rc = address_read(read_rows[_i].given, &address);

	ck_assert_str_eq(show(&address), read_rows[_i].address);
	ck_assert_int_eq(rc, address.known ? RC_OK : RC_NO);
}
END_TEST

/* Proxies: 10.0.0.0/8, 192.0.2.9, 2001:db8:1::/48. */
static const char *const proxies[] = { "10.0.0.0/8", "192.0.2.9", "2001:db8:1::/48",
	"172.16.0.0/12" };
static const struct config_list trusted = { proxies, COUNT(proxies) };

static const struct {
	const char *peer, *x_forwarded_for, *forwarded, *client;
} client_rows[] = {
	{ "198.51.100.1", NULL, NULL, "198.51.100.1" },
	{ "198.51.100.1", "203.0.113.5", NULL, "198.51.100.1" },
	{ "198.51.100.1", NULL, "for=203.0.113.5", "198.51.100.1" },
	{ "10.0.0.1", NULL, NULL, "10.0.0.1" },
	{ "10.0.0.1", "203.0.113.5", NULL, "203.0.113.5" },
	{ "::ffff:10.0.0.1", "203.0.113.5", NULL, "203.0.113.5" },
	{ "11.0.0.1", "203.0.113.5", NULL, "11.0.0.1" },
	{ "192.0.2.9", "203.0.113.5", NULL, "203.0.113.5" },
	{ "192.0.2.8", "203.0.113.5", NULL, "192.0.2.8" },
	{ "172.31.255.255", "203.0.113.5", NULL, "203.0.113.5" },
	{ "172.32.0.0", "203.0.113.5", NULL, "172.32.0.0" },
	{ "2001:db8:1:ffff::1", "203.0.113.5", NULL, "203.0.113.5" },
	{ "2001:db8:2::1", "203.0.113.5", NULL, "2001:db8:2::1" },
	/* from the right: what the client wrote itself stands on the left */
	{ "10.0.0.1", "1.1.1.1, 203.0.113.5", NULL, "203.0.113.5" },
	{ "10.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.2", NULL, "203.0.113.5" },
	{ "10.0.0.1", "1.1.1.1,203.0.113.5 ,10.0.0.2,\t10.0.0.3", NULL, "203.0.113.5" },
	{ "10.0.0.1", "10.9.9.9, 203.0.113.5", NULL, "203.0.113.5" },
	{ "10.0.0.1", "10.0.0.3, 10.0.0.2", NULL, "10.0.0.3" },
	{ "10.0.0.1", "[2001:db8:9::1]:4711", NULL, "2001:db8:9::1" },
	/* what is no address ends the search */
	{ "10.0.0.1", "203.0.113.5, unknown", NULL, "10.0.0.1" },
	{ "10.0.0.1", "203.0.113.5, unknown, 10.0.0.2", NULL, "10.0.0.2" },
	{ "10.0.0.1", "203.0.113.5,", NULL, "10.0.0.1" },
	{ "10.0.0.1", "", NULL, "10.0.0.1" },
	{ "10.0.0.1", "unknown", "for=203.0.113.5", "10.0.0.1" },
	/* where both headers are given the client may have written one of them: they must agree */
	{ "10.0.0.1", "203.0.113.5", "for=203.0.113.6", "10.0.0.1" },
	{ "10.0.0.1", "203.0.113.5", "for=203.0.113.5", "203.0.113.5" },
	{ "10.0.0.1", "1.1.1.1, 203.0.113.5", "for=203.0.113.5, for=10.0.0.2", "203.0.113.5" },
	{ "10.0.0.1", "203.0.113.5", "", "10.0.0.1" },
	{ "10.0.0.1", "", "for=203.0.113.5", "10.0.0.1" },
	/* RFC 7239 */
	{ "10.0.0.1", NULL, "for=203.0.113.5", "203.0.113.5" },
	{ "10.0.0.1", NULL, "For=\"203.0.113.5\"", "203.0.113.5" },
	{ "10.0.0.1", NULL, "For=\"[2001:db8:9::17]:4711\"", "2001:db8:9::17" },
	{ "10.0.0.1", NULL, "for=1.1.1.1, for=203.0.113.5;by=10.0.0.1;proto=https", "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=1.1.1.1;by=10.0.0.2, proto=http ; for=\"203.0.113.5:80\"",
	    "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=203.0.113.5, for=10.0.0.2", "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=203.0.113.5, for=_secret", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for=203.0.113.5, proto=http", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for=203.0.113.5;for=203.0.113.6", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for=", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for=\"203.0.113.5", "10.0.0.1" },
	{ "10.0.0.1", NULL, "for=203.0.113.5;host=\"a", "10.0.0.1" },
	{ "10.0.0.1", NULL, "", "10.0.0.1" },
	/* quotes of the client do not swallow what the proxy says, nor does a host in quotes */
	{ "10.0.0.1", NULL, "for=1.1.1.1;host=\", for=203.0.113.5", "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=1.1.1.1;x=\", for=\"203.0.113.5\"", "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=203.0.113.5;host=\"a,for=1.1.1.1\"", "203.0.113.5" },
	{ "10.0.0.1", NULL, "host=\"a;for=1.1.1.1;\";for=203.0.113.5", "203.0.113.5" },
	{ "10.0.0.1", NULL, "for=203.0.113.5;host=\"a\\\",for=1.1.1.1;x=\\\"\"", "203.0.113.5" },
	{ "unix:", "203.0.113.5", NULL, "?" },
	{ NULL, "203.0.113.5", NULL, "?" },
};

START_TEST(address_of_the_client_is_the_first_untrusted_from_the_right)
{
	struct address client = address_client(span_of(client_rows[_i].peer),
	    span_of(client_rows[_i].x_forwarded_for), span_of(client_rows[_i].forwarded), &trusted);

	ck_assert_str_eq(show(&client), client_rows[_i].client);
}
END_TEST

START_TEST(address_of_the_peer_counts_where_no_proxy_is_trusted)
{
	static const struct config_list none = { NULL, 0 };
	struct address client =
	    address_client(SPAN("127.0.0.1"), SPAN("203.0.113.5"), SPAN("for=203.0.113.5"), &none);

	ck_assert_str_eq(show(&client), "127.0.0.1");
}
END_TEST

static const struct {
	const char *network, *inside, *outside;
} network_rows[] = {
	{ "0.0.0.0/0", "255.1.2.3", "2001:db8::1" },
	{ "192.0.2.128/25", "192.0.2.255", "192.0.2.127" },
	{ "192.0.2.4/32", "192.0.2.4", "192.0.2.5" },
	{ "192.0.2.7/31", "192.0.2.6", "192.0.2.8" },
	{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
	{ "2001:db8::1/128", "2001:db8::1", "2001:db8::2" },
	{ "2001:db8::1", "2001:db8::1", "2001:db8::2" },
};

START_TEST(address_is_in_a_network_to_the_bit)
{
	const char *const item[] = { network_rows[_i].network };
	const struct config_list list = { item, 1 };
	struct span header = SPAN("203.0.113.5"), none = { NULL, 0 };
	struct address client;

	client = address_client(span_of(network_rows[_i].inside), header, none, &list);
	/* 0.0.0.0/0 trusts what the header names, too */
	ck_assert_str_eq(show(&client), "203.0.113.5");
	client = address_client(span_of(network_rows[_i].outside), header, none, &list);
	ck_assert_str_eq(show(&client), network_rows[_i].outside);
}
END_TEST

static const struct {
	const char *one, *other;
	bool same;
	size_t count;
} limited_rows[] = {
	{ "192.0.2.1", "192.0.2.1", true, 4 },
	{ "192.0.2.1", "192.0.2.2", false, 4 },
	{ "192.0.2.1", "::ffff:192.0.2.1", true, 4 },
	{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true, 8 },
	{ "2001:db8:1:2::1", "2001:db8:1:3::1", false, 8 },
	{ "?", "!", true, 0 },
	{ "?", "192.0.2.1", false, 0 },
};

START_TEST(address_is_limited_alone_or_by_its_network)
{
	unsigned char one[16], other[16];
	size_t one_count, other_count;
	struct address address;

	memset(one, 1, sizeof(one));
	memset(other, 2, sizeof(other));
	(void)!address_read(span_of(limited_rows[_i].one), &address);
	one_count = address_limited(&address, one);
	(void)!address_read(span_of(limited_rows[_i].other), &address);
	other_count = address_limited(&address, other);
	ck_assert_uint_eq(one_count, limited_rows[_i].count);
	ck_assert_int_eq(one_count == other_count && memcmp(one, other, sizeof(one)) == 0,
	    limited_rows[_i].same);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");

	tcase_add_loop_test(tests, address_is_read_or_refused, 0, COUNT(read_rows));
	tcase_add_loop_test(tests, address_of_the_client_is_the_first_untrusted_from_the_right, 0,
	    COUNT(client_rows));
	tcase_add_test(tests, address_of_the_peer_counts_where_no_proxy_is_trusted);
	tcase_add_loop_test(tests, address_is_in_a_network_to_the_bit, 0, COUNT(network_rows));
	tcase_add_loop_test(
	    tests, address_is_limited_alone_or_by_its_network, 0, COUNT(limited_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
