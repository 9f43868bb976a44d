#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Events that wait to be told, oldest first. Bounded: the oldest that is not being told gives way to a new one.
 */
struct outgoing_queued {
	STAILQ_ENTRY(outgoing_queued) next;
	char *text;
	size_t n;
};
STAILQ_HEAD(outgoing_queued_list, outgoing_queued);

enum { OUTGOING_BYTES_MAX = 4 << 20, OUTGOING_BATCH_MAX = 100, OUTGOING_BATCH_BYTES_MAX = 256 << 10 };

struct outgoing_queue {
	struct outgoing_queued_list list;
	uint32_t count;
	uint32_t telling; /* of the front, in the request at hand */
	size_t bytes;
};

void outgoing_queue_init(struct outgoing_queue *q);
void outgoing_queue_deinit(struct outgoing_queue *q);
/* Takes text over. How many gave way, itself included, so that there are no more than max. */
uint32_t outgoing_queue_add(struct outgoing_queue *q, char *text, uint32_t max);
/* What goes into the next request: how many from the front. */
uint32_t outgoing_queue_tell(struct outgoing_queue *q);
/* Those are done with. */
void outgoing_queue_told(struct outgoing_queue *q);
