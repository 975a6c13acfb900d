#include "listing.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ctl.h"

#define LISTING_ROW_MAX ((size_t)16 << 20)

void
listing_begin(struct listing *listing, const struct column *columns, bool json)
{
	*listing = (struct listing){ .columns = columns, .json = json };
	listing->row = BUF_INIT(LISTING_ROW_MAX);
	if (json) {
		fputc('[', stdout);
		return;
	}
	fputs(ctl_colours(stdout) ? "\033[1m" : "", stdout);
	for (; columns->name != NULL; columns++) {
		ctl_text(stdout, span_of(columns->name), columns->width);
		fputs(columns[1].name == NULL ? "" : "  ", stdout);
	}
	fputs(ctl_colours(stdout) ? "\033[0m\n" : "\n", stdout);
}

void
listing_begin_one(struct listing *listing, const struct column *columns, bool json)
{
	*listing = (struct listing){ .columns = columns, .json = json, .alone = true };
	listing->row = BUF_INIT(LISTING_ROW_MAX);
}

/* Before a cell; true when it goes to the JSON object. */
static bool
listing_open(struct listing *listing)
{
	if (listing->json && listing->at == 0) {
		buf_clear(&listing->row);
		buf_char(&listing->row, '{');
	}
	if (!listing->json && listing->alone) {
		ctl_text(stdout, span_of(listing->columns[listing->at].name), 0);
		fputs(": ", stdout);
	}
	return listing->json;
}

static void
listing_row_end(struct listing *listing)
{
	struct span row;

	listing->at = 0;
	listing->rows++;
	if (!listing->json) {
		fputc('\n', stdout);
		return;
	}
	buf_char(&listing->row, '}');
	row = buf_span(&listing->row);
	if (!listing->alone)
		fputs(listing->rows > 1 ? ",\n " : "\n ", stdout);
	fwrite(row.data, 1, row.len, stdout);
}

static void
listing_close(struct listing *listing)
{
	if (listing->columns[++listing->at].name == NULL)
		listing_row_end(listing);
	else if (!listing->json)
		fputs(listing->alone ? "\n" : "  ", stdout);
}

/* A table's cell: padded, except where nothing follows. */
static void
listing_cell(struct listing *listing, struct span text)
{
	ctl_text(stdout, text, listing->alone ? 0 : listing->columns[listing->at].width);
}

static const char *
listing_name(const struct listing *listing)
{
	return listing->columns[listing->at].name;
}

void
listing_text(struct listing *listing, struct span text)
{
	if (!text_is_utf8(text))
		text = SPAN("(not UTF-8)");
	if (listing_open(listing))
		json_put_text(&listing->row, listing_name(listing), text);
	else
		listing_cell(listing, text.data == NULL ? SPAN("-") : text);
	listing_close(listing);
}

void
listing_number(struct listing *listing, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	if (listing_open(listing))
		json_put_number(&listing->row, listing_name(listing), number);
	else
		listing_cell(listing, span_of(text));
	listing_close(listing);
}

void
listing_time(struct listing *listing, int64_t wall)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(wall, text);
	if (listing_open(listing))
		json_put_time(&listing->row, listing_name(listing), wall);
	else
		listing_cell(listing, span_of(text));
	listing_close(listing);
}

void
listing_bool(struct listing *listing, bool value)
{
	if (listing_open(listing))
		json_put_bool(&listing->row, listing_name(listing), value);
	else
		listing_cell(listing, value ? SPAN("yes") : SPAN("no"));
	listing_close(listing);
}

void
listing_texts(struct listing *listing, const struct span *texts, size_t count)
{
	if (listing_open(listing)) {
		json_put_name(&listing->row, listing_name(listing));
		buf_char(&listing->row, '[');
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				buf_char(&listing->row, ',');
			json_put_string(&listing->row, texts[i]);
		}
		buf_char(&listing->row, ']');
	} else {
		for (size_t i = 0; i < count; i++) {
			fputs(i > 0 ? " " : "", stdout);
			ctl_text(stdout, texts[i], 0);
		}
		fputs(count == 0 ? "-" : "", stdout);
	}
	listing_close(listing);
}

void
listing_end(struct listing *listing)
{
	if (listing->json)
		fputs(listing->alone ? "\n" : listing->rows > 0 ? "\n]\n" : "]\n", stdout);
	buf_free(&listing->row);
}
