#pragma once

#include <stdbool.h>

#include "chatd/config.h"

struct logging;

/*
 * The running program: loop, engine, doors and signals, from start to the last goodbye.
 */
enum { DAEMON_HANDED_MAX = 32 };

struct daemon_end {
	int code;     /* of sysexits(3) */
	bool restart; /* a fresh program is to take this one's place */
	int handed[DAEMON_HANDED_MAX]; /* for it: listening sockets of the service manager */
	int nhanded;
};

/* config: loaded, becomes the daemon's. source: to load it again with. logging: configured already. */
struct daemon_end daemon_run(struct config *config, const struct config_source *source, struct logging *logging);
