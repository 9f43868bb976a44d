#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "chatd/config.h"
#include "chatd/entrance_private.h"
#include "loop/poller.h"
#include "net/listener.h"
#include "net/tls.h"
#include "session/arrival.h"

/* The first byte of a ClientHello's record (RFC 8446, section 5.1). No command of IRC begins with it. */
enum { RECORD_HANDSHAKE = 22 };

bool entrance_tls_applies(const struct entrance *e)
{
	return e->doors & DOOR_TLS;
}

static enum entrance_verdict begin(struct entrance *e)
{
	unsigned char first;
	ssize_t n = recv(e->transport.fd, &first, 1, MSG_PEEK);
	struct tls_context *tls = entrance_tls(e);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? ENTRANCE_WAIT : ENTRANCE_GONE;
	if (first != RECORD_HANDSHAKE && (e->doors & (DOOR_IRC | DOOR_LINE)))
		return ENTRANCE_ON;
	e->why = first != RECORD_HANDSHAKE ? "what came is no TLS"
		 : !tls			   ? "there is no certificate"
					   : NULL;
	if (e->why)
		return ENTRANCE_REFUSED;
	if (transport_tls_accept(&e->transport, tls) < 0)
		return ENTRANCE_GONE;
	e->tls = true;
	return ENTRANCE_ON;
}

/* Before the kernel has the keys, for nothing more can be asked then. */
static void done(struct entrance *e)
{
	struct tls_binding binding;
	char name[TLS_NAME_MAX];
	struct tls_facts facts;

	transport_tls_facts(&e->transport, &facts);
	memcpy(e->certfp, facts.certfp, sizeof(e->certfp));
	if (transport_tls_binding(&e->transport, &binding)) {
		e->binding = mem_alloc(sizeof(binding));
		*e->binding = binding;
	}
	if (transport_tls_name(&e->transport, entrance_config(e)->tls.client_account, name))
		e->certname = mem_strdup(name);
	e->traits |= ARRIVAL_SECURE;
	(void)transport_tls_settle(&e->transport);
}

enum entrance_verdict entrance_tls_run(struct entrance *e, unsigned *want)
{
	enum entrance_verdict verdict = e->tls ? ENTRANCE_ON : begin(e);
	int err;

	if (verdict != ENTRANCE_ON || !e->tls)
		return verdict;
	err = transport_tls_handshake(&e->transport, e->detail, sizeof(e->detail));
	if (err == 0) {
		done(e);
		return ENTRANCE_ON;
	}
	if (err == -EAGAIN) {
		*want = e->transport.ops->wants(&e->transport);
		*want = *want ? *want : POLL_READ;
		return ENTRANCE_WAIT;
	}
	e->why = e->detail;
	return e->detail[0] ? ENTRANCE_REFUSED : ENTRANCE_GONE;
}
