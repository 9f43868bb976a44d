#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677). Messages are without base64.
 */
enum { SCRAM_CLIENT_TEXT_MAX = 300, SCRAM_CLIENT_NONCE_MAX = 64, SCRAM_CLIENT_BINDING_MAX = 64 };

struct scram_client {
	char bare[SCRAM_CLIENT_TEXT_MAX]; /* the first message without its header */
	char header[32];                  /* of the first message; "": "n,," */
	unsigned char binding[SCRAM_CLIENT_BINDING_MAX];
	size_t nbinding;
	char nonce[SCRAM_CLIENT_NONCE_MAX];
	unsigned char server_key[32], server_signature[32];
};

/*
 * Before the first message: binds to that channel. name NULL: we could, and the server says that it cannot; one that
 * was made to say so by somebody in between will notice.
 */
void scram_client_bind(struct scram_client *s, const char *name, struct str data);
/* Appends the first message. nonce: NULL for a random one, else for tests. False: the name does not fit. */
bool scram_client_first(struct scram_client *s, const char *name, const char *nonce, struct buf *out);
/* Appends the answer to the server's first message. False: that message is not one, or asks too little or too much. */
bool scram_client_final(struct scram_client *s, const char *password, struct str server_first, struct buf *out);
/* Whether the server's last message proves that it knows the account too. */
bool scram_client_verify(const struct scram_client *s, struct str server_final);
