#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "journal/store.h"
#include "journal/store_batch.h"
#include "journal/store_disk.h"
#include "journal/store_snapshot.h"
#include "loop/loop.h"
#include "loop/worker.h"

struct store;

/*
 * A job of the store. It is settled once, in the loop: by done, or by free, which waits for the work alone and leaves a
 * done that comes later nothing but to let go of the memory.
 */
struct store_job {
	struct job job;
	struct store *store;
	struct worker *worker;
	bool given;   /* to the worker, and not settled */
	bool worked;  /* under the store's lock */
	int err;      /* what came of it: 0, a result or -errno */
	int64_t us;   /* how long writing a batch took */
	bool renewed; /* a damaged file was replaced */
	uint64_t indexed; /* of the disk, when it was left */
	bool wal_due; /* the write-ahead log is to be moved into the file */
	bool wal_long;
	struct notes notes;
};

/* Batches that do not get through. */
struct trouble {
	bool failing;     /* one was given up: the next are tried once */
	bool state_lost;  /* state was in one of them: a snapshot must make up for it */
	int64_t first_ms; /* when the present one failed first; 0: it has not */
	int64_t logged_ms;
	uint64_t lost; /* records */
};

/*
 * What is done beside writing batches, one at a time, the first that is wanted next. Those that wait for a disk long
 * (SWEEP, BLOCK, FINISH) have a thread of their own and leave struct disk alone; the others are small steps between
 * batches.
 */
enum chore {
	CHORE_SWEEP,      /* moves the write-ahead log into the file, while batches go on */
	CHORE_CHECKPOINT, /* and what has come meanwhile, so that it can begin anew */
	CHORE_BLOCK,
	CHORE_FINISH,
	CHORE_TRIM,
	CHORE_RETAIN,
	CHORE_INDEX,
	CHORE_FORGET,
	CHORE_SCRUB, /* the index is written anew, without the words of what went by wish */
	CHORE_VACUUM,
	CHORE_TRUNCATE,
	CHORE_END,
};

enum asking { ASKING_NOT, ASKING_ITEMS, ASKING_DURABLE, ASKING_FINISH };

/* A snapshot being made: items are asked for, written in blocks, and named when all that they show is durable. */
struct snapshot_making {
	enum asking state;
	int spoiled;    /* why it comes to nothing: -ECANCELED when a record that an item may show was lost */
	int drop;       /* the same, for the job */
	uint64_t older; /* from the job: position of the oldest snapshot kept */
	struct snapshot_writer writer;
	bool alone; /* keep.erase, when it was begun */
	uint64_t position;
	uint64_t nth;
	uint64_t shows; /* the newest record that may be in an item */
	char *block;
	size_t n;
	uint32_t in_block;
	uint32_t covers; /* state records since the one before */
	int64_t started_ms;
	int64_t not_before_ms; /* after one that failed */
};

struct keep {
	struct store_job job;
	enum chore running;
	unsigned wanted; /* bits of enum chore */
	struct worker *aside;
	enum durability durability; /* of a sweep */
	struct snapshot_making making;
	uint32_t since;   /* state records behind the newest snapshot */
	bool urgent;      /* one must be taken at once: the database lacks state */
	bool erase;       /* the next one takes the place of all before, and of all state up to it */
	bool erased;      /* one did, and that state is about to be trimmed */
	uint64_t trim_to; /* state up to here is in every kept snapshot */
	struct timer idle;
	struct timer retain;
	struct timer index; /* words that wait are indexed */
	struct timer scrub;
	uint64_t indexed;   /* the words of what is up to there are */
	bool retaining;
	struct retain_pass pass;
	struct retention retention; /* of the pass */
	int64_t real_ms;            /* of the pass */
};

struct store {
	struct journal base; /* first: a journal is freed as what it is */
	struct journal_owner owner;
	struct store_options options;
	int refs; /* one, and one for each job and disposal that will still be called */
	bool closing;
	bool restored;
	int lock_fd;
	struct disk disk;
	pthread_mutex_t lock; /* for worked */
	pthread_cond_t worked;

	uint64_t head;
	uint64_t kept;    /* the newest kept record */
	uint64_t told;    /* the owner heard of everything up to here */
	uint64_t written; /* stored up to here */
	uint64_t number;  /* of the newest batch */
	uint64_t stored;  /* number of the newest that is stored */
	struct batch batches[2];
	struct batch *gathering;
	struct batch *flying; /* NULL: none is under way */
	struct store_job batch_job;
	struct disposal seal;
	bool sealing;
	struct timer retry;
	struct trouble trouble;
	struct keep keep;
	struct store_history *history; /* store_history.c's */
};

/* store.c */
void store_job_run(struct store_job *j, void (*work)(struct job *job), void (*done)(struct job *job));
void store_job_leave_disk(struct store_job *j); /* in work: what the disk has to say goes to the job */
void store_job_worked(struct store_job *j);     /* the last thing that work does */
void store_job_settled(struct store_job *j);    /* in the loop: logs what it had to say */
void store_job_await(struct store_job *j);      /* until the work is done */
void store_unref(struct store *s);

/* store_history.c */
struct store_history;
int store_history_init(struct store *s);
void store_history_deinit(struct store *s);
void store_history_read(struct journal *j, struct history_read *r);
/* What is kept up to there is written, or never will be. */
void store_history_landed(struct store *s, uint64_t position);
/* Words were indexed, or err: could not be. */
void store_history_indexed(struct store *s, int err);

/* store_keep.c */
int keep_init(struct store *s);
void keep_deinit(struct store *s);
void keep_written(struct store *s, const struct batch *b); /* a batch got through */
void keep_lost(struct store *s);                           /* a batch was given up */
void keep_snapshot_now(struct store *s);                   /* the database lacks state */
void keep_log(struct store *s, bool due, bool is_long);    /* what a job found the write-ahead log to be */
void keep_configured(struct store *s);
void keep_indexed(struct store *s, uint64_t position); /* how far a job found the index */
void keep_index_now(struct store *s);
void keep_stop(struct store *s); /* waits for what is under way, then a last snapshot */
void keep_next(struct store *s);

/* store_making.c */
bool making_wanted(const struct store *s);
void making_start(struct store *s);
int making_collect(struct store *s); /* fills a block. 1: there are no more items; -errno */
int making_write(struct store *s);   /* the block; not in the loop */
int making_finish(struct store *s);  /* not in the loop */
void making_failed(struct store *s, int err);
void making_done(struct store *s);
void making_now(struct store *s); /* from start to end, here */

/* store_retry.c */
bool trouble_again(struct store *s, int err); /* the batch is to be tried again */
void trouble_gave_up(struct store *s, int err, const struct batch *b);
void trouble_over(struct store *s);

/* store_restore.c */
struct restored {
	uint64_t snapshot; /* its position; 0: none */
	uint64_t items;
	uint64_t states;
	int damaged; /* snapshots that were not good */
	bool ended;  /* by each */
};

/* The newest good snapshot. repair: damaged ones are renamed. */
int restore_snapshot(const char *directory, bool repair, journal_each_fn each, void *ctx, struct restored *out);
/* The state behind it; a result code of SQLite. */
int restore_states(struct disk *d, journal_each_fn each, void *ctx, struct restored *out);
