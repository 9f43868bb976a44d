#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "net/address.h"
#include "net/transport.h"

/* How a client came, and what is known of it before its first line. */
enum {
	ARRIVAL_SECURE = 1 << 0,    /* over TLS, here or at a proxy that is trusted to say so */
	ARRIVAL_WEBSOCKET = 1 << 1, /* a message is a line */
	ARRIVAL_PROXIED = 1 << 2,   /* peer is what a trusted proxy said */
	ARRIVAL_LINE = 1 << 3,      /* it may be a person without a client: the first line tells */
	ARRIVAL_PERSON = 1 << 4,    /* nobody else comes in where it came in */
};

struct tls_binding;

struct arrival {
	struct transport transport; /* goes over to the session */
	struct str first;           /* what was read of it already */
	struct address peer;        /* where it really comes from */
	unsigned traits;            /* ARRIVAL_* */
	const char *certfp;         /* SHA-256 of the client's certificate in lower-case hex; NULL: none */
	const char *certname;       /* the account that it is for, as an authority says that is trusted to; NULL: none */
	const struct tls_binding *binding; /* what a login can be bound to; NULL: nothing */
};

/* A plain connection that comes itself. */
void arrival_plain(struct arrival *a, int fd, const struct address *peer);
