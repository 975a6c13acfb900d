/* The templates of the operator: files STATE/templates/mail/LANGUAGE/NAME. */
#ifndef YETT_MAIL_OVERRIDE_H
#define YETT_MAIL_OVERRIDE_H

#include "base/config.h"

#define OVERRIDE_DIRECTORY "templates/mail"
#define OVERRIDE_SIZE_MAX (64 * 1024) /* of a file */
#define OVERRIDE_PATH_SIZE 4096

struct override {
	const char *path; /* for faults */
	struct span language;
	struct span name;
	char *text; /* UTF-8 without control characters but tab and LF; from malloc */
	size_t size;
};

/* Takes one of them; the text is the taker's when it says RC_OK. */
typedef enum rc override_take_fn(void *state, const struct override *, struct config_fault *);

/* Hands out every file there is; names that begin with a dot are passed over. A missing directory
 * is RC_OK. RC_NO with *fault (PATH:LINE: what is wrong, what to do) for what others than root and
 * the user of this process could have written, for what is too large or not text, and for
 * directories that are not named after a language; or what "take" said. */
enum rc override_read(const char *state_directory, override_take_fn *take, void *state,
    struct config_fault *fault) RC_MUST;

/* Fills in *fault; a line of 0 is left away. Always RC_NO. */
enum rc override_refuse(struct config_fault *fault, const char *path, size_t line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
