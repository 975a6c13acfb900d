#include <curl/curl.h>
#include <signal.h>

#include "mail/addresses.h"
#include "mail/dialogue.h"
#include "mail/message.h"
#include "mail/reason.h"
#include "mail/smtp_server.h"

#define SMTP_CONNECT_SECONDS 20L
#define SMTP_SECONDS 90L
#define SMTP_GOODBYE_SECONDS 2L
#define SMTP_SILENT_SECONDS 60L /* without a byte, or an answer */

/* One message on its way. */
struct smtp {
	CURL *curl;
	const struct smtp_server *server;
	const struct envelope *envelope;
	struct dialogue dialogue;
	struct span rest; /* of the message */
	enum rc broken;   /* why we broke it off, if not RC_OK */
	const char *why;
	char error[CURL_ERROR_SIZE];
};

static size_t
smtp_read(char *to, size_t size, size_t count, void *state)
{
	struct smtp *smtp = state;
	size_t len = size * count < smtp->rest.len ? size * count : smtp->rest.len;

	if (len > 0)
		memcpy(to, smtp->rest.data, len);
	smtp->rest = span_after(smtp->rest, len);
	return len;
}

/* Breaks off once libcurl has gone on without what this message needs: it does that where the
 * server offers neither. The recipient was not named yet. */
static bool
smtp_must_stop(struct smtp *smtp)
{
	const struct dialogue *dialogue = &smtp->dialogue;

	if (dialogue->stage != DIALOGUE_MAIL || !dialogue_is_good(dialogue))
		return false;
	if (smtp->server->has_user && !dialogue->signed_in) {
		smtp->broken = RC_INTERNAL;
		smtp->why = "the server offers no way to sign in (AUTH)";
	} else if (message_is_international(smtp->envelope->to) && !dialogue->international) {
		smtp->broken = RC_NO;
		smtp->why = "the server does not take international addresses (SMTPUTF8)";
	}
	return smtp->broken != RC_OK;
}

static size_t
smtp_heard(char *line, size_t size, size_t count, void *state)
{
	struct smtp *smtp = state;

	dialogue_heard(&smtp->dialogue, (struct span){ line, size * count });
	return smtp_must_stop(smtp) ? 0 : size * count;
}

static int
smtp_said(CURL *curl, curl_infotype type, char *text, size_t len, void *state)
{
	struct smtp *smtp = state;

	if (type == CURLINFO_HEADER_OUT)
		dialogue_sent(&smtp->dialogue, (struct span){ text, len });
	/* All is decided; a server that does not say goodbye is not waited for long. */
	if (smtp->dialogue.over)
		(void)curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, SMTP_GOODBYE_SECONDS);
	return 0;
}

/* What goes for every message; no variable of the environment and no file of the user's counts. */
static bool
smtp_set_fixed(CURL *curl)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, SMTP_CONNECT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, SMTP_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SMTP_SILENT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, SMTP_SILENT_SECONDS) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

static bool
smtp_set_server(CURL *curl, const struct smtp_server *server)
{
	long tls = (long)(server->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY);

	if (curl_easy_setopt(curl, CURLOPT_URL, server->url) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls) != CURLE_OK)
		return false;
	/* In place of the system's, which are in a directory, too. */
	if (server->has_ca_file &&
	    (curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca_file) != CURLE_OK ||
		curl_easy_setopt(curl, CURLOPT_CAPATH, (char *)NULL) != CURLE_OK))
		return false;
	return !server->has_user ||
	       (curl_easy_setopt(curl, CURLOPT_USERNAME, server->user) == CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_PASSWORD, server->password.bytes) == CURLE_OK);
}

static bool
smtp_set_message(
    struct smtp *smtp, const struct addresses *addresses, const struct curl_slist *recipients)
{
	CURL *curl = smtp->curl;

	return curl_easy_setopt(curl, CURLOPT_MAIL_FROM, addresses->from.data) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)smtp->rest.len) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, smtp_read) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, (void *)smtp) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, smtp_heard) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, (void *)smtp) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, smtp_said) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGDATA, (void *)smtp) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->error) == CURLE_OK;
}

/* What is the operator's to mend; nothing of it is about this message. */
static bool
smtp_is_setup(CURLcode code)
{
	static const CURLcode codes[] = { CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,
		CURLE_NOT_BUILT_IN, CURLE_USE_SSL_FAILED, CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_INITFAILED };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

static enum rc
smtp_answer(const struct smtp *smtp, CURLcode code, char reason[COURIER_REASON_SIZE])
{
	const struct dialogue *dialogue = &smtp->dialogue;
	const char *error = smtp->error[0] == '\0' ? curl_easy_strerror(code) : smtp->error;

	if (code == CURLE_OK) {
		reason_line(reason, COURIER_REASON_SIZE, span_of(dialogue->reply));
		return RC_OK;
	}
	if (smtp->broken != RC_OK) {
		reason_line(reason, COURIER_REASON_SIZE, span_of(smtp->why));
		return smtp->broken;
	}
	if (dialogue->code >= 400) {
		reason_print(reason, COURIER_REASON_SIZE, "%s: %s", dialogue_about(dialogue),
		    dialogue->reply);
		return smtp_is_setup(code) ? RC_INTERNAL : dialogue_answer(dialogue);
	}
	reason_print(reason, COURIER_REASON_SIZE, "%s: %s", smtp->server->url,
	    code == CURLE_USE_SSL_FAILED ? "no TLS, and a password does not go without it" : error);
	/* None of the ways to sign in that the server offers is known here. */
	return smtp_is_setup(code) || code == CURLE_LOGIN_DENIED ? RC_INTERNAL : RC_UNAVAILABLE;
}

static enum rc
smtp_perform(struct smtp *smtp, const struct addresses *addresses,
    const struct curl_slist *recipients, char reason[COURIER_REASON_SIZE])
{
	if (smtp->curl == NULL || recipients == NULL || !smtp_set_fixed(smtp->curl) ||
	    !smtp_set_server(smtp->curl, smtp->server) ||
	    !smtp_set_message(smtp, addresses, recipients)) {
		reason_line(reason, COURIER_REASON_SIZE, SPAN("libcurl takes no more options"));
		return RC_UNAVAILABLE;
	}
	return smtp_answer(smtp, curl_easy_perform(smtp->curl), reason);
}

static enum rc
smtp_deliver(struct smtp *smtp, const struct addresses *addresses, char reason[COURIER_REASON_SIZE])
{
	/* A server that goes away must not end this process; libcurl leaves that to its caller. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct curl_slist *recipients = curl_slist_append(NULL, addresses->to.data);
	enum rc rc;

	sigaction(SIGPIPE, &ignore, &before);
	smtp->curl = curl_easy_init();
	rc = smtp_perform(smtp, addresses, recipients, reason);
	curl_easy_cleanup(smtp->curl);
	curl_slist_free_all(recipients);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}

static enum rc
courier_smtp_send(const struct config *config, const struct envelope *envelope, struct span message,
    char reason[COURIER_REASON_SIZE])
{
	struct smtp_server server;
	struct smtp smtp = { .server = &server, .envelope = envelope, .rest = message };
	struct addresses addresses;
	enum rc rc = addresses_make(&addresses, envelope, reason);

	if (rc == RC_OK)
		rc = smtp_server_read(&server, config, reason);
	smtp.dialogue.shown = envelope->dialogue;
	if (rc == RC_OK)
		rc = smtp_deliver(&smtp, &addresses, reason);
	smtp_server_wipe(&server);
	addresses_free(&addresses);
	return rc;
}

const struct courier courier_smtp = { "smtp", courier_smtp_send };
