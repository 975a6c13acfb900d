/* The HTML pages: what stands on each, without a script. */
#ifndef YETT_PAGE_PAGE_H
#define YETT_PAGE_PAGE_H

#include "base/template.h"

enum page {
	PAGE_LOGIN,      /* address or user name, password; links to registration where it is on */
	PAGE_LOGOUT,     /* one button */
	PAGE_REGISTER,   /* address, user name where asked for, password */
	PAGE_REGISTERED, /* what to do next */
	PAGE_PROBLEM,    /* a refusal where there is no form to show again */
	PAGE_VERIFY,     /* one button, which posts the token */
	PAGE_VERIFIED,   /* an address is confirmed, for an account or as its new one */
	PAGE_REQUEST_VERIFY, /* address: send me the link again */
	PAGE_FORGOT,         /* address: send me a link for a new password */
	PAGE_MAIL_SENT,      /* look into your mail; the same whatever happened */
	PAGE_RESET,          /* new password, posted with the token */
	PAGE_RESET_DONE,     /* the password is set, all sessions ended */
	PAGE_CODE,           /* the code of a sign-in */
	PAGE_ENABLE,         /* password: begin to set up a second factor */
	PAGE_ENROL,          /* picture and secret for an app, code to confirm */
	PAGE_RECOVERY,       /* the recovery codes, once */
	PAGE_ENABLED,        /* it is on; links to the two below */
	PAGE_RENEW,          /* password and code: new recovery codes */
	PAGE_DISABLE,        /* code: switch the second factor off */
	PAGE_DISABLED,       /* it is off */
	PAGE_LINK_DEAD,      /* used, expired or wrong; links to get a new one */
	PAGES
};

/* What a page shows; "not given" leaves a part away. Everything is escaped. */
struct page_values {
	struct span site;   /* the site's name */
	struct span action; /* where the form posts to */
	struct span csrf_token;
	struct span next;       /* hidden field */
	struct span identifier; /* typed before, kept */
	struct span username;
	struct span error;               /* a sentence above the form */
	struct span identifier_is_email; /* "yes": the field is an address, else a user name */
	struct span wants_username;      /* "yes": registration asks for a user name too */
	struct span min_length;          /* of a new password, in digits */
	struct span register_link;       /* shown on the login page */
	struct span forgot_link;         /* the same, and on PAGE_LINK_DEAD */
	struct span request_verify_link; /* on PAGE_LINK_DEAD; on PAGE_REGISTERED only where a mail
					    was sent, which it then says */
	struct span token;               /* hidden field of PAGE_VERIFY and PAGE_RESET */
	struct span login_link;          /* shown on the others */
	struct span needs_verification;  /* "yes": PAGE_REGISTERED says that the address must be
					    verified first */
	struct span request_id;          /* PAGE_PROBLEM */
	struct span enable_link;         /* the page that sets up a second factor */
	struct span enrollment_token;    /* hidden field of PAGE_ENROL */
	struct span image;               /* PAGE_ENROL: an address with the picture in it */
	struct span secret;              /* PAGE_ENROL: in groups of four, for typing */
	struct span uri;                 /* PAGE_ENROL: opens an app on the same device */
	struct span codes;               /* PAGE_RECOVERY: one a line */
	struct span codes_renewed;       /* "yes": in place of others */
	struct span account;             /* PAGE_RECOVERY: whose they are, for who prints them */
	struct span renew_link;          /* PAGE_ENABLED */
	struct span disable_link;        /* PAGE_ENABLED */
};

/* Those of common/page/templates/, generated. */
extern const struct template_set page_templates;

/* Appends a whole HTML document. RC_UNAVAILABLE: it does not fit, or memory is short; RC_INTERNAL:
 * a template is broken. What was appended till then is no document. */
enum rc page_put(struct buf *, enum page, const struct page_values *) RC_MUST;

/* The Content-Security-Policy of every page: no script, our one style by its hash, forms to this
 * origin alone, no frames. Computed once. */
const char *page_policy(void);

#endif
