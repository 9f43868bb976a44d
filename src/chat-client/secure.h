#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "net/tls.h"
#include "net/transport.h"

struct options;

/*
 * TLS over a connection that was just made, and whom it is with. A certificate is good when an authority that is
 * trusted vouches for the host; when it has the pin that the options name; or when it signs itself and has the key that
 * it had the first time, which is kept in the file "known-hosts" of the folder; that only in private networks, where
 * nobody gets a certificate from an authority.
 */
enum { SECURE_TEXT_MAX = 512 };

struct secure_report {
	struct tls_binding binding; /* what a login can be bound to; sizes 0 without TLS */
	char note[SECURE_TEXT_MAX]; /* what the user should know, "" for nothing */
	char why[SECURE_TEXT_MAX];  /* the reason of a failure */
};

/* Pure: an address of this machine, of a private network (RFC 1918, 4193, 6598) or of the link. */
bool secure_is_near(const struct sockaddr *peer);

/* What to make of the facts; folder NULL: nothing can be kept. 0 or -EX_NOPERM. */
int secure_judge(const struct options *o, const char *folder, const struct tls_facts *facts,
		 struct secure_report *report);

/*
 * Puts TLS over *t and shakes hands, for up to DIAL_SECONDS. 0; else -EX_UNAVAILABLE, -EX_CONFIG or -EX_NOPERM with
 * a reason, and *t is freed.
 */
int secure_transport(const struct options *o, struct transport *t, struct secure_report *report);
