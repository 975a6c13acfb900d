#include "http/ask.h"

#include <arpa/inet.h>
#include <check.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/site.h"

#define ASK_PATIENCE 20L  /* seconds for an answer */
#define RAW_PATIENCE 4000 /* milliseconds of silence */

/* What lives until the process ends. */
static struct kept {
	void *block;
	void (*release)(void *);
	struct kept *next;
} * kept;

static void
keep_release(void)
{
	while (kept != NULL) {
		struct kept *first = kept;

		kept = first->next;
		first->release(first->block);
		free(first);
	}
}

static void *
keep(void *block, void (*release)(void *))
{
	static bool registered;
	struct kept *row = malloc(sizeof(*row));

	if (row == NULL || block == NULL)
		abort(); /* out of memory; also used outside of tests, where Check cannot report */
	if (!registered)
		atexit(keep_release);
	registered = true;
	*row = (struct kept){ block, release, kept };
	kept = row;
	return block;
}

static void
keep_json(void *json)
{
	cJSON_Delete(json);
}

static char *
keep_text(const char *start, size_t len)
{
	char *copy = keep(malloc(len + 1), free);

	memcpy(copy, start, len);
	copy[len] = '\0';
	return copy;
}

const char *
text(const char *format, ...)
{
	char *made = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&made, format, list) < 0)
		made = NULL;
	va_end(list);
	return keep(made, free);
}

const char *
form(const char *name, ...)
{
	const char *made = "";
	va_list list;

	va_start(list, name);
	while (name != NULL) {
		char *value = curl_easy_escape(NULL, va_arg(list, const char *), 0);

		ck_assert_ptr_nonnull(value);
		made = text("%s%s%s=%s", made, made[0] == '\0' ? "" : "&", name, value);
		curl_free(value);
		name = va_arg(list, const char *);
	}
	va_end(list);
	return made;
}

/* ------------------------------------------------------------------ cookies */

struct jar *
jar_new(void)
{
	return keep(calloc(1, sizeof(struct jar)), free);
}

static struct cookie *
jar_place(struct jar *jar, const char *name)
{
	struct cookie **place = &jar->first;

	while (*place != NULL && strcmp((*place)->name, name) != 0)
		place = &(*place)->next;
	if (*place == NULL) {
		*place = keep(calloc(1, sizeof(**place)), free);
		(*place)->name = keep_text(name, strlen(name));
	}
	return *place;
}

void
jar_set(struct jar *jar, const char *name, const char *value)
{
	struct cookie *cookie = jar_place(jar, name);

	cookie->value = keep_text(value, strlen(value));
	cookie->attributes = keep_text("", 0);
}

struct jar *
jar_copy(const struct jar *jar)
{
	struct jar *copy = jar_new();

	for (struct cookie *cookie = jar->first; cookie != NULL; cookie = cookie->next)
		jar_set(copy, cookie->name, cookie->value);
	return copy;
}

struct cookie *
jar_cookie(const struct jar *jar, const char *suffix)
{
	for (struct cookie *cookie = jar->first; cookie != NULL; cookie = cookie->next) {
		const char *name = cookie->name;

		if (strncmp(name, "__Host-", 7) == 0)
			name += 7;
		if (strncmp(name, "yett", 4) == 0 && strcmp(name + 4, suffix) == 0)
			return cookie;
	}
	return NULL;
}

const char *
jar_value(const struct jar *jar, const char *suffix)
{
	struct cookie *cookie = jar_cookie(jar, suffix);

	return cookie == NULL ? "" : cookie->value;
}

const char *
jar_csrf(const struct jar *jar)
{
	return jar_value(jar, "_csrf");
}

/* One Set-Cookie line's value. */
static void
jar_take(struct jar *jar, const char *line)
{
	const char *end = strchr(line, ';');
	const char *equals = strchr(line, '=');
	size_t len = end == NULL ? strlen(line) : (size_t)(end - line);
	struct cookie *cookie;

	if (equals == NULL || equals > line + len)
		return;
	cookie = jar_place(jar, keep_text(line, (size_t)(equals - line)));
	cookie->value = keep_text(equals + 1, (size_t)(line + len - equals - 1));
	cookie->attributes =
	    end == NULL ? keep_text("", 0) : keep_text(end + 2, strlen(end + 1) - 1);
}

static const char *
jar_header(const struct jar *jar)
{
	const char *line = "Cookie:";

	for (struct cookie *cookie = jar->first; cookie != NULL; cookie = cookie->next) {
		if (cookie->value[0] != '\0')
			line = text("%s%s %s=%s", line, line[7] == '\0' ? "" : ";", cookie->name,
			    cookie->value);
	}
	return line[7] == '\0' ? NULL : line;
}

/* ------------------------------------------------------------------ answers */

/* The next header line of that name from *place on: its value, cut at the line's end. */
static const char *
answer_next_header(const char **place, const char *name)
{
	size_t len = strlen(name);

	while (*place != NULL && **place != '\0') {
		const char *line = *place;
		const char *end = strstr(line, "\r\n");
		size_t size = end == NULL ? strlen(line) : (size_t)(end - line);

		*place = end == NULL ? NULL : end + 2;
		if (size <= len || line[len] != ':' || strncasecmp(line, name, len) != 0)
			continue;
		for (len++; len < size && line[len] == ' '; len++)
			continue;
		return keep_text(line + len, size - len);
	}
	return NULL;
}

const char *
answer_header(const struct answer *answer, const char *name)
{
	const char *place = answer->headers;

	return answer_next_header(&place, name);
}

size_t
answer_header_count(const struct answer *answer, const char *name)
{
	const char *place = answer->headers;
	size_t count = 0;

	while (answer_next_header(&place, name) != NULL)
		count++;
	return count;
}

static const cJSON *
answer_at(const struct answer *answer, const char *way)
{
	const cJSON *json = answer->json;

	while (json != NULL && way[0] != '\0') {
		size_t len = strcspn(way, ".");
		const char *name = keep_text(way, len);

		json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
					   : cJSON_GetObjectItemCaseSensitive(json, name);
		way += way[len] == '.' ? len + 1 : len;
	}
	return json;
}

const char *
answer_value(const struct answer *answer, const char *way)
{
	const cJSON *json = answer_at(answer, way);

	if (json == NULL)
		return NULL;
	if (cJSON_IsString(json))
		return json->valuestring;
	return keep(cJSON_PrintUnformatted(json), free);
}

size_t
answer_count(const struct answer *answer, const char *way)
{
	return (size_t)cJSON_GetArraySize(answer_at(answer, way));
}

bool
answer_has(const struct answer *answer, const char *wanted)
{
	return strstr(answer->body, wanted) != NULL;
}

static const char *
answer_unescape(const char *value, size_t len)
{
	static const char *const entities[][2] = { { "&amp;", "&" }, { "&lt;", "<" },
		{ "&gt;", ">" }, { "&quot;", "\"" }, { "&#34;", "\"" }, { "&#39;", "'" } };
	char *out = keep_text(value, len);
	size_t used = 0;

	while (len > 0) {
		size_t taken = 1;

		out[used] = value[0];
		for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
			size_t size = strlen(entities[i][0]);
			if (size <= len && strncmp(value, entities[i][0], size) == 0) {
				out[used] = entities[i][1][0];
				taken = size;
			}
		}
		used++;
		value += taken;
		len -= taken;
	}
	out[used] = '\0';
	return out;
}

const char *
answer_input(const struct answer *answer, const char *name, const char *attribute)
{
	const char *place = strstr(answer->body, text(" name=\"%s\"", name));
	const char *start = place, *end, *value;

	if (place == NULL)
		return NULL;
	while (start > answer->body && *start != '<')
		start--;
	end = strchr(place, '>');
	value = strstr(start, text(" %s=\"", attribute));
	if (end == NULL || value == NULL || value > end)
		return NULL;
	value = strchr(value, '"') + 1;
	return answer_unescape(value, strcspn(value, "\""));
}

/* ------------------------------------------------------------------ requests */

/* A transfer under way. */
struct transfer {
	const struct ask *ask;
	CURL *curl;
	struct curl_slist *lines;
	char *bytes[2]; /* headers, body */
	size_t sizes[2];
	char fault[CURL_ERROR_SIZE];
};

static size_t
transfer_add(struct transfer *transfer, int which, const char *bytes, size_t size)
{
	char *grown = realloc(transfer->bytes[which], transfer->sizes[which] + size + 1);

	if (grown == NULL)
		return 0;
	memcpy(grown + transfer->sizes[which], bytes, size);
	transfer->bytes[which] = grown;
	transfer->sizes[which] += size;
	grown[transfer->sizes[which]] = '\0';
	return size;
}

/* After an interim answer (100 Continue) the headers begin anew. */
static size_t
transfer_header(char *bytes, size_t size, size_t count, void *state)
{
	struct transfer *transfer = state;

	if (size * count >= 5 && strncmp(bytes, "HTTP/", 5) == 0)
		transfer->sizes[0] = 0;
	return transfer_add(transfer, 0, bytes, size * count);
}

static size_t
transfer_body(char *bytes, size_t size, size_t count, void *state)
{
	return transfer_add(state, 1, bytes, size * count);
}

static void
transfer_line(struct transfer *transfer, const char *line)
{
	if (line == NULL)
		return;
	transfer->lines = curl_slist_append(transfer->lines, line);
	ck_assert_ptr_nonnull(transfer->lines);
}

static void
transfer_headers(struct transfer *transfer)
{
	const struct ask *ask = transfer->ask;

	transfer_line(transfer, "Expect:");
	if (ask->browser)
		transfer_line(transfer,
		    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
	if (ask->bearer != NULL)
		transfer_line(transfer, text("Authorization: Bearer %s", ask->bearer));
	if (ask->csrf != NULL)
		transfer_line(transfer, text("X-CSRF-Token: %s", ask->csrf));
	if (ask->jar != NULL)
		transfer_line(transfer, jar_header(ask->jar));
	if (ask->type != NULL)
		transfer_line(
		    transfer, text("Content-Type:%s%s", ask->type[0] ? " " : "", ask->type));
	else if (ask->json != NULL)
		transfer_line(transfer, "Content-Type: application/json");
	for (size_t i = 0; i < ASK_HEADERS_MAX && ask->headers[i] != NULL; i++)
		transfer_line(transfer, ask->headers[i]);
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->lines);
}

static void
transfer_content(struct transfer *transfer)
{
	const struct ask *ask = transfer->ask;
	const char *body = ask->json != NULL   ? ask->json
			   : ask->form != NULL ? ask->form
					       : ask->body;
	CURL *curl = transfer->curl;

	if (body != NULL) {
		size_t size = ask->size > 0 ? ask->size : strlen(body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	if (ask->method == NULL)
		return;
	if (strcmp(ask->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
	if (strcmp(ask->method, "POST") == 0 && body == NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
		if (ask->type == NULL)
			transfer_line(transfer, "Content-Type:");
	}
}

static void
transfer_begin(struct transfer *transfer, const struct site *site, const struct ask *ask)
{
	CURL *curl = curl_easy_init();

	ck_assert_ptr_nonnull(curl);
	*transfer = (struct transfer){ .ask = ask, .curl = curl };
	curl_easy_setopt(curl, CURLOPT_URL, text("%s/", site->url));
	curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, ask->path);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, ASK_PATIENCE);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->fault);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	    (long)(ask->http10 ? CURL_HTTP_VERSION_1_0 : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, transfer_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	if (ask->address != NULL)
		curl_easy_setopt(curl, CURLOPT_INTERFACE, ask->address);
	transfer_content(transfer);
	transfer_headers(transfer);
}

static struct answer *
answer_new(char *headers, char *body, size_t size)
{
	struct answer *answer = keep(calloc(1, sizeof(*answer)), free);

	answer->headers = headers == NULL ? keep_text("", 0) : keep(headers, free);
	answer->body = body == NULL ? keep_text("", 0) : keep(body, free);
	answer->size = size;
	answer->json =
	    size == 0 ? NULL : cJSON_ParseWithLengthOpts(answer->body, size + 1, NULL, 1);
	if (answer->json != NULL)
		keep(answer->json, keep_json);
	return answer;
}

static struct answer *
transfer_end(struct transfer *transfer, CURLcode code)
{
	struct answer *answer =
	    answer_new(transfer->bytes[0], transfer->bytes[1], transfer->sizes[1]);
	const char *place = answer->headers;
	const char *cookie;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(transfer->curl, CURLINFO_TOTAL_TIME, &answer->seconds);
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->lines);
	ck_assert_msg(code == CURLE_OK, "%s: %s", transfer->ask->path,
	    transfer->fault[0] != '\0' ? transfer->fault : curl_easy_strerror(code));
	while (transfer->ask->jar != NULL &&
	       (cookie = answer_next_header(&place, "Set-Cookie")) != NULL)
		jar_take(transfer->ask->jar, cookie);
	return answer;
}

struct answer *
ask(const struct site *site, const struct ask *ask)
{
	struct transfer transfer;

	transfer_begin(&transfer, site, ask);
	return transfer_end(&transfer, curl_easy_perform(transfer.curl));
}

/* The transfer that a finished handle belongs to. */
static size_t
transfer_find(const struct transfer *transfers, size_t count, const CURL *curl)
{
	size_t which = 0;

	while (which < count && transfers[which].curl != curl)
		which++;
	ck_assert_uint_lt(which, count);
	return which;
}

void
ask_all(const struct site *site, const struct ask *list, size_t count, struct answer **answers)
{
	struct transfer *transfers = calloc(count, sizeof(*transfers));
	CURLM *multi = curl_multi_init();
	int running = 1, left;
	CURLMsg *message;

	ck_assert(multi != NULL && transfers != NULL);
	for (size_t i = 0; i < count; i++) {
		transfer_begin(&transfers[i], site, &list[i]);
		curl_multi_add_handle(multi, transfers[i].curl);
	}
	while (running > 0) {
		ck_assert_int_eq(curl_multi_perform(multi, &running), CURLM_OK);
		while ((message = curl_multi_info_read(multi, &left)) != NULL) {
			CURLcode code = message->data.result;
			size_t which = transfer_find(transfers, count, message->easy_handle);

			curl_multi_remove_handle(multi, transfers[which].curl);
			answers[which] = transfer_end(&transfers[which], code);
		}
		if (running > 0)
			curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	curl_multi_cleanup(multi);
	free(transfers);
}

int
ask_connect(const struct site *site)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)site->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
raw_send(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the server has had enough; its answer may be there all the same
				 */
		bytes += sent;
		size -= (size_t)sent;
	}
}

struct answer *
ask_raw(const struct site *site, const char *bytes, size_t size)
{
	struct transfer transfer = { .ask = NULL };
	struct pollfd wait = { .fd = ask_connect(site), .events = POLLIN };
	struct answer *answer;
	char block[4096], *body;
	ssize_t got;

	raw_send(wait.fd, bytes, size);
	while (
	    poll(&wait, 1, RAW_PATIENCE) > 0 && (got = recv(wait.fd, block, sizeof(block), 0)) > 0)
		ck_assert_uint_gt(transfer_add(&transfer, 0, block, (size_t)got), 0);
	close(wait.fd);
	body = transfer.sizes[0] == 0 ? NULL : strstr(transfer.bytes[0], "\r\n\r\n");
	if (body == NULL)
		return answer_new(transfer.bytes[0], NULL, 0);
	body += 4;
	size = transfer.sizes[0] - (size_t)(body - transfer.bytes[0]);
	answer = answer_new(strndup(transfer.bytes[0], (size_t)(body - transfer.bytes[0])),
	    strndup(body, size), size);
	free(transfer.bytes[0]);
	sscanf(answer->headers, "HTTP/%*d.%*d %ld", &answer->status);
	return answer;
}
