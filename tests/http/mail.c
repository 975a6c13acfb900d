#include "http/mail.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/storm.h"

#define MAIL_QUIET 300 /* milliseconds after which no further mail comes */
#define RELAY_WORDS 16

struct mail_found {
	struct mail mail;
	long long written; /* nanoseconds */
};

static int
hex(char c)
{
	const char *digits = "0123456789ABCDEF";
	const char *place = c == '\0' ? NULL : strchr(digits, c);

	return place == NULL ? -1 : (int)(place - digits);
}

/* Undoes quoted-printable where a part says that it is. */
static const char *
mail_plain(const char *raw)
{
	static const char header[] = "Content-Transfer-Encoding: ";
	char *plain = malloc(strlen(raw) + 1), *to = plain;
	const char *copy;
	bool encoded = false;

	while (*raw != '\0') {
		if (strncmp(raw, header, sizeof(header) - 1) == 0)
			encoded = raw[sizeof(header) - 1] == 'q';
		if (!encoded) {
			*to++ = *raw++;
		} else if (raw[0] == '=' && raw[1] == '\r' && raw[2] == '\n') {
			raw += 3;
		} else if (raw[0] == '=' && hex(raw[1]) >= 0 && hex(raw[2]) >= 0) {
			*to++ = (char)(hex(raw[1]) * 16 + hex(raw[2]));
			raw += 3;
		} else {
			*to++ = *raw++;
		}
	}
	*to = '\0';
	copy = text("%s", plain);
	free(plain);
	return copy;
}

/* The value of a header line that is not folded. */
static const char *
mail_header(const char *raw, const char *name)
{
	const char *line = strstr(raw, text("\n%s: ", name));
	size_t skip = strlen(name) + 3;

	ck_assert_msg(line != NULL, "no %s in: %.2000s", name, raw);
	return text("%.*s", (int)strcspn(line + skip, "\r\n"), line + skip);
}

static int
mail_older(const void *a, const void *b)
{
	const struct mail_found *left = a, *right = b;

	return (left->written > right->written) - (left->written < right->written);
}

/* Whether the file is a mail to that address. */
static bool
mail_read(const char *path, const char *address, struct mail_found *found)
{
	struct stat status;
	size_t size;
	const char *raw = storm_file(path, &size);

	if (stat(path, &status) != 0 || strstr(raw, text("\nTo: %s\r\n", address)) == NULL)
		return false;
	found->mail = (struct mail){ mail_header(raw, "Subject"), mail_plain(raw), raw };
	found->written = status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec;
	return true;
}

size_t
mail_to(const struct site *site, const char *address, struct mail mails[MAIL_MAX])
{
	const char *directory = text("%s/mail", site->state);
	struct mail_found found[MAIL_MAX];
	struct dirent *entry;
	size_t count = 0;
	DIR *walk = opendir(directory);

	while (walk != NULL && count < MAIL_MAX && (entry = readdir(walk)) != NULL) {
		if (entry->d_name[0] != '.' &&
		    mail_read(text("%s/%s", directory, entry->d_name), address, &found[count]))
			count++;
	}
	if (walk != NULL)
		closedir(walk);
	qsort(found, count, sizeof(found[0]), mail_older);
	for (size_t i = 0; i < count; i++)
		mails[i] = found[i].mail;
	return count;
}

size_t
mail_waiting(const struct site *site, const char *address)
{
	return (size_t)atoi(site_sql(site,
	    "SELECT count(*) FROM outbox WHERE recipient = %Q AND state = 'waiting'", address));
}

struct mail
mail_wait(const struct site *site, const char *address, size_t count)
{
	struct mail mails[MAIL_MAX];
	double until = storm_seconds() + MAIL_PATIENCE;
	size_t got;

	while (mail_to(site, address, mails) < count && storm_seconds() < until)
		storm_rest(20);
	while (mail_waiting(site, address) > 0 && storm_seconds() < until)
		storm_rest(20);
	storm_rest(MAIL_QUIET);
	got = mail_to(site, address, mails);
	if (got != count) {
		fprintf(stderr, "%s", site_log_end(site));
		ck_abort_msg("%zu mails came to %s, not %zu", got, address, count);
	}
	return count == 0 ? (struct mail){ "", "", "" } : mails[count - 1];
}

const char *
mail_token(const struct site *site, const struct mail *mail, const char *page)
{
	const char *link = text("\n%s/auth/%s?token=", site->url, page);
	const char *place = strstr(mail->text, link);
	const char *token;

	ck_assert_msg(place != NULL, "no link to %s in: %.2000s", page, mail->text);
	place += strlen(link);
	token = text("%.*s", (int)strcspn(place, "\r\n \"<"), place);
	ck_assert_uint_eq(strlen(token), 43);
	return token;
}

/* ------------------------------------------------------------------ a mail server */

/* Where the newest server puts what it takes. */
static char relay_directory[192];

void
relay_serve(const struct site *site)
{
	const char *place = text("%s/mail", site->state);

	if (unlink(place) != 0)
		rmdir(place);
	ck_assert_int_eq(symlink(relay_directory, place), 0);
}

static _Noreturn void
relay_exec(int port, const char *options, int in, int out)
{
	char script[] = "tests/mail/smtp_server.py", python[] = "/usr/bin/python3";
	char port_option[] = "--port", number[16], *copy = strdup(options), *rest = copy;
	char *argv[RELAY_WORDS + 5] = { python, script, relay_directory, port_option, number };
	size_t count = 5;

	snprintf(number, sizeof(number), "%d", port);
	while (rest != NULL && count < RELAY_WORDS + 4) {
		argv[count] = strsep(&rest, "|");
		count += argv[count][0] != '\0';
	}
	argv[count] = NULL;
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execv(python, argv);
	_exit(127);
}

struct relay
relay_start(const struct site *site, int port, const char *options)
{
	struct relay relay = { 0 };
	int in[2], out[2];
	char line[64] = "";
	FILE *ready;

	/* The site's directory is removed however the test ends. */
	snprintf(relay_directory, sizeof(relay_directory), "%s/yett-relay-XXXXXX",
	    site == NULL ? "/tmp" : site->directory);
	if (mkdtemp(relay_directory) == NULL || pipe2(in, O_CLOEXEC) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0)
		exit(EXIT_FAILURE);
	relay.pid = fork();
	if (relay.pid == 0)
		relay_exec(port, options, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	relay.in = in[1];
	ready = fdopen(out[0], "r");
	if (ready == NULL || fgets(line, sizeof(line), ready) == NULL ||
	    sscanf(line, "ready %d", &relay.port) != 1) {
		fprintf(stderr, "tests/mail/smtp_server.py does not start (python3-aiosmtpd, see "
				"tools/packages)\n");
		exit(EXIT_FAILURE);
	}
	fclose(ready);
	if (site != NULL)
		relay_serve(site);
	return relay;
}

void
relay_wait_for_hang(void)
{
	const char *file = text("%s/hangs", relay_directory);
	double until = storm_seconds() + MAIL_PATIENCE;

	while (access(file, F_OK) != 0 && storm_seconds() < until)
		storm_rest(20);
	ck_assert_msg(access(file, F_OK) == 0, "nobody has come to the mail server");
}

void
relay_let_go(void)
{
	FILE *file = fopen(text("%s/go", relay_directory), "w");

	ck_assert_ptr_nonnull(file);
	fclose(file);
}

void
relay_stop(struct relay *relay)
{
	kill(relay->pid, SIGKILL);
	waitpid(relay->pid, NULL, 0);
	close(relay->in);
	relay->pid = 0;
	rmdir(relay_directory); /* of one that has taken nothing */
}
