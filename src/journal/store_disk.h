#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "journal/store.h"

struct batch;

/*
 * The side of the store that touches SQLite. It belongs to whichever thread runs a job, or to the loop's while none is
 * under way. Inside, functions return SQLite's result codes (>= 0) or -errno; disk_errno makes the latter of either.
 */

/* What there is to say. The log is the loop's: it passes on what a job left here. */
enum { NOTES_MAX = 4, NOTE_SIZE = 512, DISK_PAGE = 4096 };

struct notes {
	uint32_t count;
	struct {
		enum log_event event;
		char text[NOTE_SIZE];
	} note[NOTES_MAX];
};

enum disk_statement {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_COUNTERS,
	STMT_COUNTER_SET,
	STMT_RECORD_ADD,
	STMT_RECORD_DEL,
	STMT_RECORD_REVISE,
	STMT_MESSAGE_ADD,
	STMT_MESSAGE_DEL,
	STMT_MESSAGE_COUNT,
	STMT_MESSAGE_OLDEST,
	STMT_TARGET_GET,
	STMT_TARGET_ADD,
	STMT_TARGET_DEL,
	STMT_TARGET_MOVE,
	STMT_TARGET_NEXT,
	STMT_STATE_READ,
	STMT_STATE_TRIM,
	STMT_HISTORY_NEWEST,
	STMT_HISTORY_OLDEST,
	STMT_HISTORY_FIND,
	STMT_HISTORY_FETCH,
	STMT_HISTORY_TALKS,
	STMT_SEARCH_NEWEST,
	STMT_SEARCH_OLDEST,
	STMT_INDEX_ADD,
	STMT_INDEX_REMOVE,
	STMT_INDEX_NEXT,
	STMT_RECORD_GET,
	STMT_MESSAGE_FIND,
	STMT_TARGET_NAME,
	STMT_RECORD_AFTER,
	STMT_FORGET_ADD,
	STMT_FORGET_NEXT,
	STMT_FORGET_FIND,
	STMT_FORGET_MOVE,
	STMT_FORGET_DEL,
	STMT_END,
};

/* Where messages go, with the number that stands for its name. */
struct target {
	int64_t id;
	int64_t count; /* of its messages; -1: not counted */
	struct str name;
	char memory[];
};

struct disk {
	char *directory;
	char *path;
	sqlite3 *db; /* NULL: it could not be opened again */
	sqlite3_stmt *statements[STMT_END];
	struct map targets;
	struct notes *notes; /* of the job that runs */

	uint64_t position; /* of the newest record known to be stored */
	uint64_t indexed;  /* up to where the words of messages are in the index */
	bool (*text)(struct str bytes, struct journal_text *out); /* the owner's; NULL: no index */
	uint64_t epoch;    /* that this process writes in */
	bool claimed;      /* the epoch stands in the file */
	bool renewed;      /* a fresh file was begun: nobody has taken note yet */
	bool suspect;      /* the handle, after a failure: it is opened again */
	int64_t opened_ms;
	int open_busy_ms;           /* how long opening waits for another process (a backup) that has the file locked */
	enum durability durability; /* as the handle is set */
	int wal_pages;
	int wal_moved; /* of them, known to be in the file */
	int wal_due;   /* pages at which they are moved to the file */
	int wal_step;  /* from one time to the next, when little is written */
	int wal_reach; /* the same, as it is now */
};

/* How far a look through the targets has come; zeroed to begin. */
struct retain_pass {
	int64_t id;      /* of the target looked at last */
	int64_t next_ms; /* when the next message will be too old; 0: none will */
};

/* store_disk.c */
void disk_init(struct disk *d, const char *directory, int wal_step);
void disk_deinit(struct disk *d);
int disk_handle_open(struct disk *d, int flags);
void disk_handle_close(struct disk *d);                                  /* moves the write-ahead log into the file */
void disk_handle_abandon(struct disk *d);                                /* leaves both as they are */
sqlite3_stmt *disk_statement(struct disk *d, enum disk_statement which); /* NULL: disk_code says why */
int disk_code(const struct disk *d);
int disk_exec(struct disk *d, const char *sql);
int disk_run(sqlite3_stmt *st);                                 /* to its end; its rows are of no interest */
struct str disk_column(sqlite3_stmt *st, int column);           /* of its row; valid until the next step */
int disk_number(struct disk *d, const char *sql, int64_t *out); /* one number; 0 when there is none */
int disk_begin(struct disk *d);
int disk_end(struct disk *d, int rc); /* commits when rc is fine, or undoes all; what came of it */
int disk_durability(struct disk *d, enum durability durability);
void disk_checkpoint(struct disk *d);                         /* moves the write-ahead log into the file */
int disk_sweep(const char *path, enum durability durability); /* the same, from any thread, while batches go on */
bool disk_wal_is_due(const struct disk *d);
int64_t disk_wal_limit(const struct disk *d); /* bytes that its file may keep when it begins anew */
bool disk_wal_is_long(const struct disk *d);  /* because of a reader: it is to be cut when that is gone */
bool disk_truncate(struct disk *d);           /* the write-ahead log; false: a reader is in the way */
int disk_vacuum(struct disk *d);              /* one step; 1: there is more */
void disk_note(struct disk *d, enum log_event event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void notes_log(struct notes *notes, const char *path);

/* store_schema.c */
enum { SCHEMA_VERSION = 5 };
int disk_open(struct disk *d, char *why, size_t size); /* anything but 0 comes with a sentence */
int disk_project(struct disk *d);                      /* drops and rebuilds what answers queries, in a transaction */

/* store_target.c */
int disk_target(struct disk *d, struct str name, struct target **out); /* made at need */
int disk_target_id(struct disk *d, struct str name, int64_t *id);      /* 0 in *id: nothing is kept of it */
void disk_target_drop(struct disk *d, struct str name);                /* from memory */
/* move: as journal_about has it. What is under the new names is put aside, where its age ends it; position: of now. */
int disk_targets_move(struct disk *d, struct str move, uint64_t position);
struct target *disk_target_known(struct disk *d, struct str name);
void disk_targets_forget(struct disk *d); /* after a transaction was undone */

/* store_write.c */
int disk_write(struct disk *d, const struct batch *b); /* 0 or -errno; -ESTALE: somebody else wrote to the file */
int disk_trim(struct disk *d, uint64_t position);      /* state up to there, one step; 1: there is more */

/* store_index.c */
enum { INDEX_FORM = 3, INDEX_ROWS = 4000, INDEX_NICK = 'n', INDEX_ACCOUNT = 'a' };
#define INDEX_DROP "DROP TABLE IF EXISTS message_text;"
#define INDEX_CREATE                                                                                                   \
	"CREATE VIRTUAL TABLE message_text USING fts5(words, content='', columnsize=0, detail=none,"                   \
	" tokenize='unicode61 remove_diacritics 2');"                                                                  \
	"INSERT OR REPLACE INTO meta(key, value) VALUES('indexed', 0), ('index_form', 3);"
struct message_row {
	uint64_t position;
	int64_t target_id, time;
	struct str bytes;
};
/* What stands for a name, or a target, among the words, with a blank behind it. */
void index_put_name(struct buf *out, char kind, struct str name);
/* The same of an account, as a query has it. */
enum { INDEX_ACCOUNT_MAX = 512 };
void index_put_account(struct buf *out, struct str account);
void index_put_target(struct buf *out, int64_t id);
int disk_index_open(struct disk *d);
int disk_index_remove(struct disk *d, const struct message_row *m);
int disk_index_add(struct disk *d, const struct message_row *m); /* once more, with other words */
/* One step on towards the newest, a transaction of its own. 1: there is more; 0; -errno. */
int disk_index_step(struct disk *d, uint32_t rows);
/*
 * What is removed from the index is only noted there, and its words stay in the file until that part of the index is written
 * anew. To have them gone it is marked stale, in the transaction of the removal; each step of scrubbing writes on.
 */
int disk_index_mark_stale(struct disk *d);
int disk_index_scrub_step(struct disk *d); /* 1: there is more; 0; -errno */

/* store_remove.c */
struct batch_record;
int disk_message_remove(struct disk *d, uint64_t position); /* from everywhere; its target's count stays */
int disk_removal(struct disk *d, const struct batch_record *r);
int disk_revision(struct disk *d, const struct batch_record *r);
/*
 * Up to which position, that of the last record at most, all is older than since; 0: nothing is. Time rises with positions, but
 * for a clock that was put back by much.
 */
int disk_position_before(struct disk *d, int64_t since, uint64_t last, uint64_t *before);
/* A transaction of its own. 1: there is more; 0; -errno; DISK_FORGET_STATE: state up to now must be trimmed for it. */
enum { DISK_FORGET_STATE = 2 };
int disk_forget_step(struct disk *d);

/* store_trouble.c */
bool disk_is_damage(int rc);
int disk_errno(int rc);
int disk_renew(struct disk *d, int rc);      /* sets the file aside and begins a fresh one; 0 or -errno */
int disk_ready(struct disk *d);              /* opens it again where that may help */
int disk_room(struct disk *d, size_t bytes); /* -ENOSPC: so much more must not be written */

/* store_retention.c */
/* One step through the targets. 1: there is more; 0: the pass is over. */
int disk_retain(struct disk *d, const struct retention *r, int64_t now_ms, struct retain_pass *pass);
