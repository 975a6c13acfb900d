/* A yett.conf: its lines make up the text; a refusal says why in one line; what is accepted
 * prints as something that is accepted and prints the same, and an edit keeps it acceptable. */
#include <stdint.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_must(bool holds)
{
	if (!holds)
		abort();
}

static void
fuzz_lines(struct span text)
{
	struct span rest = text;
	struct ini_line line;
	size_t number = 0, length = 0, count = 0;

	while (ini_next(&rest, &number, &line) == RC_OK) {
		fuzz_must(line.whole.len > 0 && line.whole.data == text.data + length);
		fuzz_must(line.number == ++count);
		fuzz_must(
		    (line.kind == INI_SECTION || line.kind == INI_SETTING) == (line.name.len > 0));
		length += line.whole.len;
	}
	fuzz_must(length == text.len);
}

static char *
fuzz_print(const struct config *config)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	fuzz_must(to != NULL);
	config_print(config, to);
	fclose(to);
	return text;
}

/* Sets one key of the text; what config_edit accepts is what config_parse accepts. */
static void
fuzz_edit(struct span text, bool accepted)
{
	struct buf out = BUF_INIT(2 * CONFIG_SIZE_MAX);
	struct config_fault fault;
	struct config *config = NULL;
	enum rc rc = config_edit(text, "site", "name", "edited", &out, &fault);

	fuzz_must(!accepted || rc == RC_OK || text.len > CONFIG_SIZE_MAX / 2);
	if (rc == RC_OK) {
		fuzz_must(config_parse(buf_span(&out), "edited", &config, &fault) == RC_OK);
		fuzz_must(strcmp(config->site.name, "edited") == 0);
	}
	config_free(config);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct config_fault fault;
	struct config *config;
	char *first, *second;
	enum rc rc;

	fuzz_lines(text);
	rc = config_parse(text, "given", &config, &fault);
	fuzz_must(rc != RC_INTERNAL && (rc == RC_OK) == (config != NULL));
	fuzz_edit(text, rc == RC_OK);
	if (rc != RC_OK) {
		fuzz_must(fault.text[0] != '\0' && strchr(fault.text, '\n') == NULL);
		return 0;
	}
	fuzz_must(config->backend_count > 0);
	first = fuzz_print(config);
	config_free(config);
	fuzz_must(config_parse(span_of(first), "printed", &config, &fault) == RC_OK);
	second = fuzz_print(config);
	config_free(config);
	fuzz_must(strcmp(first, second) == 0);
	free(first);
	free(second);
	return 0;
}
