#include "auth/caller.h"

#include "auth/account.h"

enum rc
caller_at(struct ctx *ctx, const struct backend *backend, const struct request *request,
    struct identity *identity, bool *presented)
{
	struct span token = backend->transport->read(backend->config, request, TOKEN_ACCESS);
	enum rc rc;

	*identity = (struct identity){ 0 };
	if (token.data == NULL)
		return RC_NO;
	*presented = true;
	rc = backend->verifier->verify(ctx, backend, token, identity);
	if (rc != RC_OK) {
		*identity = (struct identity){ 0 };
		return rc;
	}
	identity->known = true;
	identity->must_enrol = account_must_enrol(ctx->config, &identity->user);
	identity->backend = backend;
	return RC_OK;
}

enum rc
caller_find(struct ctx *ctx, const struct backends *backends, const struct request *request,
    struct identity *identity, bool *presented)
{
	enum rc rc = RC_NO;

	*identity = (struct identity){ 0 };
	for (size_t i = 0; i < backends->count && rc == RC_NO; i++)
		rc = caller_at(ctx, &backends->items[i], request, identity, presented);
	return rc;
}
