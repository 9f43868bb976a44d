#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "chatd/entrance_hook.h"
#include "chatd/entrance_private.h"
#include "chatd/http_head.h"
#include "chatd/upgrade.h"
#include "loop/poller.h"
#include "net/listener.h"
#include "net/proxy_header.h"
#include "net/websocket.h"
#include "session/arrival.h"

/*
 * What stands between a descriptor and a client. A step that only looks (the proxy's header, whether it is TLS) takes
 * exactly its own bytes from the socket: what follows is for whoever comes next.
 */

static enum entrance_verdict refuse(struct entrance *e, const char *why)
{
	e->why = why;
	return ENTRANCE_REFUSED;
}

static enum entrance_verdict read_failed(struct entrance *e, ssize_t n)
{
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ENTRANCE_WAIT : ENTRANCE_GONE;
	return e->count ? refuse(e, "the connection ended too soon") : ENTRANCE_GONE;
}

/* The header of a proxy */

static bool proxy_applies(const struct entrance *e)
{
	return e->doors & DOOR_PROXY;
}

static enum entrance_verdict proxy_said(struct entrance *e, const struct proxy_header *h)
{
	e->count = 0;
	if (h->secure)
		e->traits |= ARRIVAL_SECURE;
	if (!h->own)
		e->traits |= ARRIVAL_PROXIED;
	return entrance_know(e, h->own ? &e->peer : &h->peer) ? ENTRANCE_ON : ENTRANCE_GONE;
}

/*
 * Looks at what is there and takes as much of it as is the header's: all while it is not complete, so that the loop is
 * not woken for the same bytes again.
 */
static enum entrance_verdict proxy_run(struct entrance *e, unsigned *want)
{
	struct proxy_header h;
	enum proxy_result result;
	uint32_t had = e->count;
	ssize_t n;

	(void)want;
	if (!entrance_trusts(entrance_config(e), &e->peer))
		return refuse(e, "it is no proxy that is trusted");
	if (!entrance_reserve(e, PROXY_HEADER_MAX - had))
		return refuse(e, "the header of the proxy is too long");
	n = recv(e->transport.fd, e->bytes + had, PROXY_HEADER_MAX - had, MSG_PEEK);
	if (n <= 0)
		return read_failed(e, n);
	result = proxy_header_parse(&h, (struct str){e->bytes, had + (size_t)n});
	if (result == PROXY_BAD)
		return refuse(e, "what came is no header of a proxy");
	if (result == PROXY_OK)
		n = (ssize_t)(h.size - had);
	if (recv(e->transport.fd, e->bytes + had, (size_t)n, 0) != n)
		return ENTRANCE_GONE;
	e->count = had + (uint32_t)n;
	return result == PROXY_OK ? proxy_said(e, &h) : ENTRANCE_WAIT;
}

/* The first bytes: the head of a request, or a client of IRC where the door has both */

enum { HOPS_MAX = 16 };

static bool first_applies(const struct entrance *e)
{
	return e->doors & DOOR_WEBSOCKET;
}

enum entrance_verdict entrance_read(struct entrance *e, unsigned *want)
{
	struct iovec one;
	ssize_t n;

	if (!entrance_reserve(e, 1))
		return refuse(e, "the head of the request is too long");
	one = (struct iovec){e->bytes + e->count, e->room - e->count};
	n = e->transport.ops->read(&e->transport, &one, 1);
	*want = POLL_READ | e->transport.ops->wants(&e->transport);
	if (n > 0) {
		e->count += (uint32_t)n;
		return ENTRANCE_ON;
	}
	if (n == -EAGAIN)
		return ENTRANCE_WAIT;
	return e->count ? refuse(e, "the connection ended too soon") : ENTRANCE_GONE;
}

/* As far as the bytes go: a request of HTTP. Inside of TLS there is IRC as well. */
static bool is_request(const struct entrance *e)
{
	bool irc = (e->doors & (DOOR_IRC | DOOR_LINE)) || e->tls;
	size_t n = e->count < 4 ? e->count : 4;

	return !irc || memcmp(e->bytes, "GET ", n) == 0 || memcmp(e->bytes, "POST", n) == 0;
}

static enum entrance_verdict first_run(struct entrance *e, unsigned *want)
{
	enum entrance_verdict verdict = e->count ? ENTRANCE_ON : entrance_read(e, want);

	/* Four bytes decide; they come together, or one by one. */
	while (verdict == ENTRANCE_ON && is_request(e) && e->count < 4)
		verdict = entrance_read(e, want);
	if (verdict == ENTRANCE_ON && !is_request(e))
		e->doors &= ~(unsigned)DOOR_WEBSOCKET;
	return verdict;
}

/* Behind its empty line; 0: it is not complete. */
static size_t head_size(const struct entrance *e)
{
	const char *end = memmem(e->bytes, e->count, "\r\n\r\n", 4);

	return end ? (size_t)(end - e->bytes) + 4 : 0;
}

/* The last that no trusted proxy wrote of another one. */
static bool find_client(const struct entrance *e, const struct upgrade *u, struct address *a)
{
	const struct config *config = entrance_config(e);
	bool found = false;
	struct address at;

	for (unsigned i = 0; i < HOPS_MAX && upgrade_forwarded(u, config->forwarded, i, &at); i++) {
		*a = at;
		found = true;
		if (!entrance_trusts(config, a))
			break;
	}
	return found;
}

/* Where a proxy that is trusted does not say from where it is, it speaks for itself. */
static bool know_client(struct entrance *e, const struct upgrade *u)
{
	struct address a;

	if (e->counted)
		return true;
	if (!find_client(e, u, &a))
		return entrance_know(e, &e->peer);
	e->traits |= ARRIVAL_PROXIED;
	if (u->secure)
		e->traits |= ARRIVAL_SECURE;
	return entrance_know(e, &a);
}

/* A fresh connection has room for this. */
static bool answer(struct entrance *e, const struct upgrade *u)
{
	struct iovec one = {(char *)u->answer, u->answer_size};

	return e->transport.ops->write(&e->transport, &one, 1) == (ssize_t)u->answer_size;
}

static enum entrance_verdict upgraded(struct entrance *e, const struct upgrade *u, size_t head)
{
	struct str early = {e->bytes + head, e->count - head};
	struct buf lines;

	e->doors &= ~(unsigned)(DOOR_IRC | DOOR_LINE); /* nobody is told anything in the clear from here on */
	if (!know_client(e, u))
		return ENTRANCE_GONE;
	if (!answer(e, u))
		return refuse(e, "the answer could not be sent");
	/* What is decoded is never more than what it is decoded from, and stands in front of it. */
	buf_init(&lines, e->bytes, e->room);
	(void)transport_websocket_accept(&e->transport, u->kind, early, &lines);
	e->count = (uint32_t)lines.n;
	e->traits |= ARRIVAL_WEBSOCKET;
	return ENTRANCE_ON;
}

/*
 * What came so far can be no request any more: the first line is none, or does not begin like one. Whoever speaks IRC
 * here would otherwise wait for an answer until the time is up.
 */
static bool is_no_request(const struct entrance *e)
{
	struct http_head h = {.max = HTTP_HEAD_MAX};
	const char *end = e->count ? memchr(e->bytes, '\n', e->count) : NULL;

	if (!end)
		return e->count && !(e->bytes[0] >= 'A' && e->bytes[0] <= 'Z');
	return http_head_line(&h, (struct str){e->bytes, (size_t)(end - e->bytes)}, "/") == HTTP_BAD;
}

/* In the words of either: a client of IRC shows the line, and one of HTTP the status. */
static enum entrance_verdict tell_of_the_door(struct entrance *e)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	static const char irc[] = "ERROR :Closing link: only WebSocket is spoken here, and not IRC by itself\r\n";
	bool is_http = memmem(e->bytes, e->count, " HTTP/", 6);
	struct iovec one = {(char *)(is_http ? http : irc), is_http ? sizeof(http) - 1 : sizeof(irc) - 1};

	(void)!e->transport.ops->write(&e->transport, &one, 1);
	(void)e->transport.ops->shutdown(&e->transport);
	return refuse(e, "what came is no request of HTTP");
}

static enum entrance_verdict http_run(struct entrance *e, unsigned *want)
{
	struct upgrade u;
	enum entrance_verdict verdict = ENTRANCE_ON;
	size_t head;

	while ((head = head_size(e)) == 0 && verdict == ENTRANCE_ON && !is_no_request(e))
		verdict = entrance_read(e, want);
	if (head == 0 && is_no_request(e))
		return tell_of_the_door(e);
	if (head == 0)
		return verdict;
	if (entrance_is_post(e))
		return entrance_hook_run(e, head, want);
	upgrade_parse(&u, entrance_config(e), (struct str){e->bytes, head});
	if (u.status == 101)
		return upgraded(e, &u, head);
	(void)answer(e, &u);
	(void)e->transport.ops->shutdown(&e->transport);
	return refuse(e, u.status == 403 ? "its page is of an origin that may not connect"
					 : "what it asks for is no WebSocket");
}

const struct entrance_step *entrance_steps(void)
{
	static const struct entrance_step steps[] = {
		{ENTRANCE_PROXY, proxy_applies, proxy_run},
		{ENTRANCE_TLS, entrance_tls_applies, entrance_tls_run},
		{ENTRANCE_FIRST, first_applies, first_run},
		{ENTRANCE_HTTP, first_applies, http_run},
		{ENTRANCE_FIRST, NULL, NULL},
	};

	return steps;
}
