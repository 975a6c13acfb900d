#include "http/transport.h"

static const struct transport *const transports[] = {
	[TRANSPORT_BEARER] = &transport_bearer,
	[TRANSPORT_COOKIE] = &transport_cookie,
};

const struct transport *
transport_of(const struct backend_config *backend)
{
	return transports[backend->transport];
}
