#include "page/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <sodium.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/template.h"
#include "base/text.h"

#define QR_QUIET 4 /* modules around the symbol (section 6.3.8) */
#define QR_DARK 1  /* this bit of a module's byte; the others say what it is for */

/* More than is ever drawn: less than 96 KiB for the largest symbol there is, in which every other
 * module is dark, and as much for labels of QR_SVG_MAX, of which a byte can become 6. */
#define QR_DRAWN_MAX (256 * 1024)

/* On the way the library makes copies of the text: as bytes, as bits, as code words, as a symbol
 * under each mask that it tries, and frees them as they are. What it keeps, tables for error
 * correction, tells nothing of the text. */
static enum rc
qr_encode(struct span text, QRecLevel level, QRcode **code)
{
	int error;

	secret_overwrite_freed();
	*code = QRcode_encodeData(
	    (int)text.len, (const unsigned char *)text.data, 0 /* as small as it can be */, level);
	error = errno;
	secret_scrub();
	if (*code != NULL)
		return RC_OK;
	if (error == ERANGE)
		return RC_NO;
	LOG_FAULT(LOG_ERROR, "cannot encode %zu bytes: %s", text.len, strerror(error));
	return error == ENOMEM ? RC_UNAVAILABLE : RC_INTERNAL;
}

static void
qr_free(QRcode *code)
{
	if (code != NULL)
		sodium_memzero(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
}

/* XML 1.0 section 2.2. */
static bool
qr_is_character(int32_t point)
{
	return point >= ' ' ? point != 0xfffe && point != 0xffff
			    : point == '\t' || point == '\n' || point == '\r';
}

static void
qr_put_label(struct buf *svg, struct span label)
{
	while (label.len > 0) {
		struct span rest = label;
		bool good = qr_is_character(text_next(&rest));
		struct span bytes = { label.data, label.len - rest.len };

		template_put_escaped(svg, good ? bytes : SPAN("\xef\xbf\xbd"));
		label = rest;
	}
}

/* One stroke along the middle of each run of dark modules, each from where the last one ended. */
static void
qr_put_path(struct buf *svg, const QRcode *code)
{
	int width = code->width, at_x = -QR_QUIET, at_y = -QR_QUIET;

	for (int y = 0; y < width; y++) {
		const unsigned char *row = code->data + (ptrdiff_t)y * width;

		for (int x = 0, end; x < width; x = end + 1) {
			for (end = x; end < width && (row[end] & QR_DARK) != 0; end++)
				continue;
			if (end == x)
				continue;
			buf_char(svg, 'm');
			buf_number(svg, x - at_x);
			buf_char(svg, ' ');
			buf_number(svg, y - at_y);
			buf_char(svg, 'h');
			buf_number(svg, end - x);
			at_x = end;
			at_y = y;
		}
	}
}

static void
qr_draw(struct buf *svg, const QRcode *code, struct span title, struct span description)
{
	int side = code->width + 2 * QR_QUIET;

	buf_text(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
	buf_number(svg, side);
	buf_char(svg, ' ');
	buf_number(svg, side);
	buf_text(svg, "\" role=\"img\" aria-labelledby=\"qr-title qr-description\" "
		      "shape-rendering=\"crispEdges\"><title id=\"qr-title\">");
	qr_put_label(svg, title);
	buf_text(svg, "</title><desc id=\"qr-description\">");
	qr_put_label(svg, description);
	buf_text(svg, "</desc><rect width=\"");
	buf_number(svg, side);
	buf_text(svg, "\" height=\"");
	buf_number(svg, side);
	buf_text(svg, "\" fill=\"#fff\"/><path stroke=\"#000\" d=\"M0 .5");
	qr_put_path(svg, code);
	buf_text(svg, "\"/></svg>");
}

/* The buffer takes it whole or not at all. */
static enum rc
qr_put_level(
    struct buf *out, struct span text, QRecLevel level, struct span title, struct span description)
{
	struct buf svg = BUF_INIT(QR_DRAWN_MAX);
	QRcode *code;
	enum rc rc;

	rc = qr_encode(text, level, &code);
	if (rc != RC_OK)
		return rc;
	qr_draw(&svg, code, title, description);
	rc = buf_check(&svg);
	if (rc == RC_OK && svg.len >= QR_SVG_MAX)
		rc = RC_NO;
	if (rc == RC_OK) {
		buf_add(out, buf_span(&svg));
		rc = buf_check(out);
	}
	buf_free(&svg);
	qr_free(code);
	return rc;
}

/* Level M, with which a seventh of the symbol may be unreadable, is what there should be; with L,
 * half of that, a long text is a smaller drawing. */
enum rc
qr_put_svg(struct buf *out, struct span text, struct span title, struct span description)
{
	enum rc rc;

	if (text.len > QR_TEXT_MAX || title.len > QR_SVG_MAX ||
	    description.len > QR_SVG_MAX - title.len)
		return RC_NO;
	rc = qr_put_level(out, text, QR_ECLEVEL_M, title, description);
	return rc == RC_NO ? qr_put_level(out, text, QR_ECLEVEL_L, title, description) : rc;
}
