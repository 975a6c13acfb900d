/* The configuration: yett.conf read once at start; every setting is a row of config.def. */
#ifndef YETT_BASE_CONFIG_H
#define YETT_BASE_CONFIG_H

#include <stdio.h>

#include "base/buf.h"
#include "base/rc.h"

#define CONFIG_FILE "yett.conf"
#define CONFIG_SIZE_MAX (256 * 1024)
#define CONFIG_LINE_MAX 4096
#define BACKENDS_MAX 8
#define BACKEND_NAME_MAX 32
#define PROTECTS_MAX 64

struct config_list {
	const char *const *items;
	size_t count;
};

struct rate {
	int64_t count;  /* 0: not limited */
	int64_t window; /* milliseconds */
};

/* In the order of the words in config.def. */
enum login_identifier { LOGIN_BY_EMAIL, LOGIN_BY_USERNAME };
enum totp_algorithm_setting { TOTP_BY_SHA1, TOTP_BY_SHA256, TOTP_BY_SHA512 };
enum jwt_algorithm_setting { ALGORITHM_EDDSA, ALGORITHM_HS256 };
enum synchronous_setting { SYNCHRONOUS_FULL, SYNCHRONOUS_NORMAL };
enum journal_setting { JOURNAL_WAL, JOURNAL_DELETE };
enum samesite_setting { SAMESITE_LAX, SAMESITE_STRICT, SAMESITE_NONE };
enum deny_style { DENY_REDIRECT, DENY_CODES, DENY_FCGID };
enum transport_setting { TRANSPORT_BEARER, TRANSPORT_COOKIE };
enum email_change_setting { EMAIL_CHANGE_CONFIRM, EMAIL_CHANGE_IMMEDIATE };
enum mail_transport_setting { MAIL_SENDMAIL, MAIL_SMTP, MAIL_COMMAND, MAIL_DIRECTORY, MAIL_NONE };
enum strategy_setting { STRATEGY_JWT, STRATEGY_DATABASE };

#define CONFIG_TYPE_TEXT const char *
#define CONFIG_TYPE_FLAG bool
#define CONFIG_TYPE_COUNT int64_t
#define CONFIG_TYPE_SIZE int64_t
#define CONFIG_TYPE_DURATION int64_t
#define CONFIG_TYPE_RATE struct rate
#define CONFIG_TYPE_CHOICE int
#define CONFIG_TYPE_LIST struct config_list

#define SECTION(name, kind, words) struct config_##name {
#define SETTING(section, field, key, type, preset, bounds, words) CONFIG_TYPE_##type field;
/* clang-format off */
#define SECTION_END(name) };
/* clang-format on */
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END

/* One [backend NAME]: a transport, a strategy, and those sections with its own overrides. A jwt
 * backend may override keys of [jwt] and, for its refresh sessions, of [database]; file,
 * busy_timeout, synchronous and journal belong to the one database and cannot be overridden. */
struct backend_config {
	char name[BACKEND_NAME_MAX + 1]; /* a-z, 0-9, '-', '_'; no route or purpose name */
	int transport;                   /* enum transport_setting */
	int strategy;                    /* enum strategy_setting */
	struct config_jwt jwt;
	struct config_database database;
	struct config_cookie cookie;
};

enum require_kind {
	REQUIRE_NONE,
	REQUIRE_AUTHENTICATED,
	REQUIRE_ACTIVE,
	REQUIRE_VERIFIED,
	REQUIRE_SUPERUSER,
	REQUIRE_ANY_ROLE,
	REQUIRE_ALL_ROLES
};

struct requirement {
	enum require_kind kind;
	struct config_list roles; /* for the last two kinds; never empty there */
};

/* One [protect PATH]. */
struct protect_rule {
	const char *path; /* begins with '/', no trailing '/' unless it is "/" */
	struct requirement require;
};

struct config {
#define SECTION(name, kind, words) struct config_##name name;
#define SETTING(section, field, key, type, preset, bounds, words)
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
	struct backend_config backends[BACKENDS_MAX]; /* in order of the file; at least one */
	size_t backend_count;
	struct protect_rule protects[PROTECTS_MAX];
	size_t protect_count;
	char *directory; /* the state directory, absolute */
	struct arena *memory;
};

/* Where a fault stands and what it is, for the one line on stderr. */
struct config_fault {
	char text[512]; /* "FILE:LINE: section.key: what is wrong, what to do" */
};

/* Reads DIRECTORY/yett.conf. Refuses (RC_NO, *fault says why) an unreadable or loosely permitted
 * file or directory (anything for others; owner other than the caller), unknown or repeated
 * sections and keys, over-long lines, bad values, settings that contradict each other
 * (SameSite=None without Secure, two cookie backends of one name, no backend). The caller frees
 * *out with config_free. */
enum rc config_load(const char *directory, struct config **out, struct config_fault *) RC_MUST;

/* The same from memory; "file" is only named in faults. Opens nothing. */
enum rc config_parse(
    struct span text, const char *file, struct config **out, struct config_fault *) RC_MUST;

void config_free(struct config *);

/* Reads the words that "require" of [protect] and the AUTH_RULE variable take, such as
 * "any-role editor admin". RC_NO for anything unknown, for role kinds without a role, for words
 * too many. Role names are brought to their stored form; they live in the arena. */
enum rc config_requirement(struct arena *, struct span words, struct requirement *out) RC_MUST;

/* Prints the effective values as a yett.conf; there are no secrets in it. */
void config_print(const struct config *, FILE *);

/* Appends the commented file that init writes: every section and key with its sentence, defaults
 * commented out, site.url set, secure switched off for http, backends api and web, a [protect]
 * example. */
void config_template(struct buf *, const char *url);

/* Replaces or adds "section.key = value" in the text of a yett.conf, keeping everything else, and
 * checks the result as config_parse does. "section" may be "backend NAME" or "protect PATH".
 * RC_NO with *fault when the setting is unknown or the result would not be accepted. */
enum rc config_edit(struct span text, const char *section, const char *key, const char *value,
    struct buf *out, struct config_fault *) RC_MUST;

/* Prints docs/configuration.md. */
void config_document(FILE *);

/* The first backend with that transport, NULL when there is none. */
const struct backend_config *config_backend_of(const struct config *, int transport);

#endif
