/* --help, from the table of commands. */
#include "ctl.h"

#define HELP_COLUMNS 78

/* The first sentence stands in the list of all; the others follow in a command's own help. */
static size_t
help_sentence(const char *text)
{
	const char *end = strstr(text, ". ");

	return end == NULL ? strlen(text) : (size_t)(end - text) + 1;
}

/* Prints words, broken between them, each line indented. */
static void
help_wrap(FILE *out, const char *indent, const char *text, size_t len)
{
	struct span rest = { text, len };
	size_t column = 0;

	while (rest.len > 0) {
		struct span word = span_cut(&rest, ' ');

		if (column > 0 && column + 1 + word.len > HELP_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		fputs(column == 0 ? indent : " ", out);
		column += (column == 0 ? strlen(indent) : 1) + word.len;
		fwrite(word.data, 1, word.len, out);
	}
	fputc('\n', out);
}

static void
help_line(const struct command *command, FILE *out)
{
	const char *bold = ctl_colours(out) ? "\033[1m" : "";
	const char *plain = ctl_colours(out) ? "\033[0m" : "";

	fprintf(out, "  %s%s%s%s%s\n", bold, command->name, plain,
	    command->arguments[0] == '\0' ? "" : " ", command->arguments);
	help_wrap(out, "      ", command->text, help_sentence(command->text));
}

static void
help_common(FILE *out)
{
	fputs("\nEverywhere:\n"
	      "  --state DIR  the state directory; else YETT_STATE, else ../state or state\n"
	      "               beside yettctl, else ./state\n"
	      "  --yes        ask nothing\n"
	      "  --help       help, also for one command\n"
	      "\nExit status: 0 done, 1 refused or not found, 2 usage. Run by root, yettctl works\n"
	      "as the owner of the state directory.\n",
	    out);
}

void
help_all(FILE *out)
{
	fputs("usage: yettctl [--state DIR] [--yes] COMMAND\n\n", out);
	for (size_t i = 0; i < command_count; i++)
		help_line(&commands[i], out);
	help_common(out);
}

void
help_command(const struct command *command, FILE *out)
{
	fprintf(out, "usage: yettctl [--state DIR] [--yes] %s%s%s\n\n", command->name,
	    command->arguments[0] == '\0' ? "" : " ", command->arguments);
	help_wrap(out, "", command->text, strlen(command->text));
}

bool
help_group(const char *word, FILE *out)
{
	size_t len = strlen(word), count = 0;

	for (size_t i = 0; i < command_count; i++) {
		if (strncmp(commands[i].name, word, len) != 0 || commands[i].name[len] != ' ')
			continue;
		if (count++ == 0)
			fprintf(out, "usage: yettctl [--state DIR] [--yes] %s ...\n\n", word);
		help_line(&commands[i], out);
	}
	return count > 0;
}
