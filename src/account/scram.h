#pragma once

#include <stdbool.h>

#include "account/credential.h"
#include "base/buf.h"
#include "base/str.h"

/*
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: RFC 5802, RFC 7677, RFC 9266. Messages are without base64. Who has the account is the
 * caller's: it looks at scram_name after the first message and gives the credential of that name, or a fake one.
 */
struct scram;

enum { SCRAM_MESSAGE_MAX = 1024, SCRAM_NAME_MAX = 256 };

/* What binds the exchange to the connection that it is on. The bytes are empty where there are none of that kind. */
struct scram_binding {
	bool plus;    /* the mechanism is the one that binds */
	bool offered; /* that one was offered: a client that says it was not has been lied to, RFC 5802, 6 */
	struct str exporter; /* "tls-exporter" */
	struct str endpoint; /* "tls-server-end-point" */
};

/*
 * binding: NULL: there is nothing to bind to. nonce: NULL for a random one; else for tests. NULL: the message is not one, or
 * wants what is not offered.
 */
struct scram *scram_new(struct str client_first, const struct scram_binding *binding, const char *nonce);
void scram_free(struct scram *s); /* wipes it */

/* A name as RFC 5802, 5.1, writes it, without its escapes. False: not one. */
bool scram_take_name(char out[SCRAM_NAME_MAX], struct str text);

/* Whose account is to be logged in to, and on whose behalf, "" for the same. */
const char *scram_name(const struct scram *s);
const char *scram_authzid(const struct scram *s);

/* The credential that was challenged with is one of these: they have not been changed since, nor are they another's. */
bool scram_is_of(const struct scram *s, struct str credentials);
/* The server-first-message. False: it does not fit. */
bool scram_challenge(struct scram *s, const struct credential *c, struct buf *out);
/* The server-final-message, "v=...", when the client has proved that it knows the password. False: it has not. */
bool scram_finish(struct scram *s, struct str client_final, struct buf *out);
