#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/history_source.h"
#include "journal/store_private.h"
#include "journal/store_search.h"

/*
 * History of a store. Its thread has a handle of its own that reads alone: batches never wait for it, nor it for them.
 * A read waits for the batch that has what was ordered before it; that is the only time they meet.
 */
enum { READ_BUSY_MS = 2000, LONGEST_MS = 500, LATE_STEPS = 2000 };

struct store_history {
	struct worker *worker;
	STAILQ_HEAD(, history_read) waiting;
	STAILQ_HEAD(, history_read) unindexed; /* searches that wait for words to be indexed */
	/* The thread's. */
	struct disk disk;
	ino_t file;       /* that the handle is of: a damaged one is exchanged for another */
	int64_t until_ms; /* when what is under way has taken too long */
};

/* In the thread */

static int open_file(struct store_history *h)
{
	struct stat st;
	int rc;

	/* Not -ENOENT, which is said of messages. */
	if (stat(h->disk.path, &st) < 0)
		return SQLITE_CANTOPEN;
	if (h->disk.db && st.st_ino == h->file)
		return 0;
	disk_handle_abandon(&h->disk);
	rc = disk_handle_open(&h->disk, SQLITE_OPEN_READONLY);
	if (rc) {
		disk_handle_abandon(&h->disk);
		return rc;
	}
	sqlite3_busy_timeout(h->disk.db, READ_BUSY_MS);
	h->file = st.st_ino;
	return 0;
}

/* 0 in *id: nothing is kept of it. */
int disk_target_id(struct disk *d, struct str name, int64_t *id)
{
	sqlite3_stmt *st = disk_statement(d, STMT_TARGET_GET);
	int rc;

	*id = 0;
	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, name.p, (int)name.n, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int scan(void *ctx, struct history_scan *s)
{
	struct disk *d = ctx;
	sqlite3_stmt *st = disk_statement(d, s->newest ? STMT_HISTORY_NEWEST : STMT_HISTORY_OLDEST);
	int64_t id = 0;
	int rc = st ? disk_target_id(d, s->target->name, &id) : disk_code(d);

	s->count = 0;
	if (rc || !id)
		return rc;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, s->before.time);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)s->before.position);
	sqlite3_bind_int64(st, 4, s->after.time);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)s->after.position);
	sqlite3_bind_int64(st, 6, s->limit);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && s->count < s->limit)
		s->places[s->count++] = (struct history_place){sqlite3_column_int64(st, 0),
							       (uint64_t)sqlite3_column_int64(st, 1), NULL};
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool is_asked(const struct history_read *r, struct str name)
{
	for (uint32_t i = 0; i < r->targets.count; i++)
		if (str_eq(((const struct history_target *)r->targets.items[i])->name, name))
			return true;
	return false;
}

static int find(void *ctx, const struct history_read *r, struct str msgid, struct history_place *out)
{
	struct disk *d = ctx;
	sqlite3_stmt *st = disk_statement(d, STMT_HISTORY_FIND);
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, msgid.p, (int)msgid.n, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && !is_asked(r, disk_column(st, 2)))
		continue;
	if (rc == SQLITE_ROW)
		*out = (struct history_place){sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1), NULL};
	sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return -ENOENT;
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int fetch(void *ctx, const struct history_place *at, struct history_row **out)
{
	struct disk *d = ctx;
	sqlite3_stmt *st = disk_statement(d, STMT_HISTORY_FETCH);
	struct history_row row = {.position = at->position, .time = at->time};
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)at->position);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		row.msgid = disk_column(st, 0);
		row.bytes = disk_column(st, 1);
		*out = history_row_new(&row);
		if (!*out)
			rc = SQLITE_NOMEM;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int talks(void *ctx, struct str person, history_talk_fn each, void *each_ctx)
{
	struct disk *d = ctx;
	sqlite3_stmt *st = disk_statement(d, STMT_HISTORY_TALKS);
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, person.p, (int)person.n, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		each(each_ctx, disk_column(st, 0));
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool is_late(void *disk)
{
	const struct store_history *h =
		(const struct store_history *)((char *)disk - offsetof(struct store_history, disk));

	return clock_mono_us() / 1000 > h->until_ms;
}

static int stop_late(void *disk)
{
	return is_late(disk);
}

/* A page is as dear as it is long. How long it takes to look through what there is depends on how much that is. */
static void answer(struct store_history *h, struct history_read *r)
{
	const struct history_source source = {scan, find, fetch, store_search, talks, store_said, &h->disk, is_late};
	bool bounded = r->kind == HISTORY_SEARCH || r->kind == HISTORY_TALKS || r->kind == HISTORY_SAID;

	h->until_ms = clock_mono_us() / 1000 + LONGEST_MS;
	if (bounded)
		sqlite3_progress_handler(h->disk.db, LATE_STEPS, stop_late, &h->disk);
	history_answer(r, &source);
	sqlite3_progress_handler(h->disk.db, 0, NULL, NULL);
}

/* In one transaction, so that what is found is there when it is fetched. */
static void work(struct job *job)
{
	struct history_read *r = (struct history_read *)((char *)job - offsetof(struct history_read, job));
	struct store_history *h = ((struct store *)r->reader)->history;
	int rc = r->err ? r->err : open_file(h);

	if (!rc)
		rc = disk_exec(&h->disk, "BEGIN");
	if (!rc) {
		answer(h, r);
		disk_exec(&h->disk, "COMMIT");
	} else {
		r->err = rc;
	}
	if (r->err == -ENOENT) {
		r->err = HISTORY_NO_MESSAGE;
	} else if (r->err == -ETIME || r->err == SQLITE_INTERRUPT) {
		r->err = HISTORY_TOO_LONG;
	} else if (r->err) {
		/* The next one begins with a handle that has seen no trouble. */
		disk_handle_abandon(&h->disk);
		r->err = disk_errno(r->err);
	}
}

/* In the loop */

static void done(struct job *job)
{
	struct history_read *r = (struct history_read *)((char *)job - offsetof(struct history_read, job));
	struct store *s = r->reader;

	if (r->err < 0)
		log_event(EVENT_HISTORY_FAILED,
			  LOG_FIELDS({"CHATD_FILE", s->disk.path}, {"CHATD_REASON", strerror(-r->err)}),
			  "history: %s could not be read: %s", s->disk.path, strerror(-r->err));
	history_read_end(r);
	store_unref(s);
}

static void give(struct store *s, struct history_read *r)
{
	worker_run(s->history->worker, &r->job);
}

/* All that it must see is written, or never will be; the words of it may not be indexed. */
static void give_written(struct store *s, struct history_read *r)
{
	bool by_words = r->kind == HISTORY_SEARCH || r->kind == HISTORY_SAID;

	if (!by_words || s->closing || !s->owner.text || s->keep.indexed >= s->written) {
		give(s, r);
		return;
	}
	r->needs = s->written;
	STAILQ_INSERT_TAIL(&s->history->unindexed, r, next);
	keep_index_now(s);
}

void store_history_indexed(struct store *s, int err)
{
	struct history_read *r;

	while (s->history && (r = STAILQ_FIRST(&s->history->unindexed)) &&
	       (err || s->closing || r->needs <= s->keep.indexed)) {
		STAILQ_REMOVE_HEAD(&s->history->unindexed, next);
		r->err = err;
		give(s, r);
	}
}

void store_history_read(struct journal *j, struct history_read *r)
{
	struct store *s = (struct store *)j;

	r->under_way = true;
	r->reader = s;
	r->job.work = work;
	r->job.done = done;
	r->needs = s->kept;
	s->refs++;
	if (s->flying || s->gathering->count)
		STAILQ_INSERT_TAIL(&s->history->waiting, r, next);
	else
		give_written(s, r);
}

void store_history_landed(struct store *s, uint64_t position)
{
	struct history_read *r;

	while ((r = STAILQ_FIRST(&s->history->waiting)) && r->needs <= position) {
		STAILQ_REMOVE_HEAD(&s->history->waiting, next);
		give_written(s, r);
	}
}

int store_history_init(struct store *s)
{
	struct store_history *h = mem_zalloc(sizeof(*h));
	int64_t ignored;
	int err = worker_new(&h->worker, s->options.loop);

	if (err) {
		mem_free(h);
		return err;
	}
	STAILQ_INIT(&h->waiting);
	STAILQ_INIT(&h->unindexed);
	disk_init(&h->disk, s->disk.directory, 1);
	h->disk.text = s->owner.text;
	/* So that its descriptors are there from the start; where that fails the first read tries again. */
	if (!open_file(h))
		(void)disk_number(&h->disk, "SELECT count(*) FROM meta", &ignored);
	s->history = h;
	return 0;
}

/* What is asked still is answered first. */
void store_history_deinit(struct store *s)
{
	struct store_history *h = s->history;

	if (!h)
		return;
	store_history_landed(s, UINT64_MAX);
	store_history_indexed(s, 0);
	worker_free(h->worker);
	disk_handle_abandon(&h->disk);
	disk_deinit(&h->disk);
	mem_free(h);
	s->history = NULL;
}
