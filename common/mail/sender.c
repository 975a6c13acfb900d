#include "mail/sender.h"

/* Between "://" and the port; site.url is kept in that form, with an IPv6 address in brackets. */
static struct span
sender_host(struct span url)
{
	struct span host = url;

	(void)span_cut(&host, ':');
	host = span_after(host, strlen("//"));
	if (span_starts(host, SPAN("["))) {
		host = span_after(host, 1);
		return span_cut(&host, ']');
	}
	return span_cut(&host, ':');
}

static bool
sender_only(struct span text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(characters, text.data[i]) == NULL)
			return false;
	}
	return true;
}

static void
sender_put_domain(struct buf *out, struct span host)
{
	bool six = memchr(host.data, ':', host.len) != NULL;
	bool literal = six || sender_only(host, "0123456789.");

	buf_text(out, six ? "[IPv6:" : literal ? "[" : "");
	buf_add(out, host);
	buf_text(out, literal ? "]" : "");
}

void
sender_put(struct buf *out, const struct config *config)
{
	if (config->mail.from[0] != '\0') {
		buf_text(out, config->mail.from);
		return;
	}
	buf_text(out, config->site.name);
	buf_text(out, " <no-reply@");
	sender_put_domain(out, sender_host(span_of(config->site.url)));
	buf_char(out, '>');
}
