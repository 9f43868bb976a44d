#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Acknowledged means durable: what answers a kept record leaves only when the record is on disk, and so that a client
 * sees everything in its order, all that is written to it afterwards waits behind it.
 */
struct held;
struct session;
struct session_hub;

/* What an answer was to, for the FAIL that takes its place when the record could not be kept. */
struct held_answer {
	uint64_t position; /* of the last record it acknowledges */
	const char *command;
	struct str label; /* as sent; empty: none */
};

/* How much output waits, for the disk or for the peer: what it grows by is what was written in between. */
size_t held_mark(const struct session *s);

/* The last n bytes that were written to the session wait for a->position. n may be 0: then it only hears of a failure. */
void held_answer_add(struct session *s, size_t n, const struct held_answer *a);

/* What is written to the session goes behind something that waits. */
bool held_waits(const struct session *s);

/* The same for what was never taken to be kept: they give way to a FAIL, in their place. */
void held_answer_lost(struct session *s, size_t n, const struct held_answer *a);

/* Behind what waits. False: nothing does, write it at once. */
bool held_write(struct session *s, struct str bytes);

/* Everything up to position is durable (err 0) or will never be (-errno): lets go what waited for it, of all sessions. */
void held_release(struct session_hub *hub, uint64_t position, int err);

/* The client is leaving: what acknowledges nothing goes out, the rest is forgotten. */
void held_drop(struct session *s);
