#include "mail/dialogue.h"

#include "base/text.h"
#include "mail/reason.h"

enum {
	REPLY_NEEDS_LOGIN = 530,
	REPLY_LOGIN_TOO_WEAK = 534,
	REPLY_LOGIN_REFUSED = 535,
	REPLY_LOGIN_NEEDS_TLS = 538,
	REPLY_SIGNED_IN = 235,
	REPLY_CODE_DIGITS = 3
};

static const struct {
	struct span word;
	enum dialogue_stage stage;
} dialogue_commands[] = {
	{ SPAN_INIT("EHLO"), DIALOGUE_HELLO },
	{ SPAN_INIT("HELO"), DIALOGUE_HELLO },
	{ SPAN_INIT("STARTTLS"), DIALOGUE_TLS },
	{ SPAN_INIT("AUTH"), DIALOGUE_LOGIN },
	{ SPAN_INIT("MAIL"), DIALOGUE_MAIL },
	{ SPAN_INIT("RCPT"), DIALOGUE_RCPT },
	{ SPAN_INIT("DATA"), DIALOGUE_DATA },
};

static const char *const dialogue_words[] = {
	[DIALOGUE_CONNECT] = "the server answered",
	[DIALOGUE_HELLO] = "the server answered the greeting",
	[DIALOGUE_TLS] = "the server answered STARTTLS",
	[DIALOGUE_LOGIN] = "the login was answered",
	[DIALOGUE_MAIL] = "the sender was answered",
	[DIALOGUE_RCPT] = "the recipient was answered",
	[DIALOGUE_DATA] = "the message was answered",
};
_Static_assert(
    sizeof(dialogue_words) / sizeof(dialogue_words[0]) == DIALOGUE_STAGES, "words for every stage");

static void
dialogue_show(const struct dialogue *dialogue, const char *who, struct span line)
{
	if (dialogue->shown == NULL)
		return;
	fputs(who, dialogue->shown);
	while (line.len > 0) {
		struct span point = line;
		bool bad = text_next(&line) < 0;

		point.len -= line.len;
		if (!bad && !text_has_control(point)) {
			fwrite(point.data, 1, point.len, dialogue->shown);
			continue;
		}
		for (size_t i = 0; i < point.len; i++)
			fprintf(dialogue->shown, "\\x%02x", (unsigned)(unsigned char)point.data[i]);
	}
	fputc('\n', dialogue->shown);
}

static struct span
dialogue_line(struct span line)
{
	line = span_cut(&line, '\n');
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void
dialogue_enter(struct dialogue *dialogue, enum dialogue_stage stage, struct span line)
{
	struct span wanted = SPAN(" SMTPUTF8");

	dialogue->stage = stage;
	dialogue->code = 0;
	dialogue->more = false;
	dialogue->reply[0] = '\0';
	dialogue->secret = stage == DIALOGUE_LOGIN;
	if (stage == DIALOGUE_MAIL)
		dialogue->international =
		    memmem(line.data, line.len, wanted.data, wanted.len) != NULL;
	dialogue_show(dialogue, "> ", dialogue->secret ? SPAN("AUTH ...") : line);
}

void
dialogue_sent(struct dialogue *dialogue, struct span line)
{
	struct span rest = line = dialogue_line(line);
	struct span word = span_cut(&rest, ' ');

	if (dialogue->secret) {
		dialogue_show(dialogue, "> ", SPAN("(secret)"));
		return;
	}
	for (size_t i = 0; i < sizeof(dialogue_commands) / sizeof(dialogue_commands[0]); i++) {
		if (span_equal_nocase(word, dialogue_commands[i].word)) {
			dialogue_enter(dialogue, dialogue_commands[i].stage, line);
			return;
		}
	}
	dialogue->over = dialogue->over || span_equal_nocase(word, SPAN("QUIT"));
	/* Of what is not known, nothing is shown either. */
	dialogue_show(dialogue, "> ", dialogue->over ? SPAN("QUIT") : SPAN("(secret)"));
}

/* The code that a line of a reply begins with; 0 for what is none. */
static int
dialogue_code(struct span line)
{
	int code = 0;

	if (line.len < REPLY_CODE_DIGITS ||
	    (line.len > REPLY_CODE_DIGITS && strchr(" -", line.data[REPLY_CODE_DIGITS]) == NULL))
		return 0;
	for (size_t i = 0; i < REPLY_CODE_DIGITS; i++) {
		if (line.data[i] < '0' || line.data[i] > '9')
			return 0;
		code = code * 10 + (line.data[i] - '0');
	}
	return code;
}

void
dialogue_heard(struct dialogue *dialogue, struct span line)
{
	int code = dialogue_code(line = dialogue_line(line));

	dialogue_show(dialogue, "< ", line);
	if (code == 0 || dialogue->over)
		return;
	if (dialogue->more)
		reason_add(dialogue->reply, sizeof(dialogue->reply),
		    span_after(
			line, line.len == REPLY_CODE_DIGITS ? line.len : REPLY_CODE_DIGITS + 1));
	else
		reason_line(dialogue->reply, sizeof(dialogue->reply), line);
	dialogue->more = line.len > REPLY_CODE_DIGITS && line.data[REPLY_CODE_DIGITS] == '-';
	if (dialogue->more)
		return;
	dialogue->code = code;
	if (dialogue->secret && code / 100 != 3) {
		dialogue->secret = false;
		dialogue->signed_in = code == REPLY_SIGNED_IN;
	}
}

bool
dialogue_is_good(const struct dialogue *dialogue)
{
	return dialogue->code / 100 == 2;
}

/* "550 5.7.1 ...", or "550-5.7.1 ..." where more lines follow. */
static bool
dialogue_is_policy(const struct dialogue *dialogue)
{
	const char *rest = dialogue->reply + REPLY_CODE_DIGITS;

	return (rest[0] == ' ' || rest[0] == '-') && strncmp(rest + 1, "5.7.", 4) == 0;
}

enum rc
dialogue_answer(const struct dialogue *dialogue)
{
	bool refused = dialogue->code / 100 == 5;

	switch (dialogue->code) {
	case REPLY_NEEDS_LOGIN:
	case REPLY_LOGIN_TOO_WEAK:
	case REPLY_LOGIN_REFUSED:
	case REPLY_LOGIN_NEEDS_TLS:
		return RC_INTERNAL;
	default:
		break;
	}
	/* It is mail.from or the login that the server does not like, not this message. */
	if (refused && (dialogue->stage == DIALOGUE_LOGIN || dialogue->stage == DIALOGUE_MAIL))
		return RC_INTERNAL;
	/* So it does where the server says "security or policy" (RFC 3463 section 3.8): it relays
	 * nothing for us, or for this sender. */
	if (refused && dialogue->stage == DIALOGUE_RCPT && dialogue_is_policy(dialogue))
		return RC_INTERNAL;
	/* Before that, it is about this client. */
	return refused && dialogue->stage > DIALOGUE_MAIL ? RC_NO : RC_UNAVAILABLE;
}

const char *
dialogue_about(const struct dialogue *dialogue)
{
	return dialogue_words[dialogue->stage];
}
