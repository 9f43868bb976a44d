#pragma once

#include <stddef.h>
#include <stdint.h>

#include "journal/journal.h"

struct loop;
struct worker;

/*
 * The journal on disk: SQLite in one file, chatd.db of the state directory, beside snapshots of the state. Batches are
 * gathered for one turn, or for as long as the batch before is under way, and written in one transaction on the worker
 * thread.
 *
 * A batch that cannot be written (disk full, read-only, locked) is tried for a bounded time and then given up: durable
 * tells -errno, and the next one is tried once. When one gets through again and state was lost meanwhile, a snapshot is
 * taken. A damaged file is renamed and a fresh one begun. All of this is logged.
 * append gives -ENOBUFS when more waits for the disk than memory is set aside for.
 *
 * owner.snapshot is asked from the loop, between turns, and in free. No snapshot is taken of a state that was not
 * restored: restore comes before the first append.
 */
enum durability {
	DURABILITY_POWER, /* acknowledged when the disk has it: survives a power cut */
	DURABILITY_CRASH, /* acknowledged when the kernel has it: survives the death of the process, kill -9 too */
	DURABILITY_NONE,  /* acknowledged at once; written soon afterwards */
};

/* 0: no bound. */
struct retention {
	int64_t age_ms;        /* of messages in channels */
	uint32_t count;        /* per channel */
	int64_t direct_age_ms; /* of messages between users */
	uint32_t direct_count; /* per conversation */
};

/* What tests make smaller; 0: the usual. */
struct store_tuning {
	uint32_t snapshot_after;   /* state records from one snapshot to the next */
	uint32_t busy_ms;          /* for how long a batch is tried while another process has the file locked */
	uint32_t idle_ms;          /* without a batch, until the write-ahead log is emptied */
	uint32_t retain_ms;        /* between two looks for messages that are over the bounds */
	uint32_t scrub_ms;         /* until the index has forgotten the words of what was taken away by wish */
	uint32_t checkpoint_pages; /* of the write-ahead log, until they are moved to the file */
};

struct store_options {
	const char *directory; /* exists */
	struct loop *loop;
	struct worker *worker;
	enum durability durability;
	struct retention retention;
	struct store_tuning tuning;
	/* A batch is on disk, which took so long, without its time in the queue; with the owner's ctx. NULL: nobody
	 * asks. */
	void (*committed)(void *ctx, int64_t us);
};

/*
 * Opens or makes it, moves older schemas forward, sets a damaged file aside (logged). Files are made 0600. 0, or -errno
 * with a sentence in why: another process holds it (which), its schema is newer than this program, no permission.
 */
int store_open(struct journal **out, const struct store_options *options, const struct journal_owner *owner, char *why,
	       size_t size);
/* Other settings from now on (a reload). */
void store_configure(struct journal *j, enum durability durability, const struct retention *retention);
