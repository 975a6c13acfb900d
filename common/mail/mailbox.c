#include "mail/mailbox.h"

#include "base/text.h"

static bool
mailbox_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

bool
mailbox_is_atext(char c)
{
	return mailbox_is_letter(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

bool
mailbox_is_ascii(struct span address)
{
	for (size_t i = 0; i < address.len; i++) {
		if ((unsigned char)address.data[i] >= 0x80)
			return false;
	}
	return true;
}

/* Atoms with single dots between them. */
static bool
mailbox_is_dot_atom(struct span text)
{
	while (text.data != NULL) {
		struct span atom = span_cut(&text, '.');

		if (atom.len == 0)
			return false;
		for (size_t i = 0; i < atom.len; i++) {
			if (!mailbox_is_atext(atom.data[i]))
				return false;
		}
	}
	return true;
}

/* A host's name. Atoms may hold more ("example.org!a"), but no envelope takes that. */
static bool
mailbox_is_host(struct span domain)
{
	for (size_t i = 0; i < domain.len; i++) {
		if (!mailbox_is_letter(domain.data[i]) && strchr("-_.", domain.data[i]) == NULL)
			return false;
	}
	return mailbox_is_dot_atom(domain);
}

/* An address literal: [192.0.2.1], [IPv6:2001:db8::1]. */
static bool
mailbox_is_literal(struct span domain)
{
	if (domain.len < 3 || domain.data[0] != '[' || domain.data[domain.len - 1] != ']')
		return false;
	for (size_t i = 1; i < domain.len - 1; i++) {
		char c = domain.data[i];

		if ((unsigned char)c >= 0x80 || (!mailbox_is_letter(c) && c != ':' && c != '.'))
			return false;
	}
	return true;
}

void
mailbox_put_quoted(struct buf *out, struct span text)
{
	buf_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, text.data[i]);
	}
	buf_char(out, '"');
}

enum rc
mailbox_put(struct buf *out, struct span address)
{
	struct span domain = address, local = span_cut(&domain, '@');
	struct buf quoted = BUF_INIT(MAILBOX_MAX);
	enum rc rc = RC_NO;

	if (local.len == 0 || domain.len == 0 || !text_is_utf8(address) ||
	    text_has_space(address) || (!mailbox_is_host(domain) && !mailbox_is_literal(domain)))
		return RC_NO;
	if (mailbox_is_dot_atom(local))
		buf_add(&quoted, local);
	else
		mailbox_put_quoted(&quoted, local);
	buf_char(&quoted, '@');
	buf_add(&quoted, domain);
	if (!quoted.failed) {
		buf_add(out, buf_span(&quoted));
		rc = buf_check(out);
	}
	buf_free(&quoted);
	return rc;
}
