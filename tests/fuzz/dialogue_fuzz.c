/* Lines of the input that begin with '>' are the client's, others the server's. Whatever they are,
 * the reply is one clean line, and what is shown holds no control characters and no login. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "mail/dialogue.h"
#include "mail/reason.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_line(const char *line, size_t size)
{
	struct span text = span_of(line);

	MUST(text.len < size && text_is_utf8(text) && !text_has_control(text));
	MUST(text.len == 0 || (line[0] != ' ' && line[text.len - 1] != ' '));
	MUST(strstr(line, "  ") == NULL);
}

static void
fuzz_reason(struct span text)
{
	char line[64];

	for (size_t size = 1; size <= sizeof(line); size *= 2) {
		reason_line(line, size, text);
		fuzz_line(line, size);
		reason_add(line, size, text);
		fuzz_line(line, size);
	}
}

static void
fuzz_shown(struct span shown)
{
	while (shown.len > 0) {
		struct span line = span_cut(&shown, '\n');

		MUST(shown.data != NULL && text_is_utf8(line) && !text_has_control(line));
		MUST(span_starts(line, SPAN("> ")) || span_starts(line, SPAN("< ")));
	}
}

/* Says a line, and looks at what was shown of it. */
static void
fuzz_sent(struct dialogue *dialogue, struct span line)
{
	bool secret = dialogue->secret;
	long before = ftell(dialogue->shown);

	dialogue_sent(dialogue, line);
	if (secret)
		MUST(ftell(dialogue->shown) - before == (long)sizeof("> (secret)\n") - 1);
	else if (dialogue->secret)
		MUST(ftell(dialogue->shown) - before == (long)sizeof("> AUTH ...\n") - 1);
	MUST(!secret || dialogue->secret);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct dialogue dialogue = { 0 };
	char *text = NULL;
	size_t len = 0;

	fuzz_reason(rest);
	dialogue.shown = open_memstream(&text, &len);
	MUST(dialogue.shown != NULL);
	while (rest.len > 0) {
		struct span line = span_cut(&rest, '\n');

		if (line.len > 0 && line.data[0] == '>')
			fuzz_sent(&dialogue, span_after(line, 1));
		else
			dialogue_heard(&dialogue, line);
		fuzz_line(dialogue.reply, sizeof(dialogue.reply));
		MUST(
		    dialogue.stage < DIALOGUE_STAGES && dialogue.code >= 0 && dialogue.code <= 999);
		MUST(dialogue_answer(&dialogue) != RC_OK && dialogue_about(&dialogue) != NULL);
		MUST(dialogue_answer(&dialogue) != RC_NO || dialogue.code / 100 == 5);
	}
	fclose(dialogue.shown);
	fuzz_shown((struct span){ text, len });
	free(text);
	return 0;
}
