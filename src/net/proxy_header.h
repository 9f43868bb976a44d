#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/address.h"

/*
 * What a proxy says in front of a connection about where it is from: haproxy.org, proxy-protocol.txt, version 1 (a
 * line) and version 2 (binary). Strict: what is not exactly a header is none.
 */
enum { PROXY_HEADER_MAX = 2048 }; /* bytes of the longest that is taken; a version 1 has at most 107 */

struct proxy_header {
	size_t size; /* bytes, in front of what the client itself says */
	bool own;    /* the proxy speaks for itself or does not know (LOCAL, UNSPEC, UNKNOWN): peer is not set */
	bool secure; /* the client came to the proxy over TLS */
	struct address peer; /* the client */
};

enum proxy_result {
	PROXY_OK,
	PROXY_MORE, /* all of it so far is the front of a header */
	PROXY_BAD,
};

/* Pure. bytes: all that came so far, from the first on. */
enum proxy_result proxy_header_parse(struct proxy_header *h, struct str bytes);
