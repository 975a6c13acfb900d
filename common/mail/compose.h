/* What mails say: templates in the language of the one who is written to, filled.
 *
 * Built-in templates stand in common/mail/templates/LANGUAGE/KIND.subject, .txt and .html; a file
 * of the same name below templates/mail/ in the state directory takes the place of one, and a
 * directory there adds a language. */
#ifndef YETT_MAIL_COMPOSE_H
#define YETT_MAIL_COMPOSE_H

#include "base/buf.h"
#include "base/config.h"
#include "base/mail.h"

struct mail_templates;

/* Reads and checks all of them, built in or not. RC_NO with *fault (FILE:LINE, what is wrong): an
 * unknown placeholder, a part that is not closed, a subject of several lines, a file that cannot
 * be read or that others may write. The caller frees *out. */
enum rc mail_templates_open(
    struct mail_templates **out, const struct config *, struct config_fault *fault) RC_MUST;
void mail_templates_free(struct mail_templates *);

/* What templates may name. "Not given" leaves a part away. */
struct mail_values {
	struct span site;      /* {{site}}: its name */
	struct span site_url;  /* {{site_url}} */
	struct span recipient; /* {{recipient}}: the address written to */
	struct span link;      /* {{link}}: with its token */
	struct span lifetime;  /* {{lifetime}}: of the link, "1 hour" */
	struct span login;     /* {{login}}: the sign-in page; not given without a cookie backend */
	struct span forgot; /* {{forgot}}: the page for a forgotten password; not given when off */
};

struct mail_content {
	struct buf subject, text, html;
};
#define MAIL_CONTENT_INIT \
	((struct mail_content){ BUF_INIT(1024), BUF_INIT(64 * 1024), BUF_INIT(128 * 1024) })

/* Fills the templates of that kind in the best language that "accept" (an Accept-Language, RFC 9110
 * section 12.5.4; may be empty or nonsense) asks for and that there is, else in English. The
 * caller frees the content. */
enum rc mail_compose(const struct mail_templates *, enum mail_kind, struct span accept,
    const struct mail_values *, struct mail_content *) RC_MUST;
void mail_content_free(struct mail_content *);

#endif
