#include "base/mail.h"

#define LIMITED MAIL_LIMITED
#define WARNING MAIL_WARNING
#define NOTICE MAIL_NOTICE

const struct mail_row mail_rows[MAIL_KINDS] = {
#define MAIL(name, kind, share, link, words) [MAIL_KIND_##name] = { kind, share, link },
#include "base/mail.def"
#undef MAIL
};

enum mail_kind
mail_kind_of(struct span name)
{
	int kind = 0;

	while (kind < MAIL_KINDS && !span_equal(name, span_of(mail_rows[kind].kind)))
		kind++;
	return (enum mail_kind)kind;
}
