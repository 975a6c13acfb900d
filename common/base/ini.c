#include "base/ini.h"

#include "base/config.h"
#include "base/text.h"

#define INI_TEXT(number) INI_TEXT_OF(number)
#define INI_TEXT_OF(number) #number

static enum rc
ini_broken(struct ini_line *line, const char *why)
{
	line->kind = INI_BROKEN;
	line->name = SPAN_NONE;
	line->value = span_of(why);
	return RC_OK;
}

/* A tab is the one control character that a line may have. */
static bool
ini_has_control(struct span content)
{
	while (content.len > 0) {
		if (text_has_control(span_cut(&content, '\t')))
			return true;
	}
	return false;
}

/* What makes a line unreadable whatever is in it; NULL when nothing does. */
static const char *
ini_fault(struct span content, size_t number)
{
	if (content.len > CONFIG_LINE_MAX)
		return "longer than " INI_TEXT(CONFIG_LINE_MAX) " bytes, shorten it";
	if (!text_is_utf8(content))
		return "not UTF-8, save the file as UTF-8";
	if (number == 1 && span_starts(content, SPAN("\xEF\xBB\xBF")))
		return "a byte order mark, save the file without it";
	if (ini_has_control(content))
		return "a control character, remove it";
	return NULL;
}

static enum rc
ini_section(struct span content, struct ini_line *line)
{
	struct span rest = span_after(content, 1);
	const char *end = memchr(content.data, ']', content.len);
	struct span inner;
	size_t name = 0;

	if (end == NULL)
		return ini_broken(line, "a section without ']', add it");
	inner = span_trim(span_cut(&rest, ']'));
	if (span_trim(rest).len > 0)
		return ini_broken(line, "text after ']', remove it");
	if (inner.len == 0)
		return ini_broken(line, "a section without a name, give it one");
	while (name < inner.len && inner.data[name] != ' ' && inner.data[name] != '\t')
		name++;
	line->kind = INI_SECTION;
	line->name = (struct span){ inner.data, name };
	line->value = span_trim(span_after(inner, name));
	return RC_OK;
}

static enum rc
ini_setting(struct span content, struct ini_line *line)
{
	struct span value = content;
	struct span key = span_trim(span_cut(&value, '='));

	if (memchr(content.data, '=', content.len) == NULL)
		return ini_broken(
		    line, "neither a section, a setting nor a comment, write KEY = VALUE");
	if (key.len == 0)
		return ini_broken(line, "a setting without a key, write KEY = VALUE");
	line->kind = INI_SETTING;
	line->name = key;
	line->value = span_trim(value);
	return RC_OK;
}

enum rc
ini_next(struct span *rest, size_t *number, struct ini_line *line)
{
	struct span all = *rest, content;
	const char *fault;

	if (all.len == 0)
		return RC_NO;
	content = span_cut(rest, '\n');
	*line = (struct ini_line){ .kind = INI_BLANK, .number = ++*number };
	line->whole = (struct span){ all.data, all.len - rest->len };
	if (line->whole.len > content.len && content.len > 0 &&
	    content.data[content.len - 1] == '\r')
		content.len--;

	fault = ini_fault(content, *number);
	if (fault != NULL)
		return ini_broken(line, fault);
	if (span_trim(content).len == 0 || strchr(";#", *span_trim(content).data) != NULL)
		return RC_OK;
	if (content.data[0] == ' ' || content.data[0] == '\t')
		return ini_broken(line, "white space before the text, remove it");
	return content.data[0] == '[' ? ini_section(content, line) : ini_setting(content, line);
}
