/* A QR code as SVG (ISO/IEC 18004:2015): what the camera of an authenticator app reads. */
#ifndef YETT_PAGE_QR_H
#define YETT_PAGE_QR_H

#include "base/buf.h"

#define QR_SVG_MAX (16 * 1024) /* bytes; the whole is shorter */
#define QR_TEXT_MAX 858        /* bytes: of a larger symbol the drawing would not fit */

/* Appends an <svg> element that is a document as well: the text in byte mode, with the quiet zone
 * of 4 modules that a reader needs, as large as what it stands in. It has no script, no style, and
 * no address to load. Title and description are read out in its place; what is no character of XML
 * becomes U+FFFD in them. There can be one in a page, because they have ids.
 *
 * The text can be a secret, and so is what is appended then.
 *
 * RC_NO: it would not be shorter than QR_SVG_MAX; a text of up to QR_TEXT_MAX has room beside 500
 * bytes of title and description. RC_INTERNAL: the text is empty. After both nothing was
 * appended. RC_UNAVAILABLE: memory was short, or the buffer is full. */
enum rc qr_put_svg(
    struct buf *, struct span text, struct span title, struct span description) RC_MUST;

#endif
