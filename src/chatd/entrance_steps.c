#include <errno.h>
#include <sys/socket.h>

#include "chatd/entrance_private.h"
#include "net/listener.h"
#include "net/proxy_header.h"
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

const struct entrance_step *entrance_steps(void)
{
	static const struct entrance_step steps[] = {
		{ENTRANCE_PROXY, proxy_applies, proxy_run},
		{ENTRANCE_FIRST, NULL, NULL},
	};

	return steps;
}
