/* yettctl: what its commands share. A command is a line of commands.def and a function. */
#ifndef YETT_CTL_H
#define YETT_CTL_H

#include <sys/types.h>

#include "base/config.h"
#include "base/ctx.h"
#include "base/secret.h"

#define CTL_WORDS_MAX 4
#define CTL_OPTIONS_MAX 8

enum ctl_exit {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* refused or not found; one line on stderr said why */
	CTL_USAGE = 2
};

struct ctl;
typedef enum ctl_exit command_fn(struct ctl *);

struct command {
	const char *name, *arguments, *text;
	command_fn *run;
};

struct ctl_option {
	struct span name;  /* with its dashes */
	const char *value; /* "" for a flag */
};

struct ctl {
	const struct command *command;
	const char *words[CTL_WORDS_MAX]; /* after the command's name; NULL where left out */
	size_t word_count;
	struct ctl_option options[CTL_OPTIONS_MAX];
	size_t option_count;
	char *directory;       /* the state directory, absolute */
	struct config *config; /* the same as ctx.config, owned */
	struct ctx ctx;
};

#define COMMAND(function, name, arguments, text) command_fn function;
#include "commands.def"
#undef COMMAND

extern const struct command commands[];
extern const size_t command_count;

/* arguments.c: reads the command line by the table; anything but CTL_DONE was explained. */
enum ctl_exit arguments_read(struct ctl *, int argc, char **argv);
/* The value of an option, "" of a flag, NULL when it was not given. */
const char *arguments_option(const struct ctl *, const char *name);

/* help.c */
void help_all(FILE *);
void help_command(const struct command *, FILE *);
/* Prints the commands whose names begin with that word; false when there are none. */
bool help_group(const char *word, FILE *);

/* open.c: each does what the one before does, too; after a refusal the reason was printed. */
enum ctl_exit ctl_find(struct ctl *);       /* finds the state directory, becomes its owner */
enum ctl_exit ctl_open(struct ctl *);       /* reads the configuration */
enum ctl_exit ctl_open_store(struct ctl *); /* opens the database */
enum ctl_exit ctl_open_keys(struct ctl *);  /* opens the keys of links in mails */
enum ctl_exit ctl_open_slots(struct ctl *); /* opens the hash slots, where there are none yet */
void ctl_close(struct ctl *);
/* When root runs it: goes on as that user, for good. */
enum ctl_exit ctl_become(uid_t, gid_t);

/* say.c: prints "yettctl: ..." on stderr, control characters escaped; is CTL_REFUSED. */
enum ctl_exit ctl_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for what the operator should know of a command that goes on. */
void ctl_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a fault below: locked, full or broken. RC_NO is not one. */
enum ctl_exit ctl_fault(enum rc);
/* An answer from below that may name its fault; RC_OK is CTL_DONE. */
enum ctl_exit ctl_answer(enum rc, const struct config_fault *);
enum ctl_exit ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says something on stdout; control characters are escaped. */
void ctl_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints a text, at least "width" columns wide, control characters escaped. */
void ctl_text(FILE *, struct span text, size_t width);

/* Whether a stream takes colours. */
bool ctl_colours(FILE *);

/* ask.c: questions go to a terminal alone. */
bool ask_possible(const struct ctl *);
/* Whether the answer is yes; an empty one is "preset". */
bool ask_yes(const char *question, bool preset);
/* One line, without its end; false at the end of input or when it is too long. */
bool ask_line(const char *question, char *line, size_t size);
/* A new password for that account, from a prompt or standard input, checked against the policy.
 * Where none is needed ("may_invite"), no answer and nobody to ask leave it empty. */
enum ctl_exit ask_password(struct ctl *, struct span email, struct span username, bool may_invite,
    struct secret *password);

/* file.c: files of the state directory. */
/* Serialises what changes files here, until the descriptor is closed; -1 where that is not
 * possible. */
int file_lock(const char *directory);
/* Appends a file to the buffer. RC_NO with errno when it cannot be read; EFBIG when the buffer has
 * no room for it. The caller frees the buffer. */
enum rc file_read(const char *directory, const char *name, struct buf *) RC_MUST;
/* Writes beside, syncs, renames; mode 0600. RC_NO with errno. */
enum rc file_write(const char *directory, const char *name, struct span text) RC_MUST;

/* migrate.c: keys, database and decoy hash, each made where it is missing or outdated. */
enum ctl_exit migrate_complete(struct ctl *);
/* Makes the decoy hash where it is missing or outdated; the store is open. */
enum ctl_exit migrate_decoy(struct ctl *);

/* mail_detached.c: sends what a command has put into the outbox, in a process of its own; nothing
 * else of this one may be open. */
void mail_detached_send(const char *directory);

/* user.c: creates an account, asking for its password. */
enum ctl_exit user_create(
    struct ctl *, const char *email, const char *username, bool verified, bool superuser);

#endif
