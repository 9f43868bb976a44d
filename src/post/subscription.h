#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "post/post.h"

/*
 * Where a device of somebody is told of what it misses: an address of a push service, and what it is encrypted with there.
 * RFC 8030, RFC 8291. https://ircv3.net/specs/extensions/webpush
 */
enum { PUSH_POINT_SIZE = 65, PUSH_AUTH_SIZE = 16, SUBSCRIPTION_TEXT_MAX = 500 };

struct subscription {
	char endpoint[POST_URL_MAX + 1];
	unsigned char point[PUSH_POINT_SIZE]; /* P-256, not compressed */
	unsigned char auth[PUSH_AUTH_SIZE];
};

/* What a client says: an address, and "p256dh=...;auth=..." as message tags are written. False: it is none. */
bool subscription_parse(struct subscription *s, struct str endpoint, struct str keys);

/* As it is kept: "P256DH AUTH ENDPOINT", which is secret. out->full where it is longer than SUBSCRIPTION_TEXT_MAX. */
void subscription_write(struct buf *out, const struct subscription *s);
bool subscription_read(struct subscription *s, struct str text);
/* The endpoint of one that is kept so. */
struct str subscription_endpoint(struct str text);
/* "https://host:port" of an endpoint: what a token is for. */
struct str subscription_origin(struct str endpoint);
