/* routes: what answers where, from the route table and the configuration. */
#include "route/route.h"

#include "ctl.h"
#include "listing.h"

#define ROUTES_PATH_MAX 2048

static const struct column routes_columns[] = { { "method", 6 }, { "path", 36 }, { "program", 8 },
	{ "is_on", 5 }, { "description", 0 }, { NULL, 0 } };

static void
routes_row(struct listing *listing, const struct config *config, const struct route *route,
    const struct backend *backend)
{
	struct buf path = BUF_INIT(ROUTES_PATH_MAX);

	if (strchr(route->path, '/') == NULL)
		buf_text(&path, route->path); /* a role of the guard, which no path tells */
	else
		route_path(config, route, backend, &path);
	listing_text(listing, span_of(method_name(route->method)));
	listing_text(listing, buf_span(&path));
	listing_text(listing, span_of(program_rows[route->program].name));
	listing_bool(listing, route_is_on(config, route));
	listing_text(listing, span_of(route->words));
	buf_free(&path);
}

/* A row stands once for each backend that it is for. */
static void
routes_list(struct listing *listing, const struct config *config, const struct route *route)
{
	bool cookie = strncmp(route->path, "{cookie}", 8) == 0;

	if (!cookie && strncmp(route->path, "{backend}", 9) != 0) {
		routes_row(listing, config, route, NULL);
		return;
	}
	for (size_t i = 0; i < config->backend_count; i++) {
		const struct backend backend = { .config = &config->backends[i], .index = i };

		if (!cookie || backend.config->transport == TRANSPORT_COOKIE)
			routes_row(listing, config, route, &backend);
	}
}

enum ctl_exit
routes_run(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open(ctl);
	struct listing listing;

	if (status != CTL_DONE)
		return status;
	listing_begin(&listing, routes_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < HANDLERS; i++)
		routes_list(&listing, ctl->config, &route_table[i]);
	listing_end(&listing);
	return CTL_DONE;
}
