/* docs/configuration.md, from the same rows that read the file. */
#include "base/config_rows.h"

static const char config_document_head[] =
    "# Configuration\n"
    "\n"
    "This page is generated from `common/base/config.def`.\n"
    "\n"
    "The settings stand in `yett.conf` in the state directory. It is read once, when a process\n"
    "starts. The directory must be closed to other users (0700), the file too (0600), and both\n"
    "must belong to the user who runs the program. Unknown or repeated sections and keys, bad\n"
    "values and settings that contradict each other are refused, with one line that names file,\n"
    "line, section and key. `yettctl config` prints the effective values; `yettctl set\n"
    "SECTION.KEY VALUE` changes one and keeps comments.\n"
    "\n"
    "A line is a section `[name]`, a setting `key = value`, empty, or a comment that begins with\n"
    "`;` or `#`; there are no comments after a value, no quotes and no continued lines. The file\n"
    "is UTF-8, at most 256 KiB, a line at most 4096 bytes. Durations are written `400ms`, `10s`,\n"
    "`15m`, `1h`, `30d`, sizes `64`, `512KiB`, `19MiB`, `1GiB`, lists as words separated by\n"
    "spaces. Where `off` is a duration, `0` means the same.\n";

static const char config_document_backend[] =
    "\n"
    "## [backend NAME]\n"
    "\n"
    "A backend is a name, a transport and a strategy. There must be at least one and can be "
    "eight;\n"
    "they are tried in the order of the file. The first one owns `{auth}/login`, `logout`,\n"
    "`refresh` and `sessions`, every other one the same routes under `{auth}/NAME/`. A name has 1 "
    "to\n"
    "32 of `a-z`, `0-9`, `-`, `_` and is not that of a route or purpose, such as `login` or "
    "`csrf`.\n"
    "\n"
    "| key | default | values | |\n"
    "|---|---|---|---|\n";

static const char config_document_override[] =
    "\n"
    "Keys of other sections may stand here too and then hold for this backend alone, wherever in\n"
    "the file the section itself stands: those of `[cookie]` with the cookie transport, those of\n"
    "`[jwt]` with the jwt strategy, and with both strategies those of `[database]` except `file`,\n"
    "`busy_timeout`, `synchronous` and `journal`, which belong to the one database. Two cookie\n"
    "backends need two cookie names.\n"
    "\n"
    "```ini\n"
    "[backend web]\n"
    "transport = cookie\n"
    "strategy = database\n"
    "idle_lifetime = 12h\n"
    "```\n";

static const char config_document_protect[] =
    "\n"
    "## [protect PATH]\n"
    "\n"
    "What the guard demands under a path. The path is written as it is after decoding: it begins\n"
    "with `/`, has no empty or dot segment, no `%`, `?`, `#` or backslash; a `/` at its end does "
    "not matter.\n"
    "It covers whole segments: `/a` covers `/a`, `/a/` and `/a/x`, not `/ab`. The longest path\n"
    "wins; a path under none needs `authenticated`. There can be 64. Its one key is `require`:\n"
    "\n"
    "| require | who passes |\n"
    "|---|---|\n"
    "| `none` | everybody |\n"
    "| `authenticated` | whoever is signed in and active |\n"
    "| `active` | the same |\n"
    "| `verified` | active users whose address is verified |\n"
    "| `superuser` | active superusers |\n"
    "| `any-role ROLE...` | active users with one of the roles |\n"
    "| `all-roles ROLE...` | active users with all of the roles |\n"
    "\n"
    "```ini\n"
    "[protect /members]\n"
    "require = verified\n"
    "```\n";

static void
config_document_row(const struct config_row *row, FILE *to)
{
	fprintf(to, "| `%s` | ", row->key);
	if (row->preset == NULL)
		fputs("must be given", to);
	else if (row->preset[0] == '\0')
		fputs("empty", to);
	else
		fprintf(to, "`%s`", row->preset);
	fputs(" | ", to);
	config_value_document(row, to);
	fprintf(to, " | %s |\n", row->words);
}

static void
config_document_part(enum config_part_id part, FILE *to)
{
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		if (config_rows[i].part == part)
			config_document_row(&config_rows[i], to);
	}
}

void
config_document(FILE *to)
{
	fputs(config_document_head, to);
	for (int i = 0; i < CONFIG_PARTS; i++) {
		const struct config_part *part = &config_parts[i];

		if (part->in_config == CONFIG_NOWHERE)
			continue;
		fprintf(to, "\n## [%s]\n\n%s%s\n\n", part->name, part->words,
		    part->in_backend == CONFIG_NOWHERE
			? ""
			: " A `[backend NAME]` may have keys of its own from here.");
		fputs("| key | default | values | |\n|---|---|---|---|\n", to);
		config_document_part((enum config_part_id)i, to);
	}
	fputs(config_document_backend, to);
	config_document_part(PART_backend, to);
	fputs(config_document_override, to);
	fputs(config_document_protect, to);
}
