/* The command line, read by the arguments that the table names. */
#include "ctl.h"

#define ARGUMENTS_COMMON "[--state DIR] [--yes] [--help]"

/* The command whose name stands at argv[0..], and how many of them it takes: the longest wins. */
static const struct command *
arguments_command(int argc, char **argv, int *taken)
{
	const struct command *found = NULL;

	*taken = 0;
	for (size_t i = 0; i < command_count; i++) {
		struct span rest = span_of(commands[i].name);
		int count = 0;

		while (rest.len > 0 && count < argc) {
			if (!span_equal(span_cut(&rest, ' '), span_of(argv[count])))
				break;
			count++;
			if (rest.len == 0 && count > *taken) {
				found = &commands[i];
				*taken = count;
			}
		}
	}
	return found;
}

enum arguments_kind { ARGUMENTS_UNKNOWN, ARGUMENTS_FLAG, ARGUMENTS_VALUE };

/* How "[--name]" or "[--name VALUE]" stands in the arguments. */
static enum arguments_kind
arguments_kind_in(const char *arguments, struct span name)
{
	const char *at = arguments;

	while ((at = strstr(at, "[--")) != NULL) {
		at++;
		if (strncmp(at, name.data, name.len) != 0)
			continue;
		if (at[name.len] == ']')
			return ARGUMENTS_FLAG;
		if (at[name.len] == ' ')
			return ARGUMENTS_VALUE;
	}
	return ARGUMENTS_UNKNOWN;
}

static enum arguments_kind
arguments_kind(const struct command *command, struct span name)
{
	enum arguments_kind kind = arguments_kind_in(ARGUMENTS_COMMON, name);

	if (kind == ARGUMENTS_UNKNOWN && command != NULL)
		kind = arguments_kind_in(command->arguments, name);
	return kind;
}

/* Counts the words: those that must and those that may be there. */
static void
arguments_words(const char *arguments, size_t *least, size_t *most)
{
	struct span rest = span_of(arguments);
	bool in_option = false;

	*least = *most = 0;
	while (rest.len > 0) {
		struct span word = span_cut(&rest, ' ');

		if (span_starts(word, SPAN("[--")))
			in_option = true;
		else if (!in_option) {
			*least += word.data[0] != '[';
			*most += 1;
		}
		if (word.data[word.len - 1] == ']')
			in_option = false;
	}
}

/* Takes an option at argv[*at], and its value from there or from the next. */
static enum ctl_exit
arguments_take(struct ctl *ctl, int argc, char **argv, int *at)
{
	struct span rest = span_of(argv[*at]);
	struct ctl_option option = { .name = span_cut(&rest, '='), .value = rest.data };

	switch (arguments_kind(ctl->command, option.name)) {
	case ARGUMENTS_UNKNOWN:
		/* Not shown whole: somebody may have put a secret there. */
		return ctl_usage("%.*s is not understood here; see yettctl %s%s--help",
		    (int)option.name.len, option.name.data,
		    ctl->command == NULL ? "" : ctl->command->name,
		    ctl->command == NULL ? "" : " ");
	case ARGUMENTS_FLAG:
		if (option.value != NULL)
			return ctl_usage(
			    "%.*s takes no value", (int)option.name.len, option.name.data);
		option.value = "";
		break;
	case ARGUMENTS_VALUE:
		if (option.value == NULL && *at + 1 < argc)
			option.value = argv[++*at];
		if (option.value == NULL)
			return ctl_usage(
			    "%.*s needs a value", (int)option.name.len, option.name.data);
		break;
	}
	for (size_t i = 0; i < ctl->option_count; i++) {
		if (span_equal(ctl->options[i].name, option.name))
			return ctl_usage(
			    "%.*s stands twice", (int)option.name.len, option.name.data);
	}
	if (ctl->option_count == CTL_OPTIONS_MAX)
		return ctl_usage("too many options");
	ctl->options[ctl->option_count++] = option;
	return CTL_DONE;
}

/* Options before the command: only the common ones are known there. */
static enum ctl_exit
arguments_leading(struct ctl *ctl, int argc, char **argv, int *at)
{
	enum ctl_exit status = CTL_DONE;

	for (; *at < argc && argv[*at][0] == '-' && status == CTL_DONE; ++*at)
		status = arguments_take(ctl, argc, argv, at);
	return status;
}

static enum ctl_exit
arguments_rest(struct ctl *ctl, int argc, char **argv, int at)
{
	size_t least, most;
	bool only_words = false;
	enum ctl_exit status;

	arguments_words(ctl->command->arguments, &least, &most);
	for (; at < argc; at++) {
		if (!only_words && strcmp(argv[at], "--") == 0) {
			only_words = true;
		} else if (!only_words && argv[at][0] == '-' && argv[at][1] != '\0') {
			status = arguments_take(ctl, argc, argv, &at);
			if (status != CTL_DONE)
				return status;
		} else if (ctl->word_count == most || ctl->word_count == CTL_WORDS_MAX) {
			return ctl_usage("too many words; the arguments of %s are: %s",
			    ctl->command->name, ctl->command->arguments);
		} else {
			ctl->words[ctl->word_count++] = argv[at];
		}
	}
	if (ctl->word_count < least && arguments_option(ctl, "--help") == NULL)
		return ctl_usage("something is missing; the arguments of %s are: %s",
		    ctl->command->name, ctl->command->arguments);
	return CTL_DONE;
}

/* No command of that name: a group's help, or a sentence. */
static enum ctl_exit
arguments_unknown(struct ctl *ctl, int argc, char **argv, int at)
{
	bool help = arguments_option(ctl, "--help") != NULL;

	if (at == argc) {
		help_all(help ? stdout : stderr);
		return help ? CTL_DONE : CTL_USAGE;
	}
	if (at + 1 < argc && strcmp(argv[at + 1], "--help") == 0)
		help = true;
	if ((help || at + 1 == argc) && help_group(argv[at], help ? stdout : stderr))
		return help ? CTL_DONE : CTL_USAGE;
	if (strcmp(argv[at], "help") == 0) {
		help_all(stdout);
		return CTL_DONE;
	}
	if (at + 1 < argc && argv[at + 1][0] != '-')
		return ctl_usage(
		    "there is no command %s %s; see yettctl --help", argv[at], argv[at + 1]);
	return ctl_usage("there is no command %s; see yettctl --help", argv[at]);
}

enum ctl_exit
arguments_read(struct ctl *ctl, int argc, char **argv)
{
	int at = 1, taken = 0;
	enum ctl_exit status = arguments_leading(ctl, argc, argv, &at);

	if (status != CTL_DONE)
		return status;
	ctl->command = arguments_command(argc - at, argv + at, &taken);
	if (ctl->command == NULL)
		return arguments_unknown(ctl, argc, argv, at);
	status = arguments_rest(ctl, argc, argv, at + taken);
	if (status == CTL_DONE && arguments_option(ctl, "--help") != NULL) {
		help_command(ctl->command, stdout);
		ctl->command = NULL;
	}
	return status;
}

const char *
arguments_option(const struct ctl *ctl, const char *name)
{
	for (size_t i = 0; i < ctl->option_count; i++) {
		if (span_equal(ctl->options[i].name, span_of(name)))
			return ctl->options[i].value;
	}
	return NULL;
}
