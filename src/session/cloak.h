#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "proto/name.h"

/*
 * The host that is shown in place of an address: parts that say nothing of it, but are the same for the same network,
 * so that a ban of "*!*@*.part.part.ip" meets a whole network. Each part is 40 bits of HMAC-SHA-256 under the network's key, of
 * the address cut to so many bits: /32, /24 and /16 of IPv4, /64, /48 and /32 of IPv6, the longest first. HMAC, and not the
 * faster hash of our tables: anybody can collect as many pairs of address and part as they like, and all of IPv4 is few enough to be
 * tried as soon as a key leaks; SipHash-1-3 is not made for that.
 * A name keeps its end: "h4sh.example.net".
 */
enum { CLOAK_KEY_SIZE = 32 };

struct cloak {
	bool on;       /* newcomers get user mode +x */
	bool may_drop; /* MODE -x is for everybody */
	bool local;    /* loopback and Unix sockets are no exception */
	char *secret;  /* of the configuration; NULL: the key is that of the state directory */
	unsigned char key[CLOAK_KEY_SIZE];
};

/*
 * The host to be shown for a numeric address and its name (empty: none). Where nothing is to be hidden, for the cloak
 * is off or the address is local, it is the name, or else the address.
 */
void cloak_host(const struct cloak *c, struct str address, struct str name, char dst[NAME_HOST_MAX + 1]);

/* The same without a cloak. */
void cloak_open_host(struct str address, struct str name, char dst[NAME_HOST_MAX + 1]);

/* Whether that address is one that is hidden. */
bool cloak_hides(const struct cloak *c, struct str address);

/* Fit to be shown as the host of somebody: letters, digits, '.', '-', ':' and '_', of 1 to NAME_HOST_MAX bytes. */
bool cloak_host_valid(struct str host);

/*
 * Fills the key: from the secret, else from the file in the state directory, which is made with a new key and mode 0600 where
 * there is none; without a directory it is new with each start. 0 or -errno; -EBADMSG: the file holds no key.
 */
int cloak_open(struct cloak *c, const char *state);
