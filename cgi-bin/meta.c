/* {auth}/health, jwks.json, openapi.json: what the service says of itself. */
#include "crypto/jwk.h"
#include "crypto/keyring.h"
#include "route/main.h"
#include "route/openapi.h"
#include "store/health.h"

static enum problem
health_get(struct exchange *x)
{
	enum rc rc = health_check(x->ctx);

	if (rc == RC_OK)
		buf_text(response_json(x->response, 200), "{\"status\":\"ok\"}");
	return problem_of(rc);
}

static enum problem
jwks_get(struct exchange *x)
{
	struct buf *body = response_json(x->response, 200);
	bool first = true;

	buf_text(body, "{\"keys\":[");
	for (size_t i = 0; i < x->backends->count; i++) {
		const struct jwt_keys *keys = keyring_jwt(x->ctx->keys, i);
		if (keys != NULL)
			jwk_put_keys(body, keys, &first);
	}
	buf_text(body, "]}");
	return PROBLEM_NONE;
}

static enum problem
openapi_get(struct exchange *x)
{
	openapi_put(response_json(x->response, 200), x->config, x->backends);
	return PROBLEM_NONE;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_health_get] = health_get,
	[HANDLER_jwks_get] = jwks_get,
	[HANDLER_openapi_get] = openapi_get,
};

int
main(void)
{
	return route_main(PROGRAM_meta, handlers);
}
