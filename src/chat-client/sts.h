#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Strict transport security: ircv3.net/specs/extensions/sts. */
struct sts {
	bool has_port, has_duration;
	uint16_t port;
	uint64_t duration; /* s */
};

/* The value of the capability: "port=6697,duration=2592000". Keys that are not known are left out. Pure. */
struct sts sts_parse(struct str value);

/* What is kept of a host: the port, and until when (ms since 1970). False: nothing, or its time is over. */
bool sts_find(const char *folder, const char *host, int64_t now_ms, uint16_t *port);

/* Keeps it for so many seconds; 0 forgets it. 0 or -errno. */
int sts_keep(const char *folder, const char *host, uint16_t port, int64_t now_ms, uint64_t duration);
