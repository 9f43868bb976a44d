#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/store.h"

/* What one record may take when encoded, and what it may be filed under. */
enum { RECORD_MAX = 1 << 20, ABOUT_MAX = 4096 };

/*
 * Records on their way to the disk, one after the other in memory of the batch. It carries a number, which grows with
 * every batch of a process, and that of the last batch known to be stored: what is stored already is seen by the one,
 * and that something is missing by the other.
 */
struct batch {
	char *bytes;
	size_t n;
	size_t cap;
	uint32_t count;
	uint32_t states;   /* of count: JOURNAL_STATE */
	uint32_t removals; /* of count: JOURNAL_REMOVAL and JOURNAL_REVISION */
	uint64_t last;   /* position of the newest */
	uint64_t number;
	uint64_t follows;
	enum durability durability;
};

struct batch_record {
	uint64_t position;
	enum journal_class class;
	struct journal_about about;
	struct str bytes;
};

/* 0; 1: nothing of it is kept; -EMSGSIZE: the record is too long; -ENOMEM. */
int batch_add(struct batch *b, const struct journal_owner *owner, const void *record, uint64_t position,
	      enum journal_class class);
/* Walks the records: *at starts as 0; false at the end. Views into the batch. */
bool batch_next(const struct batch *b, size_t *at, struct batch_record *out);
/* Empty again; a large buffer is given back. */
void batch_clear(struct batch *b);
void batch_deinit(struct batch *b);
