#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal.h"

/*
 * Snapshots: files "snapshot-<position>" of the state directory, beside the database so that damage to one leaves the
 * other. A header, blocks of framed records, a last block with their count; each block is checked by a hash in which
 * the one before it has a part, so what is cut, changed or exchanged is found.
 */
enum { SNAPSHOTS_KEPT = 2, BLOCK_MAX = 2 << 20, FRAME_HEAD = 4 };

struct snapshot_writer {
	int fd; /* -1: none is under way */
	const char *directory;
	uint64_t position;
	uint64_t records;
	uint64_t chain;
	size_t unsynced;
};

/* A record in a block: its length and then its bytes. The caller has FRAME_HEAD bytes of room before the latter. */
void snapshot_frame(char *at, size_t n);

/* 0 or -errno. The directory's name must live as long as the writer. */
int snapshot_begin(struct snapshot_writer *w, const char *directory, uint64_t position);
int snapshot_block(struct snapshot_writer *w, const char *frames, size_t n, uint32_t records);
/* Makes it durable, gives it its name, removes those beyond SNAPSHOTS_KEPT. *older: the position of the oldest kept. */
int snapshot_end(struct snapshot_writer *w, uint64_t *older);
void snapshot_abort(struct snapshot_writer *w);

/* Removes all others, when this one was read and is good. *older: as above. */
int snapshot_alone(const char *directory, uint64_t position, uint64_t *older);

/* Their positions, newest first; how many, at most max. -errno. */
int snapshot_list(const char *directory, uint64_t *positions, int max);
/*
 * Gives all records to each, after the whole file was checked; each NULL: only that. 0; 1: each ended it; -EBADMSG: it
 * is damaged; -errno.
 */
int snapshot_read(const char *directory, uint64_t position, journal_each_fn each, void *ctx, uint64_t *records);
/* So that a damaged one is not taken for one of those kept. */
void snapshot_set_aside(const char *directory, uint64_t position);
/* Leftovers of a snapshot that was not finished. */
void snapshot_clean(const char *directory);
