/* The configuration as text: the effective values, and the file that init writes. */
#include "base/config_rows.h"
#include "base/text.h"

static void
config_print_setting(const struct config_row *row, const void *slot, FILE *to)
{
	fprintf(to, "%s = ", row->key);
	config_value_print(row, slot, to);
	fputc('\n', to);
}

static void
config_print_backend(const struct backend_config *backend, FILE *to)
{
	fprintf(to, "\n[backend %s]\n", backend->name);
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		if (config_rows[i].part == PART_backend)
			config_print_setting(
			    &config_rows[i], config_row_backend_slot(&config_rows[i], backend), to);
	}
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		if (config_row_applies(&config_rows[i], backend))
			config_print_setting(
			    &config_rows[i], config_row_backend_slot(&config_rows[i], backend), to);
	}
}

void
config_print(const struct config *config, FILE *to)
{
	const struct config_row *require = config_row_find(PART_protect, SPAN("require"));
	enum config_part_id part = CONFIG_PARTS;

	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (config_parts[row->part].in_config == CONFIG_NOWHERE)
			continue;
		if (row->part != part)
			fprintf(to, "%s[%s]\n", part == CONFIG_PARTS ? "" : "\n",
			    config_parts[row->part].name);
		part = row->part;
		config_print_setting(row, config_row_slot(row, config), to);
	}
	for (size_t i = 0; i < config->backend_count; i++)
		config_print_backend(&config->backends[i], to);
	for (size_t i = 0; i < config->protect_count; i++) {
		fprintf(to, "\n[protect %s]\n", config->protects[i].path);
		config_print_setting(require, &config->protects[i].require, to);
	}
}

static const char config_template_head[] =
    "; The settings of this site. Lines that begin with ';' or '#' are comments. A setting that "
    "is\n"
    "; commented out shows its default; take the ';' away in front of the key to change it.\n"
    "; Durations: 400ms, 10s, 15m, 1h, 30d. Sizes: 64, 512KiB, 19MiB. Lists: words separated by\n"
    "; spaces. A change holds from the next start of a process; yettctl doctor looks it over.\n";

static const char config_template_tail[] =
    "\n; Backends, in the order in which they are tried; the first is at {auth}/login, the others "
    "are\n"
    "; at {auth}/NAME/login. transport: bearer or cookie. strategy: jwt or database. Keys of "
    "[jwt],\n"
    "; [database] and [cookie] may stand here too and then hold for this backend alone.\n"
    "[backend api]\n"
    "transport = bearer\n"
    "strategy = jwt\n"
    "\n"
    "[backend web]\n"
    "transport = cookie\n"
    "strategy = database\n"
    "\n"
    "; Who may pass the guard under a path: none, authenticated, active, verified, superuser,\n"
    "; any-role ROLE..., all-roles ROLE... The longest path wins; authenticated where none fits.\n"
    ";[protect /members]\n"
    ";require = verified\n";

static void
config_template_setting(struct buf *out, const struct config_row *row, const char *url)
{
	bool is_url = row->part == PART_site && strcmp(row->key, "url") == 0;
	bool insecure = row->part == PART_cookie && strcmp(row->key, "secure") == 0 &&
			strncasecmp(url, "http:", 5) == 0;
	const char *value = is_url ? url : insecure ? "off" : row->preset;

	buf_text(out, "\n; ");
	buf_text(out, row->words);
	buf_text(out, is_url || insecure ? "\n" : "\n;");
	buf_text(out, row->key);
	buf_text(out, value[0] == '\0' ? " =" : " = ");
	buf_text(out, value);
	buf_char(out, '\n');
}

void
config_template(struct buf *out, const char *url)
{
	enum config_part_id part = CONFIG_PARTS;

	/* Such an address would write lines of its own. */
	if (!text_is_utf8(span_of(url)) || text_has_control(span_of(url))) {
		out->failed = true;
		return;
	}
	buf_text(out, config_template_head);
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (config_parts[row->part].in_config == CONFIG_NOWHERE)
			continue;
		if (row->part != part) {
			buf_text(out, "\n; ");
			buf_text(out, config_parts[row->part].words);
			buf_text(out, "\n[");
			buf_text(out, config_parts[row->part].name);
			buf_text(out, "]\n");
		}
		part = row->part;
		config_template_setting(out, row, url);
	}
	buf_text(out, config_template_tail);
}
