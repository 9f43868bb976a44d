#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding. Messages are without base64.
 */
enum { SCRAM_CLIENT_TEXT_MAX = 300, SCRAM_CLIENT_NONCE_MAX = 64 };

struct scram_client {
	char bare[SCRAM_CLIENT_TEXT_MAX]; /* the first message without its header */
	char nonce[SCRAM_CLIENT_NONCE_MAX];
	unsigned char server_key[32], server_signature[32];
};

/* Appends the first message. nonce: NULL for a random one, else for tests. False: the name does not fit. */
bool scram_client_first(struct scram_client *s, const char *name, const char *nonce, struct buf *out);
/* Appends the answer to the server's first message. False: that message is not one, or asks too little or too much. */
bool scram_client_final(struct scram_client *s, const char *password, struct str server_first, struct buf *out);
/* Whether the server's last message proves that it knows the account too. */
bool scram_client_verify(const struct scram_client *s, struct str server_final);
