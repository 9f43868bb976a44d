#pragma once

#include "chatd/config.h"

struct handoff_out;
struct logging;

/*
 * The running program: loop, engine, doors and signals, from start to the last goodbye.
 */
struct daemon_end {
	int code;                      /* of sysexits(3) */
	struct handoff_out *successor; /* a fresh program is to take this one's place, and gets this; NULL: none is */
};

/* Those that it takes, 0 at the end. */
const int *daemon_signals(void);

/* config: loaded, becomes the daemon's. source: to load it again with. logging: configured already. */
struct daemon_end daemon_run(struct config *config, const struct config_source *source, struct logging *logging);
