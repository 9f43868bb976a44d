#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "chatd/config.h"
#include "proto/line.h"

struct arrival;
struct engine;
struct loop;

/*
 * The engine with several clients at socketpairs. Each line of the input is a step; N is the digit of a client, which
 * comes in when it is named first, and again when it is named after its end:
 *   Ntext     says the line             -N  hangs up
 *   +Ntext    says it in the same turn  /N  says no more
 *             as the next step          !N  stops reading, or goes on
 *   ~Ntext    says a part of a line     *   the configuration is read again
 * Whatever is said, every line that somebody gets must be one: whole, in its limits, UTF-8.
 */
enum {
	CLIENTS = 6,
	INPUT_MAX = 16 << 10,
	TURNS = 3,
	TURNS_MAX = 1000,
	HEARD_MAX = 2 * LINE_MAX_BYTES,
};

struct client {
	int fd; /* -1: not there */
	bool deaf;
	size_t n;
	char heard[HEARD_MAX];
};

struct world;

/* What a target adds; each may be NULL. */
struct world_hooks {
	void (*configure)(struct config *c);
	/* Client n comes in: what is known of it beside its address. */
	void (*arrive)(struct world *w, int n, struct arrival *a);
	/* A step that begins with a sign of the target's own; text is what follows the digit. */
	const char *signs;
	void (*step)(struct world *w, char sign, int n, struct str text);
	void (*heard)(struct world *w, int n, const struct line *line);
	bool any_host; /* clients come from wherever the input says */
	void *ctx;
};

struct world {
	struct loop *loop;
	struct engine *engine;
	struct config config;
	bool stopping;
	unsigned reloads;
	struct client clients[CLIENTS];
	struct world_hooks hooks;
};

/* Without an engine that is open: world_open follows, after what the target does to it. */
void world_init(struct world *w, const struct world_hooks *hooks);
void world_open(struct world *w);
/* All hang up: nothing of them may stay. */
void world_deinit(struct world *w);

void world_run(struct world *w, struct str input);
void world_turn(struct world *w);
void world_say(struct world *w, int n, struct str text, struct str end);
