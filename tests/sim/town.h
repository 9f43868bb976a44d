#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chatd/config.h"

struct engine;
struct loop;
struct worker;

/* A server in this process, which can be followed by another: by a hand-over, or from what the disk keeps. */
struct town {
	struct loop *loop;
	struct worker *worker;
	struct config config;
	struct engine *engine;
	const char *state; /* directory of what is kept; NULL: nothing is */
};

/* state: empty, or that of an earlier town; outlives it. */
void town_begin(struct town *t, const char *state);
void town_end(struct town *t);
/* The other end of a new connection, non-blocking; -1: it was not let in. */
int town_connect(struct town *t);
/* Turns until nothing moves any more. */
void town_settle(struct town *t);
/* A successor takes over, with everybody. */
void town_hand_over(struct town *t);
/* Everybody is thrown out, and a fresh server reads what the disk has. */
void town_reopen(struct town *t);
