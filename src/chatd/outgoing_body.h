#pragma once

#include <stdint.h>

#include "chatd/outgoing_queue.h"

/*
 * One request: its body, and the fields of its head, as https://github.com/standard-webhooks/standard-webhooks wants them.
 * The id and the body are the same each time that it is tried, the time and the signature are of the attempt.
 */
enum { OUTGOING_ID_SIZE = 36, OUTGOING_FIELD_MAX = 128 };

struct outgoing_body {
	char *text; /* NULL: none at hand */
	size_t n;
	char id[OUTGOING_ID_SIZE + 1];
	char fields[3][OUTGOING_FIELD_MAX]; /* whole lines of a head; the last one is empty where nothing is signed */
};

struct outgoing_about {
	const char *webhook, *server, *network;
	uint64_t dropped; /* events, since the last request that was taken */
};

/* Of the events that the queue tells. A fresh id. */
void outgoing_body_make(struct outgoing_body *b, const struct outgoing_about *about, const struct outgoing_queue *q);
void outgoing_body_free(struct outgoing_body *b);
/* secret: NULL: none. seconds: since 1970. False: it cannot be signed. */
bool outgoing_body_sign(struct outgoing_body *b, const char *secret, int64_t seconds);
