#include "base/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_rows.h"
#include "unit/fixture.h"

#define WEB "[backend web]\ntransport = cookie\nstrategy = database\n"
#define API "[backend api]\ntransport = bearer\nstrategy = jwt\n"
#define TEN "0123456789"

/* Unlike SPAN a constant, which static tables need. */
#define LITERAL(text)                    \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* Refused, and why; the text is the whole fault. */
static const struct bad {
	struct span text;
	const char *fault;
} bads[] = {
	/* lines and sections */
	{ LITERAL(""), "t: no backend, add a section [backend NAME]" },
	{ LITERAL("url = x\n"),
	    "t:1: a setting before the first section, put it below a [section]" },
	{ LITERAL("[site]\nurl\n"),
	    "t:2: neither a section, a setting nor a comment, write KEY = VALUE" },
	{ LITERAL(WEB "\n\n[site\n"), "t:6: a section without ']', add it" },
	{ LITERAL("[site]\nname = a\0b\n"), "t:2: a control character, remove it" },
	{ LITERAL("[site]\n name = a\n"), "t:2: white space before the text, remove it" },
	{ LITERAL("[redis]\n"), "t:1: [redis]: unknown section, remove it" },
	{ LITERAL("[Site]\n"), "t:1: [Site]: unknown section, remove it" },
	{ LITERAL("[site x]\n"),
	    "t:1: [site x]: a name that this section does not take, remove it" },
	{ LITERAL(WEB "[site]\n\n[site]\n"), "t:6: [site]: given on line 4 already, remove one" },
	{ LITERAL("[" TEN TEN TEN TEN TEN "]\n"),
	    "t:1: [" TEN TEN TEN TEN "01234567...]: unknown section, remove it" },
	/* keys */
	{ LITERAL("[site]\nfoo = 1\n"), "t:2: site.foo: unknown key, remove it" },
	{ LITERAL("[site]\nURL = http://a\n"), "t:2: site.URL: unknown key, remove it" },
	{ LITERAL("[paths]\nroles = /roles\n"), "t:2: paths.roles: unknown key, remove it" },
	{ LITERAL("[site]\nname = a\n\nname = a\n"),
	    "t:4: site.name: given on line 2 already, remove one" },
	/* values, one of each kind */
	{ LITERAL("[routes]\nusers = yes\n"), "t:2: routes.users: not a switch, write on or off" },
	{ LITERAL("[routes]\nusers =\n"), "t:2: routes.users: not a switch, write on or off" },
	{ LITERAL("[site]\nname =\n"),
	    "t:2: site.name: not a text in bounds, give 1 to 200 bytes" },
	{ LITERAL("[password]\nmin_length = 7\n"),
	    "t:2: password.min_length: not a whole number in bounds, give 8 to 128" },
	{ LITERAL("[password]\nmemory = 19MB\n"),
	    "t:2: password.memory: not a size in bounds, give 8KiB to 1GiB" },
	{ LITERAL("[jwt]\nlifetime = 999ms\n"),
	    "t:2: jwt.lifetime: not a duration in bounds, give 1s to 30d" },
	{ LITERAL("[jwt]\nlifetime = off\n"),
	    "t:2: jwt.lifetime: not a duration in bounds, give 1s to 30d" },
	{ LITERAL("[database]\nrefresh_grace =\n"),
	    "t:2: database.refresh_grace: not a duration in bounds, give 1s to 5m, or off" },
	{ LITERAL("[limit]\nlogin = 5\n"),
	    "t:2: limit.login: not a rate, write COUNT/WINDOW such as 5/5m, or off" },
	{ LITERAL("[database]\nsynchronous = none\n"),
	    "t:2: database.synchronous: unknown word, write full or normal" },
	{ LITERAL("[log]\nlevel = INFO\n"),
	    "t:2: log.level: unknown word, write error, warn, notice, info or debug" },
	{ LITERAL("[site]\nurl = www.example.org\n"),
	    "t:2: site.url: not an address of a site, give scheme, host and port alone, such as "
	    "https://www.example.org" },
	{ LITERAL("[site]\nallowed_origins = https://a.example *\n"),
	    "t:2: site.allowed_origins: not a list of origins, give scheme, host and port alone, "
	    "such as https://app.example.org" },
	{ LITERAL("[site]\ntrusted_proxies = 10.0.0.0/33\n"),
	    "t:2: site.trusted_proxies: not a list of addresses, give some such as 10.0.0.0/8 or "
	    "2001:db8::1" },
	{ LITERAL("[paths]\nauth = /\n"),
	    "t:2: paths.auth: not a prefix, give a path of letters, digits and -._~ such as /auth, "
	    "without a '/' at its end" },
	{ LITERAL("[cookie]\nname = a b\n"),
	    "t:2: cookie.name: not a name, give 1 to 64 letters, digits and -_. that do not begin "
	    "with __" },
	{ LITERAL("[cookie]\npath = app\n"),
	    "t:2: cookie.path: not a path, give / or one of letters, digits and -._~ without a '/' "
	    "at its end" },
	{ LITERAL("[cookie]\ndomain = .example.org\n"),
	    "t:2: cookie.domain: not a domain, give one such as example.org, or nothing" },
	{ LITERAL("[database]\nfile = /var/yett.db\n"),
	    "t:2: database.file: not a file below the state directory, give a relative path "
	    "without "
	    ".. such as yett.db" },
	{ LITERAL("[log]\nto = ../log\n"),
	    "t:2: log.to: not a file, give stderr, syslog or a path without .." },
	/* backends */
	{ LITERAL("[backend]\n"),
	    "t:1: [backend]: a backend without a name, write [backend NAME]" },
	{ LITERAL("[backend Web]\n"),
	    "t:1: [backend Web]: not a name, give one of a-z, 0-9, '-' and '_'" },
	{ LITERAL("[backend a b]\n"),
	    "t:1: [backend a b]: not a name, give one of a-z, 0-9, '-' and '_'" },
	{ LITERAL("[backend " TEN TEN TEN "012]\n"),
	    "t:1: [backend " TEN TEN TEN "012]: too long a name, give at most 32 characters" },
	{ LITERAL("[backend login]\n"),
	    "t:1: [backend login]: the name of a route or a purpose, give another" },
	{ LITERAL("[backend totp]\n"),
	    "t:1: [backend totp]: the name of a route or a purpose, give another" },
	{ LITERAL(WEB WEB), "t:4: [backend web]: given on line 1 already, remove one" },
	{ LITERAL("[backend web]\nstrategy = jwt\n"),
	    "t:1: backend web.transport: missing, write bearer or cookie" },
	{ LITERAL("[backend web]\ntransport = cookie\n\n[site]\n"),
	    "t:1: backend web.strategy: missing, write jwt or database" },
	{ LITERAL("[backend web]\ntransport = smtp\n"),
	    "t:2: backend web.transport: unknown word, write bearer or cookie" },
	{ LITERAL("[backend web]\nstrategy = redis\n"),
	    "t:2: backend web.strategy: unknown word, write jwt or database" },
	{ LITERAL(WEB "strategy = jwt\n"),
	    "t:4: backend web.strategy: given on line 3 already, remove one" },
	{ LITERAL(WEB "foo = 1\n"), "t:4: backend web.foo: unknown key, remove it" },
	{ LITERAL(WEB "url = http://a\n"), "t:4: backend web.url: unknown key, remove it" },
	{ LITERAL(WEB "refresh = on\nrefresh = on\n"),
	    "t:5: backend web.refresh: given on line 4 already, remove one" },
	{ LITERAL(WEB "refresh = yes\n"),
	    "t:4: backend web.refresh: not a switch, write on or off" },
	{ LITERAL(WEB "lifetime = 1h\n"), "t:4: backend web.lifetime: a key of [jwt], which this "
					  "backend does not use, remove it" },
	{ LITERAL(API "secure = off\n"),
	    "t:4: backend api.secure: a key of [cookie], which this backend does not use, remove "
	    "it" },
	{ LITERAL("[backend api]\nsamesite = lax\ntransport = bearer\nstrategy = jwt\n"),
	    "t:2: backend api.samesite: a key of [cookie], which this backend does not use, remove "
	    "it" },
	{ LITERAL(WEB "file = a.db\n"),
	    "t:4: backend web.file: the same for all backends, set it in [database]" },
	{ LITERAL(API "busy_timeout = 1s\n"),
	    "t:4: backend api.busy_timeout: the same for all backends, set it in [database]" },
	{ LITERAL(API "synchronous = full\n"),
	    "t:4: backend api.synchronous: the same for all backends, set it in [database]" },
	{ LITERAL(API "journal = wal\n"),
	    "t:4: backend api.journal: the same for all backends, set it in [database]" },
	/* rules */
	{ LITERAL("[protect]\n"),
	    "t:1: [protect]: not a path, write one as it is after decoding: a "
	    "'/' in front, no empty or dot segment, no %, ?, # or backslash" },
	{ LITERAL("[protect /a]\n"),
	    "t:1: protect /a.require: missing, write none, authenticated, active, verified, "
	    "superuser, any-role ROLE... or all-roles ROLE..." },
	{ LITERAL("[protect /a]\nrequire =\n"),
	    "t:2: protect /a.require: not a requirement, write none, authenticated, active, "
	    "verified, superuser, any-role ROLE... or all-roles ROLE..." },
	{ LITERAL("[protect /a]\nrequire = none\n[protect /a]\nrequire = none\n"),
	    "t:3: [protect /a]: given on line 1 already, remove one" },
	{ LITERAL("[protect /a]\nrequire = none\nrequire = none\n"),
	    "t:3: protect /a.require: given on line 2 already, remove one" },
	{ LITERAL("[protect /a]\nname = x\n"), "t:2: protect /a.name: unknown key, remove it" },
	/* contradictions */
	{ LITERAL(WEB "[paths]\nusers = /auth\n"),
	    "t:5: paths.users: the same as paths.auth or one inside the other, choose two places" },
	{ LITERAL(WEB "[paths]\nauth = /users/auth\n"),
	    "t:5: paths.users: the same as paths.auth or one inside the other, choose two places" },
	{ LITERAL(WEB "[cookie]\nsecure = off\nsamesite = none\n"),
	    "t:6: cookie.samesite: none without secure, which browsers refuse, set secure = on or "
	    "another samesite" },
	{ LITERAL(WEB "samesite = none\nsecure = off\n"),
	    "t:1: backend web.samesite: none without secure, which browsers refuse, set secure = "
	    "on "
	    "or another samesite" },
	{ LITERAL(WEB "[mail]\ntransport = smtp\n"),
	    "t:5: mail.transport: smtp without a server, set mail.smtp_url too" },
	{ LITERAL(WEB "[mail]\ntransport = command\n"),
	    "t:5: mail.transport: command without one, set mail.command too" },
	{ LITERAL(WEB "[routes]\nverify = off\n"),
	    "t:5: routes.verify: off, while a new address waits for its link, set "
	    "account.email_change = immediate first" },
	{ LITERAL(WEB "[backend two]\ntransport = cookie\nstrategy = jwt\n"),
	    "t:4: backend two.name: cookies named as those of [backend web], give this backend a "
	    "name = of its own" },
	{ LITERAL(WEB "[backend two]\ntransport = cookie\nstrategy = jwt\nname = yett_csrf\n"),
	    "t:4: backend two.name: cookies named as those of [backend web], give this backend a "
	    "name = of its own" },
	{ LITERAL(WEB "[backend two]\ntransport = cookie\nstrategy = jwt\nname = yett_pending\n"),
	    "t:4: backend two.name: cookies named as those of [backend web], give this backend a "
	    "name = of its own" },
};

START_TEST(a_bad_file_is_refused_naming_line_and_key)
{
	struct config_fault fault;
	struct config *config;

	ck_assert_int_eq(config_parse(bads[_i].text, "t", &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, bads[_i].fault);
	ck_assert_ptr_null(config);
}
END_TEST

/* A value, and the form in which it is kept; NULL: refused. */
static const struct value {
	const char *section;
	const char *key;
	const char *given;
	const char *kept;
} values[] = {
	{ "site", "url", "https://www.example.org", "https://www.example.org" },
	{ "site", "url", "https://www.example.org/", "https://www.example.org" },
	{ "site", "url", "HTTPS://WWW.Example.org:443/", "https://www.example.org" },
	{ "site", "url", "http://a:80", "http://a" },
	{ "site", "url", "http://a:443", "http://a:443" },
	{ "site", "url", "http://a:65535", "http://a:65535" },
	{ "site", "url", "http://[::1]:8080", "http://[::1]:8080" },
	{ "site", "url", "http://[0:0:0:0:0:0:0:1]/", "http://[::1]" },
	{ "site", "url", "http://192.0.2.1", "http://192.0.2.1" },
	{ "mail", "from", "", "" },
	{ "mail", "from", "accounts@example.org", "accounts@example.org" },
	{ "mail", "from", "An Example, Ltd. <accounts@example.org>",
	    "An Example, Ltd. <accounts@example.org>" },
	{ "mail", "from", "\xc3\x89t\xc3\xa9 <a@example.org>",
	    "\xc3\x89t\xc3\xa9 <a@example.org>" },
	{ "mail", "from", "accounts", NULL },
	{ "mail", "from", "@example.org", NULL },
	{ "mail", "from", "a@", NULL },
	{ "mail", "from", ".a@example.org", NULL },
	{ "mail", "from", "a b@example.org", NULL },
	{ "mail", "from", "a@b@example.org", NULL },
	{ "mail", "from", "A <a@example.org> B", NULL },
	{ "mail", "from", "A <a@example.org", NULL },
	{ "mail", "from", "\"A\" <a@example.org>", NULL },
	{ "mail", "from", "A <<a@example.org>>", NULL },
	{ "mail", "sendmail", "/usr/sbin/sendmail", "/usr/sbin/sendmail" },
	{ "mail", "sendmail", "sendmail", NULL },
	{ "mail", "sendmail", "", NULL },
	{ "mail", "sendmail", "/", NULL },
	{ "mail", "sendmail", "/usr/../sendmail", NULL },
	{ "mail", "sendmail", "/usr/sbin/sendmail -t", NULL },
	{ "mail", "command", "", "" },
	{ "mail", "command", "/bin/send --now", "/bin/send --now" },
	{ "mail", "command", "send", NULL },
	{ "mail", "command", "/bin/send 'a b'", NULL },
	{ "mail", "command", "/bin/send `a`", NULL },
	{ "mail", "command", "/bin/send a\\ b", NULL },
	{ "hooks", "command", "/bin/told", "/bin/told" },
	{ "hooks", "command", "told", NULL },
	{ "mail", "smtp_url", "", "" },
	{ "mail", "smtp_url", "smtp://mail.example.org", "smtp://mail.example.org" },
	{ "mail", "smtp_url", "smtps://user@mail.example.org:465",
	    "smtps://user@mail.example.org:465" },
	{ "mail", "smtp_url", "smtp://a@example.org@mail.example.org:587",
	    "smtp://a@example.org@mail.example.org:587" },
	{ "mail", "smtp_url", "smtp://[::1]:25", "smtp://[::1]:25" },
	{ "mail", "smtp_url", "http://mail.example.org", NULL },
	{ "mail", "smtp_url", "mail.example.org", NULL },
	{ "mail", "smtp_url", "smtp://", NULL },
	{ "mail", "smtp_url", "smtp://@mail.example.org", NULL },
	{ "mail", "smtp_url", "smtp://user:password@mail.example.org", NULL },
	{ "mail", "smtp_url", "smtp://mail.example.org/x", NULL },
	{ "mail", "smtp_url", "smtp://mail.example.org:0", NULL },
	{ "mail", "smtp_password_file", "smtp-password", "smtp-password" },
	{ "mail", "smtp_password_file", "/etc/yett/password", "/etc/yett/password" },
	{ "mail", "smtp_password_file", "../password", NULL },
	{ "mail", "directory", "mail", "mail" },
	{ "mail", "directory", "/var/mail", NULL },
	{ "site", "url", "http://1a", "http://1a" },
	{ "site", "url", "", NULL },
	{ "site", "url", "http://", NULL },
	{ "site", "url", "http:///", NULL },
	{ "site", "url", "https:/a", NULL },
	{ "site", "url", "ftp://a", NULL },
	{ "site", "url", "javascript://a", NULL },
	{ "site", "url", "//a", NULL },
	{ "site", "url", "http://a//", NULL },
	{ "site", "url", "http://a/b", NULL },
	{ "site", "url", "http://a?b", NULL },
	{ "site", "url", "http://a#b", NULL },
	{ "site", "url", "http://user@a", NULL },
	{ "site", "url", "http://user:1@a", NULL },
	{ "site", "url", "http://a b", NULL },
	{ "site", "url", "http://a\\b", NULL },
	{ "site", "url", "http://a.", NULL },
	{ "site", "url", "http://.a", NULL },
	{ "site", "url", "http://a..b", NULL },
	{ "site", "url", "http://-a", NULL },
	{ "site", "url", "http://a-", NULL },
	{ "site", "url", "http://a_b", NULL },
	{ "site", "url",
	    "http://b\xC3\xBC"
	    "cher.example",
	    NULL },
	{ "site", "url", "http://192.0.2.256", NULL },
	{ "site", "url", "http://192.0.2", NULL },
	{ "site", "url", "http://a.1", NULL },
	{ "site", "url", "http://a:", NULL },
	{ "site", "url", "http://a:0", NULL },
	{ "site", "url", "http://a:080", NULL },
	{ "site", "url", "http://a:65536", NULL },
	{ "site", "url", "http://a:99999999999", NULL },
	{ "site", "url", "http://a:8x", NULL },
	{ "site", "url", "http://[::1", NULL },
	{ "site", "url", "http://[::g]", NULL },
	{ "site", "url", "http://[127.0.0.1]", NULL },
	{ "site", "url", "http://[::1]x", NULL },
	{ "site", "url", "http://" TEN TEN TEN TEN TEN TEN "abc",
	    "http://" TEN TEN TEN TEN TEN TEN "abc" },
	{ "site", "url", "http://" TEN TEN TEN TEN TEN TEN "abcd", NULL },
	{ "site", "name", "Caf\xC3\xA9 ; no comment", "Caf\xC3\xA9 ; no comment" },
	{ "site", "allowed_origins", "", "" },
	{ "site", "allowed_origins", " https://a  \thttps://B:443 ", "https://a https://b" },
	{ "site", "allowed_origins", "https://a/", NULL },
	{ "site", "allowed_origins", "*", NULL },
	{ "site", "allowed_origins", "null", NULL },
	{ "site", "allowed_origins", "https://*.example.org", NULL },
	{ "site", "allowed_origins", "https://a,https://b", NULL },
	{ "site", "trusted_proxies", "127.0.0.1 ::1 10.0.0.0/8 fe80::/10",
	    "127.0.0.1 ::1 10.0.0.0/8 fe80::/10" },
	{ "site", "trusted_proxies", "0.0.0.0/0 ::/128 1.2.3.4/32", "0.0.0.0/0 ::/128 1.2.3.4/32" },
	{ "site", "trusted_proxies", "10.0.0.0/", NULL },
	{ "site", "trusted_proxies", "10.0.0.0/08", NULL },
	{ "site", "trusted_proxies", "10.0.0.0/-1", NULL },
	{ "site", "trusted_proxies", "10.0.0/8", NULL },
	{ "site", "trusted_proxies", "::/129", NULL },
	{ "site", "trusted_proxies", "localhost", NULL },
	{ "site", "trusted_proxies", "fe80::1%eth0", NULL },
	{ "site", "trusted_proxies", "[::1]", NULL },
	{ "paths", "auth", "/a/b-c.d_e~f", "/a/b-c.d_e~f" },
	{ "paths", "auth", "auth", NULL },
	{ "paths", "auth", "/auth/", NULL },
	{ "paths", "auth", "//auth", NULL },
	{ "paths", "auth", "/a//b", NULL },
	{ "paths", "auth", "/a/./b", NULL },
	{ "paths", "auth", "/a/..", NULL },
	{ "paths", "auth", "/a%20b", NULL },
	{ "paths", "auth", "/a b", NULL },
	{ "paths", "auth", "/a\"b", NULL },
	{ "paths", "auth", "/a?b", NULL },
	{ "routes", "users", "off", "off" },
	{ "routes", "users", "On", NULL },
	{ "routes", "users", "1", NULL },
	{ "account", "response_floor", "0", "off" },
	{ "account", "response_floor", "0ms", "off" },
	{ "account", "response_floor", "off", "off" },
	{ "account", "response_floor", "1000ms", "1s" },
	{ "account", "response_floor", "1500ms", "1500ms" },
	{ "account", "response_floor", "10001ms", NULL },
	{ "account", "lockout_window", "24h", "1d" },
	{ "account", "lockout_window", "90m", "90m" },
	{ "account", "lockout_window", "0", NULL },
	{ "account", "lockout_window", "0s", NULL },
	{ "account", "lockout_window", "15", NULL },
	{ "account", "lockout_window", "15 m", NULL },
	{ "account", "lockout_window", "1.5h", NULL },
	{ "account", "lockout_window", "-1s", NULL },
	{ "account", "lockout_window", "+1s", NULL },
	{ "account", "lockout_window", "15M", NULL },
	{ "account", "lockout_window", "1w", NULL },
	{ "account", "lockout_window", "s", NULL },
	{ "account", "lockout_window", "999999999999999d", NULL },
	{ "account", "lockout_window", "213503982335d", NULL }, /* 2^64 ms and a little */
	{ "account", "lockout_window", "1000000000000000d", NULL },
	{ "account", "lockout_window", "18446744073709551617s", NULL },
	{ "account", "lockout_failures", "0", "0" },
	{ "account", "lockout_failures", "1000000", "1000000" },
	{ "account", "lockout_failures", "1000001", NULL },
	{ "account", "lockout_failures", "-1", NULL },
	{ "account", "lockout_failures", "0x10", NULL },
	{ "account", "lockout_failures", "1 0", NULL },
	{ "password", "memory", "19922944", "19MiB" },
	{ "password", "memory", "8192", "8KiB" },
	{ "password", "memory", "8193", "8193" },
	{ "password", "memory", "8191", NULL },
	{ "password", "memory", "1GiB", "1GiB" },
	{ "password", "memory", "1025MiB", NULL },
	{ "password", "memory", "19mib", NULL },
	{ "password", "memory", "19M", NULL },
	{ "password", "lanes", "2", NULL },
	{ "password", "strength", "5", NULL },
	{ "jwt", "algorithm", "HS256", "HS256" },
	{ "jwt", "algorithm", "none", NULL },
	{ "jwt", "algorithm", "", NULL },
	{ "jwt", "issuer", "", "" },
	{ "jwt", "audience", "", NULL },
	{ "jwt", "leeway", "0", "off" },
	{ "jwt", "leeway", "11m", NULL },
	{ "database", "file", "db/yett.db", "db/yett.db" },
	{ "database", "file", "../yett.db", NULL },
	{ "database", "file", "a/../yett.db", NULL },
	{ "database", "file", "./yett.db", NULL },
	{ "database", "file", "yett.db/", NULL },
	{ "database", "refresh_grace", "0", "off" },
	{ "database", "refresh_grace", "0s", "off" },
	{ "cookie", "name", "__Host-x", NULL },
	{ "cookie", "name", "a=b", NULL },
	{ "cookie", "name", "a;b", NULL },
	{ "cookie", "name", "", NULL },
	{ "cookie", "path", "/", "/" },
	{ "cookie", "path", "/app", "/app" },
	{ "cookie", "path", "/app/", NULL },
	{ "cookie", "path", "/a; Domain=b", NULL },
	{ "cookie", "domain", "", "" },
	{ "cookie", "domain", "Example.org", "example.org" },
	{ "cookie", "domain", "192.0.2.1", NULL },
	{ "cookie", "domain", "a; Secure", NULL },
	{ "cookie", "max_age", "", "off" },
	{ "cookie", "max_age", "off", "off" },
	{ "cookie", "max_age", "30d", "30d" },
	{ "cookie", "max_age", "401d", NULL },
	{ "limit", "login", "off", "off" },
	{ "limit", "login", "1000000/365d", "1000000/365d" },
	{ "limit", "login", "5/300s", "5/5m" },
	{ "limit", "login", "0/5m", NULL },
	{ "limit", "login", "1000001/5m", NULL },
	{ "limit", "login", "5/0s", NULL },
	{ "limit", "login", "5/999ms", NULL },
	{ "limit", "login", "5/366d", NULL },
	{ "limit", "login", "5/5", NULL },
	{ "limit", "login", "/5m", NULL },
	{ "limit", "login", "5/5m/5m", NULL },
	{ "limit", "login", "0", NULL },
	{ "limit", "login", "", NULL },
	{ "log", "to", "stderr", "stderr" },
	{ "log", "to", "/var/log/yett.log", "/var/log/yett.log" },
	{ "log", "to", "/", NULL },
	{ "log", "to", "", NULL },
	{ "log", "audit_lifetime", "23h", NULL },
	{ "protect /a", "require", "none", "none" },
	{ "protect /a", "require", "authenticated", "authenticated" },
	{ "protect /a", "require", "active", "active" },
	{ "protect /a", "require", "verified", "verified" },
	{ "protect /a", "require", "superuser", "superuser" },
	{ "protect /a", "require", "any-role  Editor \t admin", "any-role editor admin" },
	{ "protect /a", "require", "all-roles a", "all-roles a" },
	{ "protect /a", "require", "any-role", NULL },
	{ "protect /a", "require", "all-roles ", NULL },
	{ "protect /a", "require", "any-role a,b", NULL },
	{ "protect /a", "require", "none none", NULL },
	{ "protect /a", "require", "verified editor", NULL },
	{ "protect /a", "require", "Verified", NULL },
	{ "protect /a", "require", "role a", NULL },
};

/* What config_print says of the configuration; freed by the caller. */
static char *
printed(const struct config *config)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(to);
	config_print(config, to);
	fclose(to);
	return text;
}

START_TEST(a_value_is_kept_or_refused)
{
	const struct value *row = &values[_i];
	char text[1024], line[1024], *shown;
	struct config_fault fault;
	struct config *config;
	enum rc rc;

	snprintf(text, sizeof(text), "[%s]\n%s = %s\n" WEB, row->section, row->key, row->given);
	rc = config_parse(span_of(text), "t", &config, &fault);
	if (row->kept == NULL) {
		ck_assert_int_eq(rc, RC_NO);
		snprintf(line, sizeof(line), "t:2: %s.%s: ", row->section, row->key);
		ck_assert_msg(strncmp(fault.text, line, strlen(line)) == 0, "%s", fault.text);
		return;
	}
	ck_assert_msg(rc == RC_OK, "%s", fault.text);
	shown = printed(config);
	snprintf(line, sizeof(line), "\n%s = %s\n", row->key, row->kept);
	snprintf(text, sizeof(text), "[%s]\n", row->section);
	ck_assert_ptr_nonnull(strstr(shown, text));
	ck_assert_msg(strstr(strstr(shown, text), line) != NULL, "no%s in\n%s", line, shown);
	free(shown);
	config_free(config);
}
END_TEST

static const struct path {
	const char *path;
	bool good;
} paths[] = {
	{ "/", true },
	{ "/a", true },
	{ "/a/b.c", true },
	{ "/a b", true },
	{ "/caf\xC3\xA9", true },
	{ "/a/...", true },
	{ "a", false },
	{ "/a/", true },
	{ "/a//", false },
	{ "//", false },
	{ "//a", false },
	{ "/a//b", false },
	{ "/.", false },
	{ "/..", false },
	{ "/a/../b", false },
	{ "/a/./b", false },
	{ "/a%2Fb", false },
	{ "/a?b", false },
	{ "/a#b", false },
	{ "/a\\b", false },
	{ "/a\tb", false },
};

START_TEST(a_protected_path_is_canonical)
{
	struct config_fault fault;
	struct config *config;
	char text[256];

	snprintf(text, sizeof(text), WEB "[protect %s]\nrequire = none\n", paths[_i].path);
	if (!paths[_i].good) {
		ck_assert_int_eq(config_parse(span_of(text), "t", &config, &fault), RC_NO);
		ck_assert_msg(strncmp(fault.text, "t:4: [protect ", 14) == 0, "%s", fault.text);
		return;
	}
	ck_assert_msg(config_parse(span_of(text), "t", &config, &fault) == RC_OK, "%s", fault.text);
	ck_assert_uint_eq(config->protect_count, 1);
	if (strcmp(paths[_i].path, "/a/") == 0) /* the same as without the slash */
		ck_assert_str_eq(config->protects[0].path, "/a");
	else
		ck_assert_str_eq(config->protects[0].path, paths[_i].path);
	config_free(config);
}
END_TEST

static struct config *
parsed(const char *text)
{
	struct config_fault fault;
	struct config *config;

	ck_assert_msg(config_parse(span_of(text), "t", &config, &fault) == RC_OK, "%s", fault.text);
	ck_assert_str_eq(fault.text, "");
	return config;
}

START_TEST(defaults_are_those_of_the_table)
{
	struct config *config = parsed(WEB);

	ck_assert_str_eq(config->site.url, "http://127.0.0.1:8080");
	ck_assert_str_eq(config->site.name, "Yett");
	ck_assert_uint_eq(config->site.trusted_proxies.count, 0);
	ck_assert_str_eq(config->paths.auth, "/auth");
	ck_assert(config->account.requires_verification);
	ck_assert_int_eq(config->account.response_floor, 400);
	ck_assert_int_eq(config->account.login_identifier, LOGIN_BY_EMAIL);
	ck_assert_int_eq(config->password.memory, 19 * 1024 * 1024);
	ck_assert_int_eq(config->jwt.algorithm, ALGORITHM_EDDSA);
	ck_assert_int_eq(config->jwt.lifetime, 15 * 60 * 1000);
	ck_assert_int_eq(config->database.refresh_lifetime, INT64_C(30) * 24 * 60 * 60 * 1000);
	ck_assert_int_eq(config->database.idle_lifetime, 0);
	ck_assert_int_eq(config->cookie.samesite, SAMESITE_LAX);
	ck_assert_int_eq(config->cookie.max_age, 0);
	ck_assert(config->cookie.secure);
	ck_assert_int_eq(config->limit.login.count, 5);
	ck_assert_int_eq(config->limit.login.window, 5 * 60 * 1000);
	ck_assert_int_eq(config->guard.deny_style, DENY_REDIRECT);
	ck_assert_ptr_null(config->directory);
	config_free(config);
	config_free(NULL);
}
END_TEST

START_TEST(choices_stand_in_the_order_of_their_enums)
{
	struct config *config = parsed("[account]\nlogin_identifier = username\n"
				       "[jwt]\nalgorithm = HS256\n"
				       "[database]\nsynchronous = normal\njournal = delete\n"
				       "[cookie]\nsamesite = none\n"
				       "[guard]\ndeny_style = fcgid\n" WEB API);

	ck_assert_int_eq(config->account.login_identifier, LOGIN_BY_USERNAME);
	ck_assert_int_eq(config->jwt.algorithm, ALGORITHM_HS256);
	ck_assert_int_eq(config->database.synchronous, SYNCHRONOUS_NORMAL);
	ck_assert_int_eq(config->database.journal, JOURNAL_DELETE);
	ck_assert_int_eq(config->cookie.samesite, SAMESITE_NONE);
	ck_assert_int_eq(config->guard.deny_style, DENY_FCGID);
	ck_assert_int_eq(config->backends[0].transport, TRANSPORT_COOKIE);
	ck_assert_int_eq(config->backends[0].strategy, STRATEGY_DATABASE);
	ck_assert_int_eq(config->backends[1].transport, TRANSPORT_BEARER);
	ck_assert_int_eq(config->backends[1].strategy, STRATEGY_JWT);
	config_free(config);
}
END_TEST

START_TEST(a_backend_overrides_wherever_the_sections_stand)
{
	struct config *config =
	    parsed("[backend web]\nidle_lifetime = 12h\nstrategy = database\n"
		   "name = mine\ntransport = cookie\n" API "lifetime = 5m\nrefresh_lifetime = 2d\n"
		   "[cookie]\npath = /app\nname = other\n"
		   "[database]\nidle_lifetime = 1h\nfile = other.db\n"
		   "[jwt]\nlifetime = 1h\nissuer = me\n");
	const struct backend_config *web = &config->backends[0], *api = &config->backends[1];

	ck_assert_uint_eq(config->backend_count, 2);
	ck_assert_str_eq(web->name, "web");
	ck_assert_str_eq(web->cookie.name, "mine");
	ck_assert_str_eq(web->cookie.path, "/app");
	ck_assert_int_eq(web->database.idle_lifetime, 12 * 60 * 60 * 1000);
	ck_assert_str_eq(web->database.file, "other.db");
	ck_assert_int_eq(api->jwt.lifetime, 5 * 60 * 1000);
	ck_assert_str_eq(api->jwt.issuer, "me");
	ck_assert_int_eq(api->database.idle_lifetime, 60 * 60 * 1000);
	ck_assert_int_eq(api->database.refresh_lifetime, 2 * 24 * 60 * 60 * 1000);
	ck_assert_int_eq(config->jwt.lifetime, 60 * 60 * 1000);
	ck_assert_str_eq(config->cookie.name, "other");
	ck_assert_ptr_eq(config_backend_of(config, TRANSPORT_COOKIE), web);
	ck_assert_ptr_eq(config_backend_of(config, TRANSPORT_BEARER), api);
	config_free(config);

	config = parsed(WEB);
	ck_assert_ptr_null(config_backend_of(config, TRANSPORT_BEARER));
	config_free(config);
}
END_TEST

START_TEST(there_is_room_for_so_many_sections_and_no_more)
{
	char text[16384] = "";
	struct config_fault fault;
	struct config *config;
	size_t used = 0;

	for (int i = 0; i < BACKENDS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "[backend b%d]\ntransport = bearer\nstrategy = jwt\n", i);
	for (int i = 0; i < PROTECTS_MAX; i++)
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "[protect /p%d]\nrequire = none\n", i);
	config = parsed(text);
	ck_assert_uint_eq(config->backend_count, BACKENDS_MAX);
	ck_assert_uint_eq(config->protect_count, PROTECTS_MAX);
	config_free(config);

	snprintf(text + used, sizeof(text) - used, "[protect /more]\nrequire = none\n");
	ck_assert_int_eq(config_parse(span_of(text), "t", &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, "t:153: [protect /more]: too many rules, have at most 64");
	snprintf(text + used, sizeof(text) - used, WEB);
	ck_assert_int_eq(config_parse(span_of(text), "t", &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, "t:153: [backend web]: too many backends, have at most 8");
}
END_TEST

START_TEST(lists_and_files_have_a_largest_size)
{
	char *text = calloc(1, CONFIG_SIZE_MAX + 2);
	struct config_fault fault;
	struct config *config;
	size_t used;

	ck_assert_ptr_nonnull(text);
	used = (size_t)snprintf(text, 4096, "[site]\ntrusted_proxies =");
	for (int i = 0; i <= CONFIG_LIST_MAX; i++)
		used += (size_t)snprintf(text + used, 16, " ::1");
	ck_assert_int_eq(config_parse((struct span){ text, used }, "t", &config, &fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "t:2: site.trusted_proxies: "));
	ck_assert_int_eq(
	    config_parse((struct span){ text, used - 4 }, "t", &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, "t: no backend, add a section [backend NAME]");

	memset(text, '\n', CONFIG_SIZE_MAX + 1);
	memcpy(text, WEB, sizeof(WEB) - 1);
	ck_assert_int_eq(
	    config_parse((struct span){ text, CONFIG_SIZE_MAX + 1 }, "t", &config, &fault), RC_NO);
	ck_assert_str_eq(fault.text, "t: larger than 256 KiB, shorten it");
	ck_assert_int_eq(
	    config_parse((struct span){ text, CONFIG_SIZE_MAX }, "t", &config, &fault), RC_OK);
	config_free(config);
	free(text);
}
END_TEST

START_TEST(a_fault_is_one_line_however_long_the_file_name)
{
	char file[600];
	struct config_fault fault;
	struct config *config;

	memset(file, 'f', sizeof(file) - 1);
	file[sizeof(file) - 1] = '\0';
	ck_assert_int_eq(config_parse(SPAN("[protect x]\n"), file, &config, &fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(fault.text, "f:1: [protect x]: not a path"));
	ck_assert_ptr_nonnull(strstr(fault.text, "or backslash"));
	ck_assert_ptr_null(strchr(fault.text, '\n'));
}
END_TEST

/* What would otherwise be found when somebody sets it: each row makes sense in itself. */
START_TEST(the_table_is_sound)
{
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];
		size_t length = strlen(row->words), key = strlen(row->key);

		ck_assert_msg(row->words[length - 1] == '.', "%s", row->words);
		ck_assert_msg(strpbrk(row->words, "\n|") == NULL, "%s", row->words);
		ck_assert_ptr_eq(config_row_find(row->part, span_of(row->key)), row);
		if (config_row_overridable(row))
			ck_assert_ptr_eq(config_row_override(span_of(row->key)), row);
		ck_assert_ptr_null(config_row_overridable(row)
				       ? config_row_find(PART_backend, span_of(row->key))
				       : NULL);
		if (key >= 8 && strcmp(row->key + key - 8, "lifetime") == 0)
			ck_assert_msg(strstr(row->bounds, "ms.") == NULL, "%s", row->key);
	}
}
END_TEST

/* keys/NAME and {auth}/NAME must mean one thing. */
START_TEST(no_backend_is_named_as_a_program_or_a_purpose)
{
	static const char *const taken[] = {
#define PURPOSE(name, directory, use, words) directory,
#include "crypto/purpose.def"
#undef PURPOSE
#define PROGRAM(name, ...) #name,
#define ROUTE(...)
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		ck_assert_msg(config_backend_fault(span_of(taken[i])) != NULL, "%s", taken[i]);
	ck_assert_ptr_null(config_backend_fault(SPAN("web")));
}
END_TEST

START_TEST(what_is_printed_reads_as_the_same)
{
	struct config *config = parsed(
	    "[site]\nurl = https://Example.org/\nname = A = b ; c\n"
	    "trusted_proxies = 10.0.0.0/8 ::1\n"
	    "[limit]\nlogin = off\nrefresh = 7/90s\n" WEB "idle_lifetime = 90m\nname = mine\n" API
	    "algorithm = HS256\naccess_lifetime = 2h\n"
	    "[cookie]\nmax_age = 30d\n[protect /]\nrequire = none\n"
	    "[protect /a b]\nrequire = any-role Editor ADMIN\n");
	char *first = printed(config), *second;

	ck_assert_ptr_nonnull(strstr(first, "\nurl = https://example.org\n"));
	ck_assert_ptr_nonnull(strstr(first, "\nname = A = b ; c\n"));
	ck_assert_ptr_nonnull(strstr(first, "\nlogin = off\n"));
	ck_assert_ptr_nonnull(strstr(first, "\nrefresh = 7/90s\n"));
	ck_assert_ptr_nonnull(strstr(first, "\n[protect /a b]\nrequire = any-role editor admin\n"));
	config_free(config);
	config = parsed(first);
	second = printed(config);
	ck_assert_str_eq(first, second);
	config_free(config);
	free(first);
	free(second);
}
END_TEST

/* The file of init with every ";key" and ";[section]" switched on. */
static void
uncomment(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0'; from++) {
		if (*from == ';' && from > text && from[-1] == '\n' && from[1] != ' ')
			continue;
		*to++ = *from;
	}
	*to = '\0';
}

START_TEST(the_template_parses_as_it_is_and_with_all_switched_on)
{
	struct buf out = BUF_INIT(CONFIG_SIZE_MAX);
	struct config *config, *bare = parsed(API WEB);
	char *expected, *found;

	config_template(&out, "https://www.example.org");
	ck_assert_int_eq(buf_check(&out), RC_OK);
	config = parsed(out.data);
	ck_assert_str_eq(config->site.url, "https://www.example.org");
	ck_assert(config->cookie.secure);
	ck_assert_uint_eq(config->backend_count, 2);
	ck_assert_str_eq(config->backends[0].name, "api");
	ck_assert_str_eq(config->backends[1].name, "web");
	ck_assert_uint_eq(config->protect_count, 0);

	/* All but the address is the default. */
	bare->site.url = config->site.url;
	expected = printed(bare);
	found = printed(config);
	ck_assert_str_eq(found, expected);
	free(found);
	bare->site.url = NULL;
	config_free(config);

	uncomment(out.data);
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		char key[64];

		snprintf(key, sizeof(key), "\n%s =", config_rows[i].key);
		ck_assert_msg(strstr(out.data, key) != NULL, "%s", key);
	}
	config = parsed(out.data);
	ck_assert_uint_eq(config->protect_count, 1);
	config->protect_count = 0;
	found = printed(config);
	ck_assert_str_eq(found, expected);
	free(found);
	free(expected);
	config_free(config);
	config_free(bare);
	buf_free(&out);
}
END_TEST

START_TEST(the_template_switches_secure_off_for_http)
{
	struct buf out = BUF_INIT(CONFIG_SIZE_MAX);
	struct config *config;

	config_template(&out, "http://127.0.0.1:9000");
	config = parsed(out.data);
	ck_assert_str_eq(config->site.url, "http://127.0.0.1:9000");
	ck_assert(!config->cookie.secure);
	ck_assert(!config_backend_of(config, TRANSPORT_COOKIE)->cookie.secure);
	config_free(config);
	buf_clear(&out);

	config_template(&out, "http://a\n[log]\nlevel = debug");
	ck_assert_int_eq(buf_check(&out), RC_UNAVAILABLE);
	buf_free(&out);
}
END_TEST

static const struct edit {
	const char *text;
	const char *section;
	const char *key;
	const char *value;
	const char *expected; /* NULL: refused with this fault */
	const char *fault;
} edits[] = {
	{ "# top\n[site]\n; old\nname=a\n\n" WEB "# end", "site", "name", "b c",
	    "# top\n[site]\n; old\nname = b c\n\n" WEB "# end", NULL },
	{ "[site]\r\nname = a\r\n" WEB, "site", "name", "b", "[site]\r\nname = b\r\n" WEB, NULL },
	{ WEB "[site]\nname = a", "site", "name", "b", WEB "[site]\nname = b", NULL },
	{ WEB "[site]", "site", "name", "b", WEB "[site]\nname = b\n", NULL },
	{ "[site]\nname = a\n\n; about the backend\n" WEB, "site", "url", "http://b",
	    "[site]\nname = a\nurl = http://b\n\n; about the backend\n" WEB, NULL },
	{ "[site]\n; Name.\n;name = x\n\n; Address.\nurl = http://a\n" WEB, "site", "name", "b",
	    "[site]\n; Name.\n;name = x\nname = b\n\n; Address.\nurl = http://a\n" WEB, NULL },
	{ "[cookie]\n;name = x\n[site]\n" WEB, "site", "name", "b",
	    "[cookie]\n;name = x\n[site]\nname = b\n" WEB, NULL },
	{ WEB, "log", "level", "debug", WEB "\n[log]\nlevel = debug\n", NULL },
	{ WEB, "protect /a b", "require", "none", WEB "\n[protect /a b]\nrequire = none\n", NULL },
	{ WEB, "backend web", "idle_lifetime", "1h", WEB "idle_lifetime = 1h\n", NULL },
	{ WEB API, "backend api", "lifetime", "1h", WEB API "lifetime = 1h\n", NULL },
	{ "[cookie]\nmax_age = 1d\n" WEB, "cookie", "max_age", "", "[cookie]\nmax_age =\n" WEB,
	    NULL },
	{ "[site]\nname =\n" WEB, "site", "name", "mended", "[site]\nname = mended\n" WEB, NULL },
	{ WEB, "site", "foo", "1", NULL,
	    "yett.conf: site.foo: no such setting, see yettctl config for those there are" },
	{ WEB, "foo", "bar", "1", NULL,
	    "yett.conf: foo.bar: no such setting, see yettctl config for those there are" },
	{ WEB, "site", "name = x\nurl", "1", NULL,
	    "yett.conf: site.name = x?url: no such setting, see yettctl config for those there "
	    "are" },
	{ WEB, "site", "name", "a\n[log]", NULL,
	    "yett.conf: site.name: control characters or no UTF-8, give plain text on one line" },
	{ WEB, "site", "name", "a\rb", NULL,
	    "yett.conf: site.name: control characters or no UTF-8, give plain text on one line" },
	{ WEB, "site", "name", "\xFF", NULL,
	    "yett.conf: site.name: control characters or no UTF-8, give plain text on one line" },
	{ WEB, "protect /a]\n[site", "require", "none", NULL,
	    "yett.conf: protect /a]?[site.require: not a name, give plain text" },
	{ WEB, "protect /a]b", "require", "none", NULL,
	    "yett.conf: protect /a]b.require: not a name, give plain text" },
	{ WEB, "routes", "users", "yes", NULL,
	    "yett.conf:6: routes.users: not a switch, write on or off" },
	{ WEB, "backend web", "secure", "perhaps", NULL,
	    "yett.conf:4: backend web.secure: not a switch, write on or off" },
	{ WEB, "backend web", "lifetime", "1h", NULL,
	    "yett.conf:4: backend web.lifetime: a key of [jwt], which this backend does not use, "
	    "remove it" },
	{ WEB, "backend new", "transport", "bearer", NULL,
	    "yett.conf:5: backend new.strategy: missing, write jwt or database" },
	{ WEB "[foo]\n", "site", "name", "a", NULL,
	    "yett.conf:4: [foo]: unknown section, remove it" },
	{ "", "site", "name", "a", NULL, "yett.conf: no backend, add a section [backend NAME]" },
};

START_TEST(an_edit_keeps_everything_else_or_is_refused)
{
	const struct edit *row = &edits[_i];
	struct buf out = BUF_INIT(CONFIG_SIZE_MAX);
	struct config_fault fault;
	enum rc rc;

	rc = config_edit(span_of(row->text), row->section, row->key, row->value, &out, &fault);
	if (row->expected != NULL) {
		ck_assert_msg(rc == RC_OK, "%s", fault.text);
		ck_assert_str_eq(out.data, row->expected);
	} else {
		ck_assert_int_eq(rc, RC_NO);
		ck_assert_str_eq(fault.text, row->fault);
		ck_assert_uint_eq(out.len, 0);
	}
	buf_free(&out);
}
END_TEST

START_TEST(every_setting_of_the_template_can_be_edited)
{
	struct buf text = BUF_INIT(CONFIG_SIZE_MAX), out = BUF_INIT(CONFIG_SIZE_MAX);
	struct config_fault fault;

	config_template(&text, "http://127.0.0.1");
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (config_parts[row->part].in_config == CONFIG_NOWHERE)
			continue;
		buf_clear(&out);
		ck_assert_msg(config_edit(buf_span(&text), config_parts[row->part].name, row->key,
				  row->preset, &out, &fault) == RC_OK,
		    "%s", fault.text);
		ck_assert_uint_ge(out.len, text.len - 1);
	}
	buf_free(&text);
	buf_free(&out);
}
END_TEST

START_TEST(the_reference_names_every_setting)
{
	char *text = NULL, row[128];
	size_t length;
	FILE *to = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(to);
	config_document(to);
	fclose(to);
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		if (config_rows[i].part == PART_protect)
			continue;
		snprintf(row, sizeof(row), "\n| `%s` | ", config_rows[i].key);
		ck_assert_msg(strstr(text, row) != NULL, "%s", row);
		ck_assert_ptr_nonnull(strstr(text, config_rows[i].words));
	}
	ck_assert_ptr_nonnull(strstr(text, "\n| `samesite` | `lax` | `lax`, `strict`, `none` | "));
	ck_assert_ptr_nonnull(strstr(text, "\n## [protect PATH]\n"));
	free(text);
}
END_TEST

START_TEST(roles_of_a_rule_are_stored_forms)
{
	struct arena *arena = arena_new(4096), *small = arena_new(16);
	struct requirement require = { 0 };

	ck_assert_int_eq(
	    config_requirement(arena, SPAN(" all-roles  Editor ADMIN "), &require), RC_OK);
	ck_assert_int_eq(require.kind, REQUIRE_ALL_ROLES);
	ck_assert_uint_eq(require.roles.count, 2);
	ck_assert_str_eq(require.roles.items[0], "editor");
	ck_assert_str_eq(require.roles.items[1], "admin");
	ck_assert_int_eq(config_requirement(arena, SPAN_NONE, &require), RC_NO);
	ck_assert_int_eq(config_requirement(arena, SPAN("any-role"), &require), RC_NO);
	ck_assert_int_eq(config_requirement(arena, SPAN("none\0"), &require), RC_NO);
	ck_assert_int_eq(require.kind, REQUIRE_ALL_ROLES);
	ck_assert_int_eq(
	    config_requirement(small, SPAN("any-role a b c"), &require), RC_UNAVAILABLE);
	arena_free(small);
	arena_free(arena);
}
END_TEST

static void
write_file(const char *directory, const char *text, mode_t mode)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/yett.conf", directory);
	unlink(path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
load_refused(const char *directory, const char *what)
{
	struct config_fault fault;
	struct config *config;

	ck_assert_int_eq(config_load(directory, &config, &fault), RC_NO);
	ck_assert_msg(strstr(fault.text, what) != NULL, "%s", fault.text);
	ck_assert_ptr_null(config);
}

START_TEST(a_file_is_loaded_with_its_directory)
{
	const char *directory = fixture_directory();
	char link[300], absolute[4096];
	struct config_fault fault;
	struct config *config;

	write_file(directory, WEB, 0600);
	ck_assert_ptr_nonnull(realpath(directory, absolute));
	ck_assert_msg(config_load(directory, &config, &fault) == RC_OK, "%s", fault.text);
	ck_assert_str_eq(config->directory, absolute);
	config_free(config);

	/* The state directory itself may be reached by a link; what it leads to is judged. */
	snprintf(link, sizeof(link), "%s/link", directory);
	ck_assert_int_eq(symlink(".", link), 0);
	ck_assert_int_eq(config_load(link, &config, &fault), RC_OK);
	ck_assert_str_eq(config->directory, absolute);
	config_free(config);

	write_file(directory, WEB, 0400);
	ck_assert_int_eq(config_load(directory, &config, &fault), RC_OK);
	config_free(config);
	write_file(directory, "[site]\nurl = x\n", 0600);
	load_refused(directory, "/yett.conf:2: site.url: not an address");
}
END_TEST

static const struct mode {
	mode_t directory;
	mode_t file;
	const char *fault; /* NULL: accepted */
} modes[] = {
	{ 0700, 0600, NULL },
	{ 0500, 0400, NULL },
	{ 0700, 0640, "/yett.conf: open to other users (mode 0640), chmod it to 0600" },
	{ 0700, 0604, "/yett.conf: open to other users (mode 0604), chmod it to 0600" },
	{ 0700, 0620, "/yett.conf: open to other users (mode 0620), chmod it to 0600" },
	{ 0700, 0602, "/yett.conf: open to other users (mode 0602), chmod it to 0600" },
	{ 0700, 0601, "/yett.conf: open to other users (mode 0601), chmod it to 0600" },
	{ 0710, 0600, ": open to other users (mode 0710), chmod it to 0700" },
	{ 0701, 0600, ": open to other users (mode 0701), chmod it to 0700" },
	{ 0770, 0600, ": open to other users (mode 0770), chmod it to 0700" },
	{ 01777, 0600, ": open to other users (mode 1777), chmod it to 0700" },
};

START_TEST(loose_modes_are_refused)
{
	const char *directory = fixture_directory();
	struct config_fault fault;
	struct config *config;

	write_file(directory, WEB, modes[_i].file);
	ck_assert_int_eq(chmod(directory, modes[_i].directory), 0);
	if (modes[_i].fault != NULL) {
		load_refused(directory, modes[_i].fault);
	} else {
		ck_assert_msg(config_load(directory, &config, &fault) == RC_OK, "%s", fault.text);
		config_free(config);
	}
	ck_assert_int_eq(chmod(directory, 0700), 0);
}
END_TEST

START_TEST(what_is_no_plain_file_is_refused)
{
	const char *directory = fixture_directory();
	char path[512], other[512];

	snprintf(path, sizeof(path), "%s/yett.conf", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	load_refused(other, "/other: cannot be read, there is none, run yettctl init");
	load_refused(directory, "/yett.conf: cannot be read, there is none, run yettctl init");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	load_refused(directory, "/yett.conf: not a regular file");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	load_refused(directory, "/yett.conf: not a regular file");
	rmdir(path);
	write_file(directory, WEB, 0600);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink("other", path), 0);
	load_refused(directory, "/yett.conf: cannot be read, it is a symbolic link");
	load_refused(other, "/other: cannot be read");
}
END_TEST

START_TEST(another_owner_is_refused)
{
	const char *directory = fixture_directory();
	char path[512];

	/* Only root can give a file away. */
	if (geteuid() != 0)
		return;
	write_file(directory, WEB, 0600);
	snprintf(path, sizeof(path), "%s/yett.conf", directory);
	ck_assert_int_eq(chown(path, 12345, 12345), 0);
	load_refused(directory, "/yett.conf: owned by user 12345, not by user 0");
	ck_assert_int_eq(chown(path, 0, 0), 0);
	ck_assert_int_eq(chown(directory, 12345, 12345), 0);
	load_refused(directory, ": owned by user 12345, not by user 0");
	ck_assert_int_eq(chown(directory, 0, 0), 0);
}
END_TEST

#define LOOP(tcase, test, rows) \
	tcase_add_loop_test(tcase, test, 0, (int)(sizeof(rows) / sizeof(*(rows))))

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *reading = tcase_create("reading"), *writing = tcase_create("writing");
	TCase *loading = tcase_create("loading");

	LOOP(reading, a_bad_file_is_refused_naming_line_and_key, bads);
	LOOP(reading, a_value_is_kept_or_refused, values);
	LOOP(reading, a_protected_path_is_canonical, paths);
	tcase_add_test(reading, defaults_are_those_of_the_table);
	tcase_add_test(reading, choices_stand_in_the_order_of_their_enums);
	tcase_add_test(reading, a_backend_overrides_wherever_the_sections_stand);
	tcase_add_test(reading, there_is_room_for_so_many_sections_and_no_more);
	tcase_add_test(reading, lists_and_files_have_a_largest_size);
	tcase_add_test(reading, a_fault_is_one_line_however_long_the_file_name);
	tcase_add_test(reading, the_table_is_sound);
	tcase_add_test(reading, no_backend_is_named_as_a_program_or_a_purpose);
	tcase_add_test(reading, roles_of_a_rule_are_stored_forms);
	suite_add_tcase(suite, reading);

	tcase_add_test(writing, what_is_printed_reads_as_the_same);
	tcase_add_test(writing, the_template_parses_as_it_is_and_with_all_switched_on);
	tcase_add_test(writing, the_template_switches_secure_off_for_http);
	LOOP(writing, an_edit_keeps_everything_else_or_is_refused, edits);
	tcase_add_test(writing, every_setting_of_the_template_can_be_edited);
	tcase_add_test(writing, the_reference_names_every_setting);
	suite_add_tcase(suite, writing);

	tcase_add_test(loading, a_file_is_loaded_with_its_directory);
	LOOP(loading, loose_modes_are_refused, modes);
	tcase_add_test(loading, what_is_no_plain_file_is_refused);
	tcase_add_test(loading, another_owner_is_refused);
	suite_add_tcase(suite, loading);
	return fixture_run(suite);
}
