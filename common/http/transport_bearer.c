/* Bearer tokens (RFC 6750): the access token in the Authorization header, both in the JSON body of
 * the answer; a refresh token comes in a request's body, which is the handler's to read. */
#include "base/json.h"
#include "http/transport.h"

static struct span
transport_bearer_read(
    const struct backend_config *backend, const struct request *request, enum token_use use)
{
	struct span token = span_trim(request_authorization(request));
	struct span scheme = span_cut(&token, ' ');

	(void)backend;
	if (use != TOKEN_ACCESS || !span_equal_nocase(scheme, SPAN("Bearer")))
		return SPAN_NONE;
	return span_trim(token);
}

static void
transport_bearer_write(
    const struct backend_config *backend, const struct tokens *tokens, struct response *response)
{
	struct buf *body = response_json(response, 201);

	(void)backend;
	buf_char(body, '{');
	json_put_text(body, "access_token", buf_span(&tokens->access));
	json_put_text(body, "token_type", SPAN("bearer"));
	json_put_number(body, "expires_in", tokens->access_lifetime / SECOND);
	if (tokens->refresh.len > 0)
		json_put_text(body, "refresh_token", buf_span(&tokens->refresh));
	buf_char(body, '}');
}

static void
transport_bearer_clear(const struct backend_config *backend, struct response *response)
{
	(void)backend;
	(void)response;
}

const struct transport transport_bearer = {
	.is_cookie = false,
	.read = transport_bearer_read,
	.write = transport_bearer_write,
	.clear = transport_bearer_clear,
};
