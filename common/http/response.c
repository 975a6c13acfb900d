#include "http/response.h"

#include "base/json.h"

void
response_header(struct response *response, const char *name, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];
		if (c < 0x20 || c == 0x7f)
			response->head.failed = true;
	}
	buf_text(&response->head, name);
	buf_text(&response->head, ": ");
	buf_add(&response->head, value);
	buf_text(&response->head, "\r\n");
}

struct buf *
response_json(struct response *response, int status)
{
	response->status = status;
	response->content_type = "application/json";
	buf_clear(&response->body);
	return &response->body;
}

void
response_null(struct response *response, int status)
{
	if (status == 204) {
		response->status = status;
		response->content_type = NULL;
		return;
	}
	buf_text(response_json(response, status), "null");
}

void
response_redirect(struct response *response, int status, struct span location)
{
	response->status = status;
	response->content_type = NULL;
	buf_clear(&response->body);
	response_header(response, "Location", location);
}

void
response_problem(struct response *response, enum problem problem, const char *request_id)
{
	const struct problem_row *row = problem_row(problem);
	struct buf *body = response_json(response, row->status);

	response->is_page = false;
	response->content_type = "application/problem+json";
	buf_char(body, '{');
	json_put_text(body, "type", SPAN("about:blank"));
	json_put_text(body, "title", span_of(row->title));
	json_put_number(body, "status", row->status);
	json_put_text(body, "detail", span_of(row->detail));
	json_put_text(body, "code", span_of(row->code));
	json_put_text(body, "request_id", span_of(request_id));
	buf_char(body, '}');
}

void
response_clear(struct response *response)
{
	buf_clear(&response->head);
	buf_clear(&response->body);
	response->status = 0;
	response->content_type = NULL;
	response->retry_after = 0;
	response->is_page = false;
}

static const char *
response_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 202:
		return "Accepted";
	case 204:
		return "No Content";
	case 302:
		return "Found";
	case 303:
		return "See Other";
	default:
		return NULL;
	}
}

static void
response_status(const struct response *response, struct buf *out)
{
	const char *reason = response_reason(response->status);

	for (int i = PROBLEM_NONE + 1; reason == NULL && i < PROBLEMS; i++) {
		if (problem_row((enum problem)i)->status == response->status)
			reason = problem_row((enum problem)i)->title;
	}
	buf_text(out, "Status: ");
	buf_number(out, response->status);
	buf_char(out, ' ');
	buf_text(out, reason == NULL ? "Unknown" : reason);
	buf_text(out, "\r\n");
}

enum rc
response_bytes(const struct response *response, bool head_only, const char *policy, struct buf *out)
{
	bool has_body = response->content_type != NULL && response->status != 204;

	if (response->head.failed || response->body.failed)
		return RC_UNAVAILABLE;
	response_status(response, out);
	buf_text(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	buf_text(out, response->is_page
			  ? "Referrer-Policy: same-origin\r\nContent-Security-Policy: "
			  : "Referrer-Policy: no-referrer\r\n");
	if (response->is_page) {
		buf_text(out, policy);
		buf_text(out, "\r\n");
	}
	if (response->retry_after > 0) {
		buf_text(out, "Retry-After: ");
		buf_number(out, (response->retry_after + 999) / 1000);
		buf_text(out, "\r\n");
	}
	buf_add(out, buf_span(&response->head));
	if (has_body) {
		buf_text(out, "Content-Type: ");
		buf_text(out, response->content_type);
		buf_text(out, "\r\nContent-Length: ");
		buf_number(out, (int64_t)response->body.len);
		buf_text(out, "\r\n");
	}
	buf_text(out, "\r\n");
	if (has_body && !head_only)
		buf_add(out, buf_span(&response->body));
	return buf_check(out);
}

void
response_free(struct response *response)
{
	buf_free(&response->head);
	buf_free(&response->body);
}
