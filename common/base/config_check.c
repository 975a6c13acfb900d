/* Texts of the configuration that must be something: addresses, paths, names. */
#include <arpa/inet.h>

#include "base/arena.h"
#include "base/config_rows.h"
#include "base/text.h"

enum { HOST_MAX = 253, HOST_SIZE = HOST_MAX + 1, LABEL_MAX = 63, MOUNT_MAX = 128 };

static bool
config_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
config_is_alnum(char c)
{
	return config_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
config_only(struct span text, const char *others)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!config_is_alnum(text.data[i]) &&
		    (text.data[i] == '\0' || strchr(others, text.data[i]) == NULL))
			return false;
	}
	return true;
}

/* Digits without a leading zero, "min" to "max". */
static bool
config_number(struct span text, long min, long max, long *number)
{
	*number = 0;
	if (text.len == 0 || text.len > 5 || (text.len > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!config_is_digit(text.data[i]))
			return false;
		*number = *number * 10 + (text.data[i] - '0');
	}
	return *number >= min && *number <= max;
}

static bool
config_is_address(int family, struct span text)
{
	unsigned char address[sizeof(struct in6_addr)];
	char copy[INET6_ADDRSTRLEN];

	return span_copy(copy, sizeof(copy), text) && inet_pton(family, copy, address) == 1;
}

static bool
config_is_hostname(struct span name)
{
	struct span rest = name, label = name;

	if (name.len == 0 || name.len > HOST_MAX || name.data[name.len - 1] == '.')
		return false;
	while (rest.len > 0) {
		label = span_cut(&rest, '.');
		if (label.len == 0 || label.len > LABEL_MAX || !config_only(label, "-") ||
		    label.data[0] == '-' || label.data[label.len - 1] == '-')
			return false;
	}
	/* A name that ends in a number is read as an address by browsers. */
	for (size_t i = 0; i < label.len; i++) {
		if (!config_is_digit(label.data[i]))
			return true;
	}
	return false;
}

static void
config_lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
	}
}

/* "[ADDRESS]" in the shortest form, as browsers write it. */
static bool
config_host6(struct span given, char *kept)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	if (!span_copy(text, sizeof(text), given) || inet_pton(AF_INET6, text, address) != 1 ||
	    inet_ntop(AF_INET6, address, text, sizeof(text)) == NULL)
		return false;
	snprintf(kept, HOST_SIZE, "[%s]", text);
	return true;
}

/* Takes the host off the front and writes it in lower case into HOST_SIZE bytes. */
static bool
config_host(struct span *rest, char *kept)
{
	struct span host = *rest;
	size_t length = 0;

	if (span_starts(*rest, SPAN("["))) {
		host = span_cut(rest, ']');
		return rest->data != NULL && config_host6(span_after(host, 1), kept);
	}
	while (length < host.len && host.data[length] != ':')
		length++;
	host.len = length;
	*rest = span_after(*rest, length);
	if ((!config_is_hostname(host) && !config_is_address(AF_INET, host)) ||
	    !span_copy(kept, HOST_SIZE, host))
		return false;
	config_lower(kept);
	return true;
}

/* Takes the scheme off the front, in any case of letters. */
static bool
config_scheme(struct span *rest, struct span scheme)
{
	if (rest->len < scheme.len ||
	    !span_equal_nocase((struct span){ rest->data, scheme.len }, scheme))
		return false;
	*rest = span_after(*rest, scheme.len);
	return true;
}

bool
config_check_origin(struct span given, char *kept)
{
	bool secure = config_scheme(&given, SPAN("https://"));
	long port = secure ? 443 : 80, usual = port;
	char host[HOST_SIZE];

	if ((!secure && !config_scheme(&given, SPAN("http://"))) || !config_host(&given, host))
		return false;
	if (given.len > 0 &&
	    (given.data[0] != ':' || !config_number(span_after(given, 1), 1, 65535, &port)))
		return false;
	snprintf(kept, CONFIG_VALUE_SIZE, "%s://%s", secure ? "https" : "http", host);
	if (port != usual)
		snprintf(kept + strlen(kept), CONFIG_VALUE_SIZE - strlen(kept), ":%ld", port);
	return true;
}

bool
config_check_url(struct span given, char *kept)
{
	if (given.len > 0 && given.data[given.len - 1] == '/')
		given.len--;
	return config_check_origin(given, kept);
}

bool
config_check_network(struct span given, char *kept)
{
	struct span bits = given, address = span_cut(&bits, '/');
	bool four = config_is_address(AF_INET, address);
	long count;

	if (!four && !config_is_address(AF_INET6, address))
		return false;
	if (bits.data != NULL && !config_number(bits, 0, four ? 32 : 128, &count))
		return false;
	return span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_role(struct span given, char *kept)
{
	struct arena *arena = arena_new(CONFIG_VALUE_SIZE);
	struct span role;
	bool good = arena != NULL && text_role(arena, given, &role) == RC_OK &&
		    span_copy(kept, CONFIG_VALUE_SIZE, role);

	arena_free(arena);
	return good;
}

bool
config_check_domain(struct span given, char *kept)
{
	if ((given.len > 0 && !config_is_hostname(given)) ||
	    !span_copy(kept, CONFIG_VALUE_SIZE, given))
		return false;
	config_lower(kept);
	return true;
}

/* Whether no segment is empty, "." or ".."; the text before the first '/' is one too. */
static bool
config_segments(struct span path)
{
	struct span segment;

	do {
		segment = span_cut(&path, '/');
		if (segment.len == 0 || span_equal(segment, SPAN(".")) ||
		    span_equal(segment, SPAN("..")))
			return false;
	} while (path.data != NULL);
	return true;
}

static bool
config_is_path(struct span path)
{
	return span_starts(path, SPAN("/")) &&
	       (path.len == 1 || config_segments(span_after(path, 1)));
}

bool
config_check_cookie_path(struct span given, char *kept)
{
	return given.len <= MOUNT_MAX && config_is_path(given) && config_only(given, "/-._~") &&
	       span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_mount(struct span given, char *kept)
{
	return given.len > 1 && config_check_cookie_path(given, kept);
}

bool
config_check_protect(struct span given, char *kept)
{
	/* "/a/" covers what "/a" covers. */
	if (given.len > 2 && given.data[given.len - 1] == '/' && given.data[given.len - 2] != '/')
		given.len--;
	if (!config_is_path(given) || !span_copy(kept, CONFIG_VALUE_SIZE, given))
		return false;
	return strpbrk(kept, "%?#\\\t") == NULL;
}

bool
config_check_cookie_name(struct span given, char *kept)
{
	/* "__Host-" and its like are put in front where they hold. */
	return given.len >= 1 && given.len <= 64 && config_only(given, "-_.") &&
	       !span_starts(given, SPAN("__")) && span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_file(struct span given, char *kept)
{
	return config_segments(given) && span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_log(struct span given, char *kept)
{
	struct span below = span_starts(given, SPAN("/")) ? span_after(given, 1) : given;

	return config_segments(below) && span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_file_any(struct span given, char *kept)
{
	kept[0] = '\0';
	return given.len == 0 || config_check_log(given, kept);
}

bool
config_check_program(struct span given, char *kept)
{
	return span_starts(given, SPAN("/")) && given.len > 1 &&
	       memchr(given.data, ' ', given.len) == NULL && config_check_log(given, kept);
}

/* Words go to the program as they are, without a shell; so quotes would not do what they seem to.
 */
bool
config_check_command(struct span given, char *kept)
{
	struct span rest = given, word;

	kept[0] = '\0';
	if (given.len == 0)
		return true;
	return config_word(&rest, &word) && config_check_program(word, kept) &&
	       span_copy(kept, CONFIG_VALUE_SIZE, given) && strpbrk(kept, "\"'`\\\t") == NULL;
}

/* An address as headers and envelopes of mail take it: ASCII, without quotes. */
static bool
config_is_mail_address(struct span address)
{
	struct span host = address, local = span_cut(&host, '@');

	return local.len > 0 && local.len <= 64 && config_only(local, "!#$%&*+-/=?^_{|}~.") &&
	       local.data[0] != '.' && config_is_hostname(host);
}

bool
config_check_mailbox(struct span given, char *kept)
{
	struct span address = given, name = span_cut(&address, '<');

	kept[0] = '\0';
	if (given.len == 0)
		return true;
	if (address.data == NULL)
		return config_is_mail_address(given) && span_copy(kept, CONFIG_VALUE_SIZE, given);
	if (address.len == 0 || address.data[address.len - 1] != '>')
		return false;
	address.len--;
	return memchr(name.data, '"', name.len) == NULL && name.len <= 200 &&
	       config_is_mail_address(address) && span_copy(kept, CONFIG_VALUE_SIZE, given);
}

bool
config_check_smtp(struct span given, char *kept)
{
	struct span rest = given, user = SPAN("-");
	char host[HOST_SIZE];
	size_t at = 0;
	long port;
	bool secure;

	kept[0] = '\0';
	if (given.len == 0)
		return true;
	secure = config_scheme(&rest, SPAN("smtps://"));
	if (!secure && !config_scheme(&rest, SPAN("smtp://")))
		return false;
	/* A user may be an address itself, so the last '@' is the one that ends it. */
	for (size_t i = 0; i < rest.len; i++)
		at = rest.data[i] == '@' ? i + 1 : at;
	if (at > 0) {
		user = (struct span){ rest.data, at - 1 };
		rest = span_after(rest, at);
	}
	if (user.len == 0 || !config_only(user, "-._~+@=") || !config_host(&rest, host))
		return false;
	if (rest.len > 0 &&
	    (rest.data[0] != ':' || !config_number(span_after(rest, 1), 1, 65535, &port)))
		return false;
	return span_copy(kept, CONFIG_VALUE_SIZE, given);
}

const char *
config_backend_fault(struct span name)
{
	/* Programs, path segments beside {auth}/NAME, and purposes of keys beside keys/NAME. */
	static const char *const taken[] = { "2fa", "access", "associate", "audit", "csrf", "decoy",
		"deliver", "enrollment", "fingerprint", "forgot-password", "guard", "health",
		"jwks", "limit", "login", "logout", "meta", "oauth", "openapi", "outbox",
		"password", "pending", "recovery", "refresh", "register", "request-verify-token",
		"reset", "reset-password", "roles", "sessions", "successor", "totp", "users",
		"verify" };

	if (name.len == 0)
		return "a backend without a name, write [backend NAME]";
	if (name.len > BACKEND_NAME_MAX)
		return "too long a name, give at most 32 characters";
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '\0' ||
		    strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", name.data[i]) == NULL)
			return "not a name, give one of a-z, 0-9, '-' and '_'";
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (span_equal(name, span_of(taken[i])))
			return "the name of a route or a purpose, give another";
	}
	return NULL;
}
