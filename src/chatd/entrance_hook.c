#include "chatd/entrance_hook.h"

#include <stdio.h>
#include <string.h>

#include "chatd/hook_text.h"
#include "chatd/hooks.h"
#include "chatd/http_head.h"

/*
 * Only what has a token gets room for a body. All others' bodies are read and forgotten, as far as one may be long, for
 * a connection that is closed on unread bytes takes the answer with it.
 */
enum { NO_CONTENT = 204, UNAUTHORIZED = 401, FORBIDDEN = 403, TOO_LARGE = 413, NO_SUCH_TYPE = 415, TOO_MANY = 429 };

static const char front[] = "POST /hook/";

struct asked {
	struct hook_post post;
	struct str path; /* behind /hook/ */
	unsigned long long length;
	bool sized, bad, waits;
};

bool entrance_is_post(const struct entrance *e)
{
	return e->count >= sizeof(front) - 1 && memcmp(e->bytes, front, sizeof(front) - 1) == 0;
}

static void take_field(void *ctx, struct str name, struct str value)
{
	struct asked *a = ctx;

	if (str_eq_nocase(name, STR("Content-Length"))) {
		a->bad = a->bad || a->sized || !str_u64(value, 1ull << 40, &a->length);
		a->sized = true;
	} else if (str_eq_nocase(name, STR("Content-Type"))) {
		a->post.content_type = value;
	} else if (str_eq_nocase(name, STR("X-GitHub-Event"))) {
		a->post.event = value;
	} else if (str_eq_nocase(name, STR("X-Hub-Signature-256"))) {
		a->post.signature = value;
	} else if (str_eq_nocase(name, STR("Expect"))) {
		a->waits = str_eq_nocase(value, STR("100-continue"));
	}
}

/* Its views are of the entrance's bytes, which move while more is read. */
static void parse(const struct entrance *e, size_t size, struct asked *a)
{
	struct http_head h = {.field = take_field, .ctx = a, .max = size, .bodied = true};
	struct str head = {e->bytes, size}, line;
	int status = HTTP_MORE;
	size_t n;

	*a = (struct asked){.sized = false};
	a->path = (struct str){e->bytes + sizeof(front) - 1, size - sizeof(front) + 1};
	for (n = 0; n < a->path.n && a->path.p[n] != ' ' && a->path.p[n] != '?';)
		n++;
	a->path.n = n;
	while (status == HTTP_MORE && str_split(&head, '\n', &line))
		status = http_head_line(&h, line, "/");
	/* Of a POST to somewhere else, that is what a good head gives. */
	a->bad = a->bad || status != HTTP_NOT_FOUND || !a->sized;
}

static uint32_t body_max(const struct entrance *e)
{
	return (uint32_t)entrance_config(e)->hook_body;
}

/* What can be said before the body is there; 0: it is wanted. */
static int judge(const struct entrance *e, const struct asked *a)
{
	if (a->bad)
		return HTTP_BAD;
	if (!entrance_hooks(e) || !hooks_match(entrance_hooks(e), a->path))
		return HTTP_NOT_FOUND;
	if (hook_type_of(a->post.content_type) == HOOK_TYPE_OTHER)
		return NO_SUCH_TYPE;
	return a->length > body_max(e) ? TOO_LARGE : 0;
}

static bool write_text(struct entrance *e, const char *text, size_t n)
{
	struct iovec one = {(char *)text, n};

	return e->transport.ops->write(&e->transport, &one, 1) == (ssize_t)n;
}

static void begin(struct entrance *e, size_t head)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct asked a;

	parse(e, head, &a);
	e->post.begun = true;
	e->post.status = judge(e, &a);
	e->post.left = a.length < body_max(e) ? (uint32_t)a.length : body_max(e);
	e->extra = e->post.status ? 0 : e->post.left;
	/* Who waits to be asked for a body that is not wanted does not send it; how long a bad one is nobody knows. */
	if ((a.waits && e->post.status) || e->post.status == HTTP_BAD)
		e->post.left = 0;
	else if (a.waits)
		(void)!write_text(e, go_on, sizeof(go_on) - 1);
}

static const char *status_text(int status)
{
	switch (status) {
	case NO_CONTENT:
		return "204 No Content";
	case UNAUTHORIZED:
		return "401 Unauthorized\r\nWWW-Authenticate: X-Hub-Signature-256";
	case FORBIDDEN:
		return "403 Forbidden";
	case HTTP_NOT_FOUND:
		return "404 Not Found";
	case TOO_LARGE:
		return "413 Content Too Large";
	case NO_SUCH_TYPE:
		return "415 Unsupported Media Type";
	case TOO_MANY:
		return "429 Too Many Requests\r\nRetry-After: 2";
	case HTTP_BAD:
		return "400 Bad Request";
	default:
		return "500 Internal Server Error";
	}
}

static const char *sentence(int status)
{
	switch (status) {
	case UNAUTHORIZED:
		return "The signature is missing or wrong.\n";
	case FORBIDDEN:
		return "A ban of the channel or a filter of the server refuses it.\n";
	case HTTP_NOT_FOUND:
		return "There is no such webhook.\n";
	case TOO_LARGE:
		return "The body is too long.\n";
	case NO_SUCH_TYPE:
		return "Wanted is JSON, a form or plain text.\n";
	case TOO_MANY:
		return "This webhook was used too often.\n";
	default:
		return "There is no text in this request.\n";
	}
}

static enum entrance_verdict conclude(struct entrance *e, int status)
{
	const char *body = status == NO_CONTENT ? "" : sentence(status);
	char text[400], type[96] = "";
	int n;

	if (*body)
		snprintf(type, sizeof(type), "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n",
			 strlen(body));
	n = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sConnection: close\r\n\r\n%s", status_text(status), type,
		     body);
	(void)!write_text(e, text, (size_t)n);
	if (entrance_hooks(e))
		hooks_count(entrance_hooks(e), status);
	(void)e->transport.ops->shutdown(&e->transport);
	if (status == NO_CONTENT)
		return ENTRANCE_DONE;
	e->why = "what a webhook brought was not taken";
	return ENTRANCE_REFUSED;
}

static int say(struct entrance *e, size_t head)
{
	const struct hook *hook;
	struct asked a;

	parse(e, head, &a);
	/* It may have been taken back meanwhile. */
	hook = hooks_match(entrance_hooks(e), a.path);
	if (!hook)
		return HTTP_NOT_FOUND;
	a.post.body = (struct str){e->bytes + head, (size_t)a.length};
	a.post.now_ms = entrance_now(e);
	return hooks_post(entrance_hooks(e), hook, &a.post);
}

enum entrance_verdict entrance_hook_run(struct entrance *e, size_t head, unsigned *want)
{
	enum entrance_verdict verdict;

	if (!e->post.begun)
		begin(e, head);
	while (e->count - head < e->post.left) {
		if (e->post.status) {
			e->post.left -= (uint32_t)(e->count - head);
			e->count = (uint32_t)head;
		}
		verdict = entrance_read(e, want);
		if (verdict != ENTRANCE_ON)
			return verdict;
	}
	return conclude(e, e->post.status ? e->post.status : say(e, head));
}
