#include "page/factor_view.h"

#include <sodium.h>
#include <stdlib.h>

#define VIEW_GROUP 4
#define VIEW_IMAGE "data:image/svg+xml;base64,"

static void
view_put_line(struct buf *out, struct span text)
{
	if (out->len > 0)
		buf_char(out, '\n');
	for (size_t i = 0; i < text.len; i++) {
		if (i > 0 && i % VIEW_GROUP == 0)
			buf_char(out, ' ');
		buf_char(out, text.data[i]);
	}
}

static enum rc
view_put_image(struct buf *out, struct span svg)
{
	size_t size = sodium_base64_encoded_len(svg.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(size);

	if (text == NULL)
		return RC_UNAVAILABLE;
	sodium_bin2base64(
	    text, size, (const unsigned char *)svg.data, svg.len, sodium_base64_VARIANT_ORIGINAL);
	buf_text(out, VIEW_IMAGE);
	buf_text(out, text);
	sodium_memzero(text, size);
	free(text);
	return buf_check(out);
}

enum rc
factor_view_enrolment(
    struct factor_view *view, struct span uri, struct span secret, struct span site)
{
	enum rc rc = qr_put_svg(
	    &view->svg, uri, site, SPAN("The secret for an authenticator app, as a QR code"));

	if (rc == RC_OK)
		rc = view_put_image(&view->image, buf_span(&view->svg));
	else if (rc == RC_NO)
		rc = RC_OK;
	view_put_line(&view->lines, secret);
	return rc == RC_OK ? buf_check(&view->lines) : rc;
}

enum rc
factor_view_code(struct factor_view *view, struct span code)
{
	view_put_line(&view->lines, code);
	return buf_check(&view->lines);
}

void
factor_view_wipe(struct factor_view *view)
{
	buf_free(&view->svg);
	buf_free(&view->image);
	buf_free(&view->lines);
}
