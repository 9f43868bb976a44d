#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What handoff_out.c and handoff_in.c agree on. */

/*
 * The file: this head, little-endian, and then the body: a section with the identity (8) of each descriptor by its
 * number, and a section with the state.
 */
enum { HANDOFF_HEAD_SIZE = 48 };

struct handoff_head {
	uint16_t version, needs;
	uint64_t id;  /* of this hand-over: the descriptors' messages repeat it */
	int64_t time; /* of handoff_new, monotonic us */
	uint64_t body_size;
	uint64_t body_hash;
};

void handoff_head_write(char dst[HANDOFF_HEAD_SIZE], const struct handoff_head *head);
/* False: it is none, or damaged. */
bool handoff_head_read(struct handoff_head *head, struct str bytes);
uint64_t handoff_hash(struct str body);

/* A message of a pair: which hand-over, the first descriptor's number, how many. */
enum { HANDOFF_MESSAGE_SIZE = 16, HANDOFF_BATCH = 250 };

struct handoff_message {
	uint64_t id;
	uint32_t first, count;
};

void handoff_message_write(char dst[HANDOFF_MESSAGE_SIZE], const struct handoff_message *m);
struct handoff_message handoff_message_read(const char bytes[HANDOFF_MESSAGE_SIZE]);
