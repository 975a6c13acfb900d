/* A directory of key files, entered level by level: nothing in it may be reachable for others. */
#ifndef YETT_CRYPTO_KEY_PLACE_H
#define YETT_CRYPTO_KEY_PLACE_H

#include "base/config.h"
#include "crypto/jwt.h"

#define KEY_FILES_MAX 64 /* in one directory */
#define KEY_FILE_MAX 4096

#define KEYS_DIRECTORY "keys"

/* The names below it, and the suffixes that stand behind a KID. */
#define KEY_PUBLIC "public"
#define KEY_PRIVATE "private"
#define KEY_SHARED "shared"
#define KEY_RETIRED ".retired" /* begins with a dot: programs of any version pass it over */
#define KEY_PEM ".pem"
#define KEY_BARE ".key"

struct key_place {
	int fd; /* -1: there is no such directory */
	char path[256];
};

#define KEY_PLACE_INIT ((struct key_place){ -1, "" })

/* The keys of a directory, the one whose name sorts last at the end. */
struct key_names {
	struct key_name {
		char kid[JWT_KID_SIZE];
		int64_t made; /* wall time, from the file */
	} rows[KEY_FILES_MAX];
	size_t count;
};

/* Opens keys/ below the state directory. Of this and the next: RC_NO with *fault when it is
 * missing, a symbolic link, of another owner or open to others; the caller leaves it. */
enum rc key_place_root(const struct config *, struct key_place *, struct config_fault *) RC_MUST;

/* Opens a directory in another one. A missing one is RC_OK with an fd of -1, and so is whatever
 * is in one that is missing. */
enum rc key_place_enter(const struct key_place *parent, const char *name, struct key_place *,
    struct config_fault *) RC_MUST;

void key_place_leave(struct key_place *);

/* Lists the files KID + suffix, none where the directory is missing. Names that begin with a dot
 * are passed over; any other name, and a file that is not one or is open to others, is refused. */
enum rc key_place_list(const struct key_place *, const char *suffix, struct key_names *,
    struct config_fault *) RC_MUST;

/* The name that sorts last, "" of none. */
const char *key_names_newest(const struct key_names *);

/* Reads one whole file of at most KEY_FILE_MAX bytes, with the same checks. */
enum rc key_place_read(const struct key_place *, const char *kid, const char *suffix,
    unsigned char bytes[KEY_FILE_MAX], size_t *len, struct config_fault *) RC_MUST;

/* Writes "PATH/NAME: what" and returns RC_NO; "kid" and "suffix" may be "". */
enum rc key_place_fault(const struct key_place *, const char *kid, const char *suffix,
    struct config_fault *, const char *what);

/* Whether bytes could be a shared key: 32 to 64 of them; more than 16 different values, which
 * leaves out hexadecimal text, repeated halves and constants; at least 8 different steps from one
 * byte to the next, which leaves out sequences; and not printable text of under 43 characters,
 * which carries less than 256 bits even as base64. */
bool key_shared_is_strong(const unsigned char *bytes, size_t len);

#endif
