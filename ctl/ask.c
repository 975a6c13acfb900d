/* Questions to the operator. Answers that are secret go past stdio, whose buffers stay behind. */
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "auth/policy.h"
#include "base/text.h"
#include "ctl.h"

#define ASK_PASSWORD_MAX 128 /* characters, as over HTTP */

static const int ask_signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP };
#define ASK_SIGNALS (sizeof(ask_signals) / sizeof(ask_signals[0]))

static volatile sig_atomic_t ask_signal;

static void
ask_caught(int number)
{
	ask_signal = number;
}

bool
ask_possible(const struct ctl *ctl)
{
	return arguments_option(ctl, "--yes") == NULL && isatty(STDIN_FILENO) &&
	       isatty(STDERR_FILENO);
}

/* The next byte of standard input; signals outside "mask" come through while it waits. */
static ssize_t
ask_byte(char *byte, const sigset_t *mask)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	if (mask != NULL && ppoll(&input, 1, NULL, mask) < 0)
		return -1;
	return read(STDIN_FILENO, byte, 1);
}

/* Reads up to the end of the line, byte by byte, so that nothing of it is kept elsewhere. */
static bool
ask_read(char *line, size_t size, size_t *len, const sigset_t *mask)
{
	bool fits = true;
	char byte;
	ssize_t got;

	*len = 0;
	while ((got = ask_byte(&byte, mask)) == 1 && byte != '\n') {
		if (*len + 1 < size)
			line[(*len)++] = byte;
		else
			fits = false;
	}
	line[*len] = '\0';
	byte = '\0';
	return fits && (got == 1 || (got == 0 && *len > 0));
}

bool
ask_line(const char *question, char *line, size_t size)
{
	size_t len;

	fflush(stdout);
	fprintf(stderr, "%s", question);
	return ask_read(line, size, &len, NULL) && strlen(line) == len;
}

bool
ask_yes(const char *question, bool preset)
{
	char line[16];
	struct span answer;

	fflush(stdout);
	fprintf(stderr, "%s [%s] ", question, preset ? "Y/n" : "y/N");
	if (!ask_line("", line, sizeof(line)))
		return false;
	answer = span_trim(span_of(line));
	if (answer.len == 0)
		return preset;
	return span_equal_nocase(answer, SPAN("y")) || span_equal_nocase(answer, SPAN("yes"));
}

/* Catches the signals that end or stop a process, and holds them back outside ppoll. */
static void
ask_catch(struct sigaction *before, sigset_t *mask)
{
	struct sigaction catch = { .sa_handler = ask_caught };
	sigset_t held;

	ask_signal = 0;
	sigemptyset(&held);
	for (size_t i = 0; i < ASK_SIGNALS; i++) {
		sigaddset(&held, ask_signals[i]);
		sigaction(ask_signals[i], &catch, &before[i]);
	}
	sigprocmask(SIG_BLOCK, &held, mask);
}

static void
ask_release(const struct sigaction *before, const sigset_t *mask)
{
	for (size_t i = 0; i < ASK_SIGNALS; i++)
		sigaction(ask_signals[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (ask_signal != 0)
		raise(ask_signal);
}

/* Reads a line that is not shown. A signal gives the terminal its echo back before it acts. */
static bool
ask_hidden(const char *question, struct secret *answer)
{
	struct sigaction before[ASK_SIGNALS];
	struct termios shown, hidden;
	sigset_t mask;
	bool read;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return false;
	ask_catch(before, &mask);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* Hidden first: what is typed at the sight of the question is neither shown nor lost. */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fputs(question, stderr);
	read = ask_read(answer->bytes, sizeof(answer->bytes), &answer->len, &mask);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	if (ask_signal != 0)
		secret_wipe(answer);
	ask_release(before, &mask);
	return read;
}

static bool
ask_again(const struct secret *password)
{
	struct secret again = { 0 };
	bool same = ask_hidden("Once more: ", &again) &&
		    secret_equal(secret_span(password), secret_span(&again));

	secret_wipe(&again);
	return same;
}

static enum ctl_exit
ask_twice(bool may_invite, struct secret *password)
{
	if (may_invite)
		fputs("Without a password, a link to set one is mailed to the address.\n", stderr);
	if (!ask_hidden("New password: ", password))
		return ctl_refuse("no password was given, or one that is too long");
	if ((!may_invite || password->len > 0) && !ask_again(password))
		return ctl_refuse("the two passwords differ; nothing was changed");
	return CTL_DONE;
}

/* All reasons in one line. */
static enum ctl_exit
ask_judge(const struct ctl *ctl, struct span password, struct span email, struct span username)
{
	unsigned reasons = 0;
	char line[1024] = "";
	size_t len = 0;

	if (!text_is_utf8(password) || text_has_control(password))
		return ctl_refuse("the password is refused: it must be UTF-8 without control "
				  "characters");
	if (text_length(password) > ASK_PASSWORD_MAX)
		return ctl_refuse(
		    "the password is refused: it is longer than %d characters", ASK_PASSWORD_MAX);
	reasons = policy_judge(&ctl->config->password, password, email, username);
	for (unsigned i = 0; i < POLICY_REASONS && len < sizeof(line); i++) {
		if ((reasons & 1u << i) != 0)
			len += (size_t)snprintf(
			    line + len, sizeof(line) - len, " %s", policy_sentence(i));
	}
	return reasons == 0 ? CTL_DONE : ctl_refuse("the password is refused:%s", line);
}

enum ctl_exit
ask_password(struct ctl *ctl, struct span email, struct span username, bool may_invite,
    struct secret *password)
{
	enum ctl_exit status = CTL_DONE;

	if (arguments_option(ctl, "--password-stdin") != NULL) {
		if (!ask_read(password->bytes, sizeof(password->bytes), &password->len, NULL))
			status = ctl_refuse("standard input holds no password in its first line, "
					    "or one that is too long");
	} else if (ask_possible(ctl)) {
		status = ask_twice(may_invite, password);
	} else if (!may_invite) {
		status = ctl_refuse("a password is needed: use --password-stdin, or run this on a "
				    "terminal");
	}
	if (status == CTL_DONE &&
	    (!may_invite || password->len > 0 || arguments_option(ctl, "--password-stdin") != NULL))
		status = ask_judge(ctl, secret_span(password), email, username);
	if (status != CTL_DONE)
		secret_wipe(password);
	return status;
}
