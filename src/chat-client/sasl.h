#pragma once

#include <stdbool.h>
#include <sysexits.h>

#include "chat-client/scram_client.h"
#include "proto/line.h"

struct client;

/*
 * Logging in to an account while registering (IRCv3 sasl-3.2): OAUTHBEARER or IRCV3BEARER where there is a token, else
 * EXTERNAL where there is no password, SCRAM-SHA-256-PLUS, which is bound to the TLS that it goes over, or SCRAM-SHA-256 where the server has it, PLAIN else, and that only
 * where nobody can listen in. What fails ends the connection for good.
 */
enum {
	SASL_EXIT = EX_NOUSER, /* what chat-client exits with when it cannot log in */
	SASL_CHUNK = 400,      /* bytes of base64 in one AUTHENTICATE; one of that length is not the last */
	SASL_HEARD_MAX = 2 * SASL_CHUNK,
};

enum sasl_mechanism {
	SASL_NONE,
	SASL_EXTERNAL,
	SASL_SCRAM_SHA_256_PLUS,
	SASL_SCRAM_SHA_256,
	SASL_PLAIN,
	SASL_OAUTHBEARER,
	SASL_IRCV3BEARER,
};

struct sasl {
	enum sasl_mechanism mechanism; /* under way, or the last that was tried */
	unsigned offered;              /* bit per enum sasl_mechanism; 0: the server did not say */
	unsigned step;
	bool good; /* we are logged in */
	struct scram_client scram;
	char heard[SASL_HEARD_MAX]; /* base64 that is not whole yet */
	size_t nheard;
};

/* Forgets all, and wipes what is secret. */
void sasl_reset(struct sasl *s);

/* What there is to log in with. */
struct sasl_means {
	bool password;
	bool private; /* nobody can listen in */
	bool bound;   /* there is TLS to bind to */
	bool token;   /* before all else */
};

/* Pure: what to log in by. SASL_NONE: a password or a token would have to be sent so that others can read it. */
enum sasl_mechanism sasl_choose(const struct sasl *s, struct sasl_means means);

/* The server offers sasl; value: its mechanisms, empty where it does not say. */
void sasl_offer(struct sasl *s, struct str value);
/* The capability is agreed on. */
void sasl_start(struct client *c);
/* There is something to log in with. */
bool sasl_is_wanted(const struct client *c);
/* False: there is an account to log in to, and that has not come about. */
bool sasl_may_enter(const struct client *c);

/* AUTHENTICATE, and the numerics that end it. */
void sasl_line(struct client *c, const struct line *line);
void sasl_done(struct client *c, const struct line *line);
void sasl_failed(struct client *c, const struct line *line);
void sasl_mechanisms(struct client *c, const struct line *line);
