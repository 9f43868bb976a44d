#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fault_vfs.h"
#include "store_fixture.h"

static uint32_t *copy_state(const struct store_test *t)
{
	uint32_t *copy = malloc(STATE_SIZE * sizeof(*copy));

	assert_non_null(copy);
	memcpy(copy, t->state, STATE_SIZE * sizeof(*copy));
	return copy;
}

static void same_state(const struct store_test *t, uint32_t *copy)
{
	assert_memory_equal(t->state, copy, STATE_SIZE * sizeof(*copy));
	free(copy);
}

static void overwrite(const struct store_test *t, long at, size_t n)
{
	char path[512];
	FILE *f;

	store_test_path(t, "chatd.db", path);
	f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	while (n--)
		fputc('!', f);
	fclose(f);
}

static long file_size(const struct store_test *t, const char *name)
{
	char path[512];
	struct stat st;

	store_test_path(t, name, path);
	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void begin_with_state(struct store_test *t)
{
	store_test_begin(t);
	store_test_open(t);
	store_test_restore(t);
	for (uint32_t i = 0; i < 500; i++)
		store_test_state(t, i, i + 1);
	store_test_settle(t);
	store_test_restart(t);
	t->seen_n = 0;
}

static bool has_snapshot_of_501(struct store_test *t)
{
	return store_test_files(t, "snapshot-501", NULL) == 1;
}

static bool has_two_snapshots(struct store_test *t)
{
	return store_test_files(t, "snapshot-", NULL) == 2;
}

/* No database at all where it was: it is kept under another name, the state comes from the snapshot. */
static void test_damaged_at_start(void **state)
{
	static const struct {
		long at;
		size_t n;
	} places[] = {{0, 100}, {0, 4096}, {20, 2}, {4096, 8192}};
	struct store_test t;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint32_t *before;

		begin_with_state(&t);
		before = copy_state(&t);
		store_test_close(&t);
		overwrite(&t, places[i].at, places[i].n);
		store_test_open(&t);
		store_test_restore(&t);
		same_state(&t, before);
		assert_int_equal(t.journal->ops->head(t.journal), 500);
		store_test_state(&t, 1, 77);
		store_test_settle(&t);
		assert_int_equal(t.err, 0);
		assert_true(store_test_logged(&t, ".damaged-"));
		assert_in_range(store_test_files(&t, "chatd.db.damaged-", NULL), 1, 3);
		store_test_restart(&t);
		assert_int_equal(t.state[1], 77);
		store_test_end(&t);
	}
}

static long page_of(const struct store_test *t, const char *name)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_master WHERE name = '%s'", name);
	return (long)store_test_number(t, sql);
}

/* The batch that meets the damage goes to the fresh file, and a snapshot makes up for the state that is gone. */
static void test_damaged_while_running(void **state)
{
	static const char *const names[] = {"journal", "journal_state", "meta", "targets", "message_at"};
	struct store_test t;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t *before;
		long page;

		begin_with_state(&t);
		page = page_of(&t, names[i]);
		store_test_close(&t);
		overwrite(&t, (page - 1) * 4096, 4096);
		store_test_open(&t);
		t.restored = 0;
		store_test_restore(&t);
		if (!store_test_logged(&t, ".damaged-")) {
			store_test_message(&t, "#a", 5);
			store_test_settle(&t);
		} else {
			store_test_append(&t, &(struct item){.class = JOURNAL_MESSAGE, .target = "#b", .value = 6});
			store_test_settle(&t);
		}
		assert_int_equal(t.err, 0);
		assert_true(store_test_logged(&t, ".damaged-"));
		assert_int_equal(t.errors, 1);
		/* Its write-ahead log is kept beside it. */
		assert_int_equal(store_test_files(&t, "chatd.db.damaged-", NULL), 3);
		assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal WHERE position = 501"), 1);
		store_test_until(&t, has_snapshot_of_501);
		before = copy_state(&t);
		store_test_restart(&t);
		same_state(&t, before);
		assert_int_equal(t.restored, t.size);
		store_test_end(&t);
	}
}

static void fail_and_recover(int error, int expected)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;
	uint32_t *before, errors;
	char words[64];

	begin_with_state(&t);
	store_test_close(&t);
	t.options.tuning.busy_ms = 500;
	store_test_open(&t);
	store_test_restore(&t);
	t.seen_n = 0;
	atomic_store(&faults->write_error, error);
	store_test_message(&t, "#a", 1);
	store_test_state(&t, 2, 22222);
	store_test_settle(&t);
	snprintf(words, sizeof(words), "o501 o502 f502:%d ", -expected);
	store_test_saw(&t, words);
	/* The next is tried once, and the log is not filled. */
	errors = t.errors;
	store_test_message(&t, "#a", 2);
	store_test_settle(&t);
	store_test_message(&t, "#a", 3);
	store_test_settle(&t);
	assert_int_equal(t.err, expected);
	assert_int_equal(errors, 1);
	assert_int_equal(t.errors, 1);
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 1);
	/* It works again by itself, and what state was lost comes back with a snapshot. */
	atomic_store(&faults->write_error, 0);
	store_test_message(&t, "#a", 4);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	assert_true(store_test_logged(&t, "is written again; 4 records were lost"));
	store_test_until(&t, has_two_snapshots);
	assert_int_equal(store_test_files(&t, "snapshot-505", NULL), 1);
	before = copy_state(&t);
	store_test_restart(&t);
	same_state(&t, before);
	assert_int_equal(t.state[2], 22222);
	assert_int_equal(store_test_number(&t, "SELECT group_concat(position) = '505' FROM journal WHERE class = 1"),
			 1);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

static void test_full(void **state)
{
	(void)state;
	fail_and_recover(SQLITE_FULL, -ENOSPC);
}

static void test_read_only(void **state)
{
	(void)state;
	fail_and_recover(SQLITE_READONLY, -EROFS);
}

static void test_write_error(void **state)
{
	(void)state;
	fail_and_recover(SQLITE_IOERR_WRITE, -EIO);
}

/* A fault that is over within the time: nobody notices. */
static void test_passing_fault(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;

	(void)state;
	begin_with_state(&t);
	atomic_store(&faults->write_error, SQLITE_FULL);
	store_test_message(&t, "#a", 1);
	store_test_turns(&t, 200);
	store_test_message(&t, "#a", 2);
	atomic_store(&faults->write_error, 0);
	store_test_settle(&t);
	store_test_saw(&t, "o501 o502 d501 d502 ");
	assert_int_equal(t.errors, 0);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal JOIN targets ON id = target_id"), 2);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

/* An fsync that fails leaves nobody believing. */
static void test_sync_error(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	t.options.durability = DURABILITY_POWER;
	t.options.tuning.busy_ms = 250;
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_settle(&t);
	atomic_store(&faults->sync_error, SQLITE_IOERR_FSYNC);
	store_test_message(&t, "#a", 2);
	store_test_settle(&t);
	assert_int_equal(t.err, -EIO);
	atomic_store(&faults->sync_error, 0);
	store_test_message(&t, "#a", 3);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	store_test_restart(&t);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal WHERE position IN (1, 3)"), 2);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

/* Ending while nothing can be written ends in bounded time, and says what is lost. */
static void test_end_in_trouble(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;
	int64_t begun;

	(void)state;
	begin_with_state(&t);
	atomic_store(&faults->write_error, SQLITE_FULL);
	store_test_message(&t, "#a", 1);
	store_test_turns(&t, 50);
	store_test_message(&t, "#a", 2);
	begun = clock_mono_us();
	store_test_close(&t);
	assert_true(clock_mono_us() - begun < 3000000);
	store_test_saw(&t, "o501 o502 f501:28 f502:28 ");
	atomic_store(&faults->write_error, 0);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

static sqlite3 *other_connection(const struct store_test *t, const char *sql)
{
	char path[512];
	sqlite3 *db;

	store_test_path(t, "chatd.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void test_locked(void **state)
{
	struct store_test t;
	sqlite3 *db;
	int64_t begun;

	(void)state;
	begin_with_state(&t);
	store_test_close(&t);
	t.options.tuning.busy_ms = 400;
	store_test_open(&t);
	store_test_restore(&t);
	t.seen_n = 0;
	/* Short: it is waited for. */
	db = other_connection(&t, "BEGIN IMMEDIATE");
	store_test_message(&t, "#a", 1);
	store_test_turns(&t, 100);
	assert_int_equal(t.durable, 500);
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	/* Long: it is given up, and then no longer waited for. */
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	store_test_message(&t, "#a", 2);
	begun = clock_mono_us();
	store_test_settle(&t);
	assert_in_range((clock_mono_us() - begun) / 1000, 390, 2000);
	assert_int_equal(t.err, -EBUSY);
	assert_true(store_test_logged(&t, "another process has it locked"));
	store_test_message(&t, "#a", 3);
	begun = clock_mono_us();
	store_test_settle(&t);
	assert_in_range((clock_mono_us() - begun) / 1000, 0, 350);
	assert_int_equal(t.err, -EBUSY);
	sqlite3_close(db);
	store_test_message(&t, "#a", 4);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	store_test_end(&t);
}

static bool log_is_short(struct store_test *t)
{
	return file_size(t, "chatd.db-wal") < 400 * 4096;
}

/* Once it was moved, the next batch is written over its beginning. */
static bool log_begins_anew(struct store_test *t)
{
	store_test_message(t, "#a", 1);
	return log_is_short(t);
}

static void write_much(struct store_test *t)
{
	for (int batch = 0; batch < 100; batch++) {
		for (uint32_t i = 0; i < 20; i++) {
			const struct item item = {.class = JOURNAL_MESSAGE, .key = i, .target = "#a", .padding = 2000};

			assert_int_equal(store_test_append(t, &item), 0);
		}
		store_test_settle(t);
		assert_int_equal(t->err, 0);
	}
}

/* A reader for ten minutes: the log grows and everything is kept; when it has gone, the log is cut. */
static void test_long_reader(void **state)
{
	struct store_test t;
	sqlite3 *db;

	(void)state;
	store_test_begin(&t);
	t.options.tuning.checkpoint_pages = 20;
	t.options.tuning.idle_ms = 20;
	store_test_open(&t);
	write_much(&t);
	store_test_until(&t, log_begins_anew);
	db = other_connection(&t, "BEGIN; SELECT count(*) FROM journal");
	write_much(&t);
	assert_true(file_size(&t, "chatd.db-wal") > 1000 * 4096);
	store_test_turns(&t, 200);
	assert_true(file_size(&t, "chatd.db-wal") > 1000 * 4096);
	sqlite3_close(db);
	store_test_until(&t, log_is_short);
	assert_in_range(store_test_number(&t, "SELECT count(*) FROM journal"), 4001, 10000);
	assert_int_equal(t.errors, 0);
	store_test_end(&t);
}

/* Where no file may grow beyond a few bytes, the snapshot fails: the database is enough, and later one is taken. */
static void test_snapshot_fails(void **state)
{
	const struct rlimit small = {20000, RLIM_INFINITY};
	struct rlimit usual;
	struct store_test t;
	uint32_t *before;

	(void)state;
	begin_with_state(&t);
	t.size = 5000;
	store_test_state(&t, 1, 12);
	store_test_settle(&t);
	before = copy_state(&t);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	store_test_close(&t);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	assert_true(store_test_logged(&t, "no snapshot could be taken"));
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 1);
	store_test_open(&t);
	store_test_restore(&t);
	same_state(&t, before);
	store_test_restart(&t);
	assert_int_equal(t.restored, 5000);
	store_test_end(&t);
}

/* A batch that is lost while a snapshot is made, whose items may show it: no such snapshot comes to be. */
static void test_lost_under_snapshot(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;
	uint32_t *before;

	(void)state;
	begin_with_state(&t);
	store_test_close(&t);
	t.options.tuning = (struct store_tuning){.snapshot_after = 100, .busy_ms = 50};
	t.size = 20000;
	store_test_open(&t);
	store_test_restore(&t);
	for (uint32_t i = 0; i < 100; i++)
		store_test_state(&t, i, 5);
	store_test_settle(&t);
	assert_in_range(t.asked, 1, 19999);
	store_test_state(&t, 7, 7777);
	atomic_store(&faults->write_error, SQLITE_FULL);
	store_test_settle(&t);
	assert_int_equal(t.err, -ENOSPC);
	store_test_turns(&t, 300);
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 1);
	atomic_store(&faults->write_error, 0);
	store_test_message(&t, "#a", 1);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	store_test_until(&t, has_two_snapshots);
	before = copy_state(&t);
	store_test_restart(&t);
	same_state(&t, before);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

/* The file goes away under the server, or cannot be opened again: after a failure it is begun anew. */
static void test_cannot_open(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;
	char why[256] = "";

	(void)state;
	begin_with_state(&t);
	store_test_close(&t);
	atomic_store(&faults->open_error, SQLITE_CANTOPEN);
	assert_int_equal(store_test_try(&t, why, sizeof(why)), -EACCES);
	assert_non_null(strstr(why, "chatd.db"));
	atomic_store(&faults->open_error, 0);
	t.options.tuning.busy_ms = 50;
	store_test_open(&t);
	store_test_restore(&t);
	atomic_store(&faults->write_error, SQLITE_IOERR_WRITE);
	atomic_store(&faults->open_error, SQLITE_CANTOPEN);
	store_test_message(&t, "#a", 1);
	store_test_settle(&t);
	store_test_turns(&t, 600);
	store_test_message(&t, "#a", 2);
	store_test_settle(&t);
	assert_int_equal(t.err, -EACCES);
	atomic_store(&faults->open_error, 0);
	atomic_store(&faults->write_error, 0);
	store_test_message(&t, "#a", 3);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_at_start),
		cmocka_unit_test(test_damaged_while_running),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test(test_passing_fault),
		cmocka_unit_test(test_sync_error),
		cmocka_unit_test(test_end_in_trouble),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_long_reader),
		cmocka_unit_test(test_snapshot_fails),
		cmocka_unit_test(test_lost_under_snapshot),
		cmocka_unit_test(test_cannot_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
