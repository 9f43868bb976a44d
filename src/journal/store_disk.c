#include "journal/store_disk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"

/* Free pages are used again before the file grows; only more than these, and more than an eighth, is given back. */
enum { VACUUM_MIN = 256, VACUUM_PART = 8, VACUUM_STEP = 64 };

/*
 * While more is written, the write-ahead log may get longer before it is moved, so that what comes meanwhile, which
 * batches must wait for, stays a small part of it.
 */
enum { WAL_PARTS = 4, WAL_STEPS_MAX = 16 };

#define SEARCH                                                                                                         \
	"SELECT j.position, j.time, j.target_id, j.msgid, j.bytes FROM message_text f CROSS JOIN journal j"            \
	" ON j.position = f.rowid WHERE f.message_text MATCH ?1 AND f.rowid BETWEEN ?4 AND ?5 AND j.class = 1"         \
	" AND j.time BETWEEN ?2 AND ?3"                                                                                \
	" ORDER BY f.rowid"

static const char *const sql_of[STMT_END] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_COUNTERS] = "SELECT (SELECT value FROM meta WHERE key = 'epoch'),"
			  " (SELECT value FROM meta WHERE key = 'batch')",
	[STMT_COUNTER_SET] = "UPDATE meta SET value = ?2 WHERE key = ?1",
	[STMT_RECORD_ADD] = "INSERT INTO journal(position, class, time, target_id, msgid, bytes)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_RECORD_DEL] = "DELETE FROM journal WHERE position = ?1",
	[STMT_RECORD_REVISE] = "UPDATE journal SET bytes = ?2 WHERE position = ?1",
	[STMT_MESSAGE_ADD] = "INSERT OR REPLACE INTO message_at(target_id, time, position) VALUES(?1, ?2, ?3)",
	[STMT_MESSAGE_DEL] = "DELETE FROM message_at WHERE target_id = ?1 AND time = ?2 AND position = ?3",
	[STMT_MESSAGE_COUNT] = "SELECT count(*) FROM message_at WHERE target_id = ?1",
	[STMT_MESSAGE_OLDEST] = "SELECT time, position FROM message_at WHERE target_id = ?1"
				" ORDER BY time, position LIMIT ?2",
	[STMT_TARGET_GET] = "SELECT id FROM targets WHERE name = ?1",
	[STMT_TARGET_ADD] = "INSERT INTO targets(name) VALUES(?1)",
	[STMT_TARGET_DEL] = "DELETE FROM targets WHERE id = ?1",
	[STMT_TARGET_MOVE] = "UPDATE targets SET name = ?2 WHERE name = ?1",
	[STMT_TARGET_NEXT] = "SELECT id, name FROM targets WHERE id > ?1 ORDER BY id LIMIT 1",
	[STMT_STATE_READ] = "SELECT position, bytes FROM journal WHERE class = 2 AND position > ?1 ORDER BY position",
	[STMT_STATE_TRIM] = "DELETE FROM journal WHERE position IN (SELECT position FROM journal"
			    " WHERE class = 2 AND position <= ?1 ORDER BY position LIMIT ?2)",
	[STMT_HISTORY_NEWEST] = "SELECT time, position FROM message_at WHERE target_id = ?1"
				" AND (time, position) < (?2, ?3) AND (time, position) > (?4, ?5)"
				" ORDER BY time DESC, position DESC LIMIT ?6",
	[STMT_HISTORY_OLDEST] = "SELECT time, position FROM message_at WHERE target_id = ?1"
				" AND (time, position) < (?2, ?3) AND (time, position) > (?4, ?5)"
				" ORDER BY time, position LIMIT ?6",
	[STMT_HISTORY_FIND] = "SELECT time, position, (SELECT name FROM targets WHERE id = target_id) FROM journal"
			      " WHERE msgid = ?1 AND class = 1",
	[STMT_HISTORY_FETCH] = "SELECT msgid, bytes FROM journal WHERE position = ?1",
	[STMT_HISTORY_TALKS] = "SELECT name FROM targets WHERE name >= '@' || ?1 || ' ' AND name < '@' || ?1 || '!'"
			       " UNION SELECT name FROM targets WHERE substr(name, instr(name, ' ') + 1) = ?1"
			       " AND substr(name, 1, 1) = '@'",
	[STMT_SEARCH_NEWEST] = SEARCH " DESC",
	[STMT_SEARCH_OLDEST] = SEARCH,
	[STMT_INDEX_ADD] = "INSERT INTO message_text(rowid, words) VALUES(?1, ?2)",
	[STMT_INDEX_REMOVE] = "INSERT INTO message_text(message_text, rowid, words) VALUES('delete', ?1, ?2)",
	[STMT_INDEX_NEXT] = "SELECT position, class, target_id, bytes FROM journal WHERE position > ?1"
			    " ORDER BY position LIMIT ?2",
	[STMT_RECORD_GET] = "SELECT target_id, time, bytes FROM journal WHERE position = ?1",
	[STMT_MESSAGE_FIND] = "SELECT position, target_id FROM journal WHERE class = 1 AND msgid = ?1",
	[STMT_TARGET_NAME] = "SELECT name FROM targets WHERE id = ?1",
	[STMT_RECORD_AFTER] = "SELECT position, time FROM journal WHERE position > ?1 ORDER BY position LIMIT 1",
	[STMT_FORGET_ADD] = "INSERT OR REPLACE INTO forgetting(account, places, upto, at) VALUES(?1, ?4, ?2, ?3)",
	[STMT_FORGET_NEXT] = "SELECT account, upto, at, places FROM forgetting ORDER BY at >= upto LIMIT 1",
	[STMT_FORGET_FIND] = "SELECT f.rowid, j.target_id, j.bytes, j.time, j.msgid FROM message_text f CROSS JOIN journal j"
			     " ON j.position = f.rowid WHERE f.message_text MATCH ?1 AND f.rowid > ?2"
			     " AND f.rowid <= ?3 ORDER BY f.rowid LIMIT ?4",
	[STMT_FORGET_MOVE] = "UPDATE forgetting SET at = ?2 WHERE account = ?1 AND places = ?3",
	[STMT_FORGET_DEL] = "DELETE FROM forgetting WHERE account = ?1 AND upto = ?2 AND places = ?3",
};

static struct str target_key(const void *item)
{
	return ((const struct target *)item)->name;
}

void disk_init(struct disk *d, const char *directory, int wal_step)
{
	size_t n = strlen(directory) + sizeof("/chatd.db");
	struct hash_key key;

	arc4random_buf(&key, sizeof(key));
	memset(d, 0, sizeof(*d));
	d->directory = mem_strdup(directory);
	d->path = mem_alloc(n);
	snprintf(d->path, n, "%s/chatd.db", directory);
	d->wal_step = wal_step;
	map_init(&d->targets, target_key, &key);
}

void disk_deinit(struct disk *d)
{
	disk_handle_close(d);
	map_deinit(&d->targets);
	mem_free(d->path);
	mem_free(d->directory);
}

/*
 * In the place of SQLite's own hook, which moves the log within a commit. It begins anew when all of it was moved and
 * no reader is left in it.
 */
static int count_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct disk *d = ctx;

	(void)db;
	(void)name;
	if (pages < d->wal_pages) {
		d->wal_due = d->wal_reach;
		d->wal_moved = 0;
	}
	d->wal_pages = pages;
	return SQLITE_OK;
}

int disk_handle_open(struct disk *d, int flags)
{
	int rc = sqlite3_open_v2(d->path, &d->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	d->opened_ms = clock_mono_us() / 1000;
	d->suspect = false;
	d->wal_pages = d->wal_moved = 0;
	d->wal_due = d->wal_reach = d->wal_step;
	if (!d->db)
		return SQLITE_NOMEM;
	sqlite3_extended_result_codes(d->db, 1);
	sqlite3_wal_hook(d->db, count_pages, d);
	return rc;
}

void disk_handle_close(struct disk *d)
{
	for (int i = 0; i < STMT_END; i++) {
		sqlite3_finalize(d->statements[i]);
		d->statements[i] = NULL;
	}
	disk_targets_forget(d);
	sqlite3_close(d->db);
	d->db = NULL;
}

void disk_handle_abandon(struct disk *d)
{
	if (d->db)
		sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	disk_handle_close(d);
}

int disk_code(const struct disk *d)
{
	return sqlite3_extended_errcode(d->db);
}

sqlite3_stmt *disk_statement(struct disk *d, enum disk_statement which)
{
	sqlite3_stmt **st = &d->statements[which];

	if (!*st)
		sqlite3_prepare_v3(d->db, sql_of[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	return *st;
}

int disk_exec(struct disk *d, const char *sql)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL);
}

/* In this order: how many bytes there are is known when they were asked for. */
struct str disk_column(sqlite3_stmt *st, int column)
{
	struct str s;

	s.p = sqlite3_column_blob(st, column);
	s.n = (size_t)sqlite3_column_bytes(st, column);
	return s;
}

int disk_run(sqlite3_stmt *st)
{
	int rc;

	do
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int disk_number(struct disk *d, const char *sql, int64_t *out)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);

	*out = 0;
	if (rc)
		return rc;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int disk_begin(struct disk *d)
{
	sqlite3_stmt *st = disk_statement(d, STMT_BEGIN);

	return st ? disk_run(st) : disk_code(d);
}

int disk_end(struct disk *d, int rc)
{
	sqlite3_stmt *st;

	if (!rc) {
		st = disk_statement(d, STMT_COMMIT);
		rc = st ? disk_run(st) : disk_code(d);
	}
	if (rc) {
		/* SQLite has undone it already where it could not go on at all. */
		if (!sqlite3_get_autocommit(d->db))
			disk_exec(d, "ROLLBACK");
		disk_targets_forget(d);
	}
	return rc;
}

int disk_durability(struct disk *d, enum durability durability)
{
	static const char *const sql[] = {
		[DURABILITY_POWER] = "PRAGMA synchronous = FULL",
		[DURABILITY_CRASH] = "PRAGMA synchronous = NORMAL",
		[DURABILITY_NONE] = "PRAGMA synchronous = OFF",
	};
	int rc = disk_exec(d, sql[durability]);

	if (!rc)
		d->durability = durability;
	return rc;
}

/* Batches never find the file locked by it. The handle must not do at its end what was meant for the last of all. */
int disk_sweep(const char *path, enum durability durability)
{
	sqlite3 *db;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!rc)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (!rc && durability == DURABILITY_NONE)
		rc = sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (!rc)
		rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite3_close(db);
	return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

/* While a reader stays, the log goes on behind what was moved; the rest is tried when it has grown as much again. */
void disk_checkpoint(struct disk *d)
{
	int moved = 0;
	int rc = d->db ? sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &moved) : SQLITE_OK;

	if (!rc && moved <= d->wal_pages)
		d->wal_moved = moved;
	d->wal_reach = WAL_PARTS * (d->wal_pages - d->wal_due);
	if (d->wal_reach < d->wal_step)
		d->wal_reach = d->wal_step;
	if (d->wal_reach > WAL_STEPS_MAX * d->wal_step)
		d->wal_reach = WAL_STEPS_MAX * d->wal_step;
	d->wal_due = d->wal_pages + d->wal_reach;
	if (rc && rc != SQLITE_BUSY)
		disk_note(d, EVENT_STORE_CHECKPOINT_FAILED,
			  "journal: the write-ahead log could not be moved into %s: %s", d->path, sqlite3_errstr(rc));
}

bool disk_wal_is_due(const struct disk *d)
{
	return d->wal_pages >= d->wal_due;
}

/* Up to there its file is kept and written over: that is faster than to let it grow anew. */
bool disk_wal_is_long(const struct disk *d)
{
	return d->wal_pages > 2 * d->wal_reach;
}

int64_t disk_wal_limit(const struct disk *d)
{
	return (int64_t)WAL_STEPS_MAX * d->wal_step * DISK_PAGE;
}

bool disk_truncate(struct disk *d)
{
	if (d->db && sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		return false;
	d->wal_pages = d->wal_moved = 0;
	d->wal_due = d->wal_reach;
	return true;
}

int disk_vacuum(struct disk *d)
{
	char sql[64];
	int64_t pages = 0, unused = 0;
	int rc = d->db ? disk_number(d, "PRAGMA page_count", &pages) : SQLITE_OK;

	if (!rc && d->db)
		rc = disk_number(d, "PRAGMA freelist_count", &unused);
	if (rc || unused < VACUUM_MIN || unused < pages / VACUUM_PART)
		return rc ? disk_errno(rc) : 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", VACUUM_STEP);
	rc = disk_exec(d, sql);
	return rc ? disk_errno(rc) : 1;
}

void disk_note(struct disk *d, enum log_event event, const char *fmt, ...)
{
	struct notes *notes = d->notes;
	va_list ap;

	if (!notes || notes->count == NOTES_MAX)
		return;
	notes->note[notes->count].event = event;
	va_start(ap, fmt);
	vsnprintf(notes->note[notes->count].text, NOTE_SIZE, fmt, ap);
	va_end(ap);
	notes->count++;
}

void notes_log(struct notes *notes, const char *path)
{
	for (uint32_t i = 0; i < notes->count; i++)
		log_event(notes->note[i].event, LOG_FIELDS({"CHATD_FILE", path}), "%s", notes->note[i].text);
	notes->count = 0;
}
