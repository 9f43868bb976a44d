#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport.h"

/*
 * A kernel that is memory: descriptors from MEMORY_FD on are lines that somebody says and bytes that nobody keeps.
 * Takes the place of the poller, for whatever is linked with it: what is measured then is the server, and not sockets.
 */
enum { MEMORY_FD = 1 << 20 };

/* Room for so many, made at once: none of it is counted as the server's. */
void memory_net_init(uint32_t ends);
/* The other side of the nth. */
void memory_transport(struct transport *t, uint32_t n);

/* What the nth says next; the text must stay. Heard in the next turn. */
void memory_say(uint32_t n, const char *text, size_t size);
/* It reads no more, or does again; until told otherwise it does. */
void memory_deafen(uint32_t n, bool deaf);
/* It closes. */
void memory_hang_up(uint32_t n);
/* Something is to be heard still. */
bool memory_busy(void);

/* Bytes that came out, and how often something did. */
struct memory_heard {
	uint64_t bytes, writes;
};
struct memory_heard memory_heard(void);
