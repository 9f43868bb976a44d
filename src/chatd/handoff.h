#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"

/*
 * The running state on its way to another process: bytes in an anonymous file, and descriptors that wait as SCM_RIGHTS
 * inside socket pairs whose ends travel instead of them, so that ten thousand cost as little as one. Each descriptor
 * has a number, and the bytes say which socket has it: what comes back reordered, incomplete or mixed with others is
 * never taken for something else.
 *
 * HANDOFF_VERSION is what is written. A version that earlier ones can read as well, since it only adds to the ends of
 * sections, leaves HANDOFF_NEEDS as it is.
 */
enum {
	HANDOFF_VERSION = 2,
	HANDOFF_NEEDS = 1, /* the version a reader must have at least */
	HANDOFF_PAIRS_MAX = 7,
	HANDOFF_CARRIERS_MAX = 1 + 2 * HANDOFF_PAIRS_MAX,
	HANDOFF_NONE = -1,
};

/* What the service manager calls the carriers. */
#define HANDOFF_NAME "chatd-handoff"

/* Leaving */

struct handoff_out;

struct handoff_out *handoff_new(void);
void handoff_free(struct handoff_out *h); /* NULL is legal */

/* Where the state is written. */
struct wire_out *handoff_state(struct handoff_out *h);
/* Returns the number of the descriptor, which stays the caller's, and must stay open until handoff_seal. */
uint32_t handoff_add(struct handoff_out *h, int fd);

/* Nothing is added any more: writes the file and fills the pairs. 0, or -errno; then nothing is handed over. */
int handoff_seal(struct handoff_out *h);

/* The descriptors that carry it all, close-on-exec. Returns how many; they stay h's. */
size_t handoff_carriers(const struct handoff_out *h, int fds[HANDOFF_CARRIERS_MAX]);
/* Lets go of them, open, and frees the rest. */
void handoff_release(struct handoff_out *h);

/* Arriving */

struct handoff_in;

/*
 * Takes up what the carriers bring, in whatever order they are; all are closed or kept. 0; or -errno with a sentence in
 * why: none of it can be used, and what they brought is closed. -EPROTONOSUPPORT: a later version wrote it.
 */
int handoff_open(struct handoff_in **out, const int *carriers, size_t count, char *why, size_t size);
/* Closes the descriptors that were not taken. NULL is legal. */
void handoff_close(struct handoff_in *h);

struct wire_in handoff_read(const struct handoff_in *h); /* views are valid until handoff_close */
int64_t handoff_time(const struct handoff_in *h);        /* when handoff_new was called, monotonic us */
uint32_t handoff_missing(const struct handoff_in *h);    /* descriptors that did not come */
/* The descriptor of that number, the caller's from here on; HANDOFF_NONE when it did not come. */
int handoff_take(struct handoff_in *h, uint32_t number);
