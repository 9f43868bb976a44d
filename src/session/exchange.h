#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scram;
struct session;

/*
 * An AUTHENTICATE in progress: https://ircv3.net/specs/extensions/sasl-3.1. It is not carried over a restart: what the
 * client says next is then taken for the name of a mechanism, and it begins anew.
 */
enum mechanism {
	MECHANISM_PLAIN,
	MECHANISM_EXTERNAL,
	MECHANISM_SCRAM_SHA_256,
	MECHANISM_SCRAM_SHA_256_PLUS,
	MECHANISM_OAUTHBEARER,
	MECHANISM_IRCV3BEARER,
	MECHANISM_COUNT
};

enum { EXCHANGE_MAX = 4096, EXCHANGE_TOKEN_MAX = 12288 }; /* base64 of one message; of one that is a token */

struct exchange {
	enum mechanism mechanism;
	char *data; /* of a message that is not whole yet, in base64, secret */
	size_t size;
	struct scram *scram; /* NULL: not that far */
	bool proven;         /* SCRAM: all but the client's last word, which is empty */
	bool refused;        /* OAUTHBEARER: it has heard so, and has a last word too ... */
	const char *why;     /* ... and hears this; NULL: no more than that */
};

/* Begins it, in place of one that there was. */
struct exchange *exchange_begin(struct session *s, enum mechanism mechanism);
/* One more part. False: too long. */
bool exchange_add(struct exchange *x, const char *text);
/* Forgets the message, for the next one. */
void exchange_clear(struct exchange *x);
/* No-op where there is none. */
void exchange_end(struct session *s);
