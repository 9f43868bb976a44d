#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/address.h"
#include "net/websocket.h"

struct config;

/*
 * The request that asks for a WebSocket: RFC 6455 section 4.2, https://ircv3.net/specs/extensions/websocket. Pure.
 */
enum { UPGRADE_ANSWER_MAX = 512, UPGRADE_FORWARDED_MAX = 1024 };

struct upgrade {
	int status; /* 101, or what it is refused with */
	enum websocket_kind kind;
	bool secure;                           /* the last X-Forwarded-Proto, or proto of the last Forwarded, says https */
	char forwarded[UPGRADE_FORWARDED_MAX]; /* the values of X-Forwarded-For or Forwarded, joined by commas */
	char answer[UPGRADE_ANSWER_MAX];       /* to be sent, */
	size_t answer_size;                    /* so many bytes of it */
};

/* head: all of the request, from its first line to the empty one. */
void upgrade_parse(struct upgrade *u, const struct config *config, struct str head);

/*
 * The nth address, from the end, that forwarded names: 0 was written by the proxy that connected. False: there is none,
 * or it is no address.
 */
bool upgrade_forwarded(const struct upgrade *u, bool rfc7239, unsigned nth, struct address *a);
