#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chat-client/secure.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "net/transport.h"

struct options;

/*
 * The way back to a server that went away: waits, dials in a thread of its own so that the line being typed lives on,
 * and waits longer after each failure. A connection that lasted makes the next wait short again.
 */
enum {
	RECONNECT_FIRST_MS = 1000,
	RECONNECT_MAX_MS = 300000,
	RECONNECT_LASTED_MS = 30000, /* a connection of that age was a good one */
};

struct reconnect {
	struct loop *loop;
	const struct options *options;
	/* result as dial_server gives it; when it is negative another try has begun, and why says what was wrong. */
	void (*dialled)(void *ctx, int result, const char *why);
	void *ctx;
	struct timer wait;
	struct worker *worker; /* from the first time on */
	struct job job;
	unsigned tries;
	bool dialling;
	int64_t since_ms; /* mono: when the last connection began; 0: never */
	int64_t delay_ms; /* how long this wait is */
	int result;
	struct transport transport; /* where result is 0: the owner's from `dialled` on */
	struct secure_report report;
};

/* loop, options, dialled and ctx are set already. */
void reconnect_init(struct reconnect *r);
/* Must not be called while dialling. */
void reconnect_deinit(struct reconnect *r);

/* Begins to wait; a pending wait is begun anew. */
void reconnect_start(struct reconnect *r);
/* The same without a wait. */
void reconnect_now(struct reconnect *r);
/* The connection that is over was a good one. */
bool reconnect_has_lasted(const struct reconnect *r);
/* The server let us in. */
void reconnect_succeeded(struct reconnect *r);

/* Pure: the wait before try number `tries` (from 0), doubled each time, a quarter more or less as random says. */
int64_t reconnect_delay(unsigned tries, uint32_t random);
