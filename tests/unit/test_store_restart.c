#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "journal/store_tools.h"
#include "store_fixture.h"

enum { MANY = 200000 };

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

/* Without a snapshot: as after a kill. */
static void abandon(struct store_test *t)
{
	char path[512], name[256];

	store_test_close(t);
	while (store_test_files(t, "snapshot-", name)) {
		store_test_path(t, name, path);
		unlink(path);
	}
	store_test_open(t);
	store_test_restore(t);
}

static void damage(const struct store_test *t, const char *name, long at)
{
	char path[512];
	FILE *f;

	store_test_path(t, name, path);
	f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	assert_int_equal(fwrite("\xff\x00\xff", 1, 3, f), 3);
	fclose(f);
}

static void cut(const struct store_test *t, const char *name, long bytes)
{
	char path[512];
	FILE *f;

	store_test_path(t, name, path);
	f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	assert_int_equal(truncate(path, ftell(f) - bytes), 0);
	fclose(f);
}

static void test_restart(void **state)
{
	struct store_test t;
	uint64_t head;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_restore(&t);
	assert_int_equal(t.restored, 0);
	for (uint32_t i = 0; i < 3000; i++) {
		store_test_state(&t, i * 7 % t.size, i);
		store_test_message(&t, "#a", i);
	}
	store_test_settle(&t);
	head = t.journal->ops->head(t.journal);
	{
		uint32_t *before = copy_state(&t);

		abandon(&t);
		assert_int_equal(t.restored, 3000);
		assert_int_equal(t.journal->ops->head(t.journal), head);
		store_test_restart(&t);
		assert_int_equal(t.restored, t.size);
		assert_int_equal(t.journal->ops->head(t.journal), head);
		same_state(&t, before);
	}
	assert_true(store_test_logged(&t, "3000 records behind it"));
	/* A stop without a change takes no snapshot; one with a change does. */
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 1);
	store_test_restart(&t);
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 1);
	store_test_state(&t, 3, 4);
	store_test_restart(&t);
	assert_int_equal(t.state[3], 4);
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 2);
	/* Positions are never given twice, even where the newest records are gone. */
	store_test_message(&t, "#a", 1);
	store_test_close(&t);
	store_test_exec(&t, "DELETE FROM journal");
	store_test_open(&t);
	assert_int_equal(t.journal->ops->head(t.journal), head + 2);
	store_test_end(&t);
}

/* Items as long as a record may be. */
static void test_long_items(void **state)
{
	struct store_test t;
	uint32_t *before;

	(void)state;
	store_test_begin(&t);
	t.size = 20;
	t.padding = (1 << 20) - 20;
	store_test_open(&t);
	store_test_restore(&t);
	for (uint32_t i = 0; i < t.size; i++)
		store_test_state(&t, i, i + 1);
	before = copy_state(&t);
	store_test_restart(&t);
	assert_int_equal(t.restored, t.size);
	same_state(&t, before);
	store_test_end(&t);
}

static bool has_two_snapshots(struct store_test *t)
{
	store_test_state(t, (uint32_t)t->durables % t->size, t->durables);
	return store_test_files(t, "snapshot-", NULL) >= 2;
}

static bool is_trimmed(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM journal WHERE class = 2 AND position <= 600") == 0;
}

/* While the state goes on changing, items are asked for a few at a time, and the journal is trimmed behind them. */
static void test_snapshots_while_running(void **state)
{
	struct store_test t;
	uint32_t *before, asked;
	char newest[64];

	(void)state;
	store_test_begin(&t);
	t.options.tuning.snapshot_after = 500;
	t.size = 2000;
	store_test_open(&t);
	store_test_restore(&t);
	for (uint32_t i = 0; i < 600; i++)
		store_test_state(&t, i, i);
	store_test_message(&t, "#a", 1);
	while (t.asked == 0)
		assert_int_equal(loop_turn(t.loop, 10), 0);
	asked = t.asked;
	assert_in_range(asked, 1, 128);
	store_test_state(&t, 5, 12345);
	store_test_until(&t, has_two_snapshots);
	store_test_settle(&t);
	store_test_until(&t, is_trimmed);
	/* What came after the older one stays. */
	store_test_turns(&t, 100);
	assert_in_range(store_test_number(&t, "SELECT count(*) FROM journal WHERE class = 2 AND position > 601"), 499,
			100000);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal WHERE class = 1"), 1);
	store_test_state(&t, 1, 999);
	before = copy_state(&t);
	snprintf(newest, sizeof(newest), "snapshot-%llu", (unsigned long long)t.journal->ops->head(t.journal));
	store_test_close(&t);
	assert_int_equal(store_test_files(&t, "snapshot-", NULL), 2);
	/* What the newest stands for is still there without it. */
	damage(&t, newest, 100);
	store_test_open(&t);
	store_test_restore(&t);
	same_state(&t, before);
	store_test_end(&t);
}

/* Two snapshots, the state records since the older, and more behind the newer. Names in name[2], the newer first. */
static uint32_t *two_snapshots(struct store_test *t, char name[2][256])
{
	uint64_t head;

	store_test_open(t);
	store_test_restore(t);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 700; i++)
			store_test_state(t, i, 1000 * (uint32_t)round + i);
		head = t->journal->ops->head(t->journal);
		snprintf(name[!round], 256, "snapshot-%llu", (unsigned long long)head);
		store_test_restart(t);
	}
	assert_int_equal(store_test_files(t, "snapshot-", NULL), 2);
	store_test_message(t, "#a", 1);
	store_test_close(t);
	return copy_state(t);
}

static bool never(void *ctx, uint64_t position, struct str bytes)
{
	(void)ctx;
	(void)position;
	(void)bytes;
	fail();
	return false;
}

static void test_damaged_snapshot(void **state)
{
	static const long lengths[] = {3000, 1, -1}; /* -1: a byte too many */
	static const long places[] = {0, 9, 17, 40, 2000, -20, -1};
	char name[2][256];
	struct store_test t;

	(void)state;
	for (size_t i = 0; i < 3 + sizeof(places) / sizeof(places[0]); i++) {
		uint32_t *before;

		store_test_begin(&t);
		before = two_snapshots(&t, name);
		if (i < 3)
			cut(&t, name[0], lengths[i]);
		else
			damage(&t, name[0], places[i - 3]);
		store_test_open(&t);
		store_test_restore(&t);
		assert_true(t.errors == 1);
		assert_true(store_test_logged(&t, name[0]));
		/* The older one, and the 700 records since. */
		assert_int_equal(t.restored, t.size + 700);
		assert_int_equal(store_test_files(&t, name[0], name[0]), 1);
		assert_non_null(strstr(name[0], ".damaged"));
		same_state(&t, before);
		/* The next stop makes a good one again. */
		store_test_restart(&t);
		assert_int_equal(t.restored, t.size);
		store_test_end(&t);
	}
}

/* One that cannot be looked at may be good: nothing older takes its place. */
static void test_unreadable_snapshot(void **state)
{
	char name[2][256], path[512], moved[512];
	struct store_test t;
	uint32_t *before;

	(void)state;
	store_test_begin(&t);
	before = two_snapshots(&t, name);
	store_test_path(&t, name[0], path);
	store_test_path(&t, "elsewhere", moved);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(path, path), 0);
	store_test_open(&t);
	assert_int_equal(t.journal->ops->restore(t.journal, never, NULL), -ELOOP);
	store_test_close(&t);
	assert_int_equal(rename(moved, path), 0);
	store_test_open(&t);
	store_test_restore(&t);
	same_state(&t, before);
	store_test_end(&t);
}

static void test_no_good_snapshot(void **state)
{
	char name[2][256];
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	free(two_snapshots(&t, name));
	damage(&t, name[0], 100);
	damage(&t, name[1], 100);
	store_test_open(&t);
	store_test_restore(&t);
	assert_int_equal(t.errors, 2);
	store_test_end(&t);
}

/* What a process left that died while it wrote a snapshot. */
static void test_unfinished_snapshot(void **state)
{
	struct store_test t;
	char path[512];
	FILE *f;

	(void)state;
	store_test_begin(&t);
	store_test_path(&t, "snapshot-77.tmp", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	store_test_path(&t, "snapshot-x", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	store_test_open(&t);
	store_test_restore(&t);
	assert_int_equal(t.journal->ops->head(t.journal), 0);
	assert_int_equal(store_test_files(&t, "snapshot-77.tmp", NULL), 0);
	assert_int_equal(store_test_files(&t, "snapshot-x", NULL), 1);
	store_test_end(&t);
}

/* The first version had the target's name in every record, and nothing for queries. */
static void make_version_1(const struct store_test *t)
{
	static const char sql[] =
		"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN;"
		"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
		"CREATE TABLE journal(position INTEGER PRIMARY KEY, class INTEGER NOT NULL, time INTEGER NOT NULL,"
		" target TEXT, msgid TEXT, bytes BLOB NOT NULL);"
		"INSERT INTO journal VALUES(1, 1, 1000, '#a', 'm1', '0 1'), (2, 2, 1001, '', '', '4 44'),"
		" (4, 1, 1002, '@', 'm4', '0 2'), (7, 1, 1003, '#a', '', '0 3'), (9, 2, 1004, NULL, NULL, '5 55');"
		"PRAGMA user_version = 1; COMMIT;";
	char path[512];
	sqlite3 *db;

	store_test_path(t, "chatd.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static bool decodes(void *ctx, const struct store_record *r)
{
	(void)ctx;
	(void)r;
	return true;
}

static void test_migration(void **state)
{
	const struct store_check check = {decodes, NULL};
	struct store_verdict v;
	struct store_test t;
	char why[256] = "";

	(void)state;
	store_test_begin(&t);
	make_version_1(&t);
	assert_int_equal(store_verify(t.directory, &check, &v, why, sizeof(why)), -EPROTONOSUPPORT);
	store_test_open(&t);
	assert_true(store_test_logged(&t, "moved to schema 2"));
	store_test_restore(&t);
	assert_int_equal(t.journal->ops->head(t.journal), 9);
	assert_int_equal(t.restored, 2);
	assert_int_equal(t.state[4], 44);
	assert_int_equal(t.state[5], 55);
	store_test_message(&t, "#a", 10);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	assert_int_equal(store_verify(t.directory, &check, &v, why, sizeof(why)), 0);
	assert_int_equal(v.faults, 0);
	assert_int_equal(v.messages, 4);
	assert_int_equal(store_test_number(&t, "SELECT group_concat(position) = '1,7,10' FROM (SELECT position FROM"
					       " message_at JOIN targets ON id = target_id WHERE name = '#a'"
					       " ORDER BY time)"),
			 1);
	assert_int_equal(store_test_number(&t, "PRAGMA user_version"), 5);
	store_test_end(&t);
}

/* What was asked for of schema 4 is done still: everywhere, for there were no places. */
static void test_wishes_of_schema_4(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_close(&t);
	store_test_exec(&t, "DROP TABLE forgetting; CREATE TABLE forgetting(account TEXT PRIMARY KEY, upto INTEGER NOT"
			    " NULL, at INTEGER NOT NULL) WITHOUT ROWID;"
			    "INSERT INTO forgetting VALUES('ann', 7, 3); PRAGMA user_version = 4");
	store_test_open(&t);
	assert_true(store_test_logged(&t, "moved to schema 5"));
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM forgetting WHERE account = 'ann' AND places = ''"
					       " AND upto = 7 AND at = 3"),
			 1);
	store_test_end(&t);
}

static void test_refused(void **state)
{
	struct store_test t;
	char why[256] = "";

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_close(&t);
	store_test_exec(&t, "PRAGMA user_version = 6");
	assert_int_equal(store_test_try(&t, why, sizeof(why)), -EPROTONOSUPPORT);
	assert_non_null(strstr(why, "schema 6"));
	store_test_exec(&t, "PRAGMA user_version = 0");
	assert_int_equal(store_test_try(&t, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "some other program"));
	assert_int_equal(t.errors, 0);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal"), 1);
	store_test_end(&t);
}

/* How long a start takes is printed, for it is stated. */
static void test_many(void **state)
{
	struct store_test t;
	uint32_t *before;
	int64_t begun;

	(void)state;
	store_test_begin(&t);
	t.options.tuning.snapshot_after = 2 * MANY;
	t.size = MANY;
	store_test_open(&t);
	store_test_restore(&t);
	for (uint32_t i = 0; i < MANY; i++)
		store_test_state(&t, i, i + 1);
	store_test_settle(&t);
	before = copy_state(&t);
	abandon(&t);
	begun = clock_mono_us();
	store_test_restore(&t);
	print_message("%d state records of the database: %lld ms\n", MANY, (long long)(clock_mono_us() - begun) / 1000);
	assert_int_equal(t.restored, MANY);
	store_test_close(&t);
	store_test_open(&t);
	begun = clock_mono_us();
	store_test_restore(&t);
	print_message("%d items of a snapshot: %lld ms\n", MANY, (long long)(clock_mono_us() - begun) / 1000);
	assert_int_equal(t.restored, MANY);
	same_state(&t, before);
	store_test_end(&t);
}

static void write_messages(struct store_test *t, const char *target, uint32_t n, int64_t time)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct item item = {
			.class = JOURNAL_MESSAGE, .key = i, .target = target, .time = time + i, .padding = 500};

		assert_int_equal(store_test_append(t, &item), 0);
	}
	store_test_settle(t);
}

static bool keeps_five_hundred(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM journal WHERE target_id = (SELECT id FROM targets"
				    " WHERE name = '#a')") == 500;
}

static bool has_one_target(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM targets") == 1;
}

static bool gave_pages_back(struct store_test *t)
{
	return store_test_number(t, "PRAGMA page_count") < 400;
}

/* By count, each by its own; the newest stay, batches go on meanwhile, and the file gets smaller. */
static void test_retention_by_count(void **state)
{
	const struct store_check check = {decodes, NULL};
	struct store_verdict v;
	struct store_test t;
	char why[256];
	int64_t oldest;

	(void)state;
	store_test_begin(&t);
	t.options.tuning.retain_ms = 20;
	t.options.retention = (struct retention){.count = 500, .direct_count = 10};
	store_test_open(&t);
	store_test_restore(&t);
	store_test_state(&t, 1, 2);
	write_messages(&t, "#a", 5000, 1000);
	write_messages(&t, "#b", 50, 1000);
	write_messages(&t, "@", 100, 1000);
	store_test_until(&t, keeps_five_hundred);
	store_test_until(&t, gave_pages_back);
	oldest = store_test_number(&t, "SELECT min(time) FROM message_at WHERE target_id = 1");
	assert_int_equal(oldest, 1000 + 4500);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at WHERE target_id = 2"), 50);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at WHERE target_id = 3"), 10);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal WHERE class = 2"), 1);
	/* Further ones push the oldest out, without another call. */
	write_messages(&t, "#a", 5, 9000);
	store_test_until(&t, keeps_five_hundred);
	assert_int_equal(store_test_number(&t, "SELECT min(time) FROM message_at WHERE target_id = 1"), oldest + 5);
	assert_int_equal(store_verify(t.directory, &check, &v, why, sizeof(why)), 0);
	assert_int_equal(v.faults, 0);
	store_test_end(&t);
}

/* By age: what is old goes, a target without messages too, and then nothing wakes the loop before there is more to do.
 */
static void test_retention_by_age(void **state)
{
	const struct retention month = {.age_ms = 30LL * 86400 * 1000};
	struct store_test t;
	struct clock now;

	(void)state;
	clock_read(&now);
	store_test_begin(&t);
	t.options.tuning.retain_ms = 20;
	store_test_open(&t);
	write_messages(&t, "#old", 300, now.real_ms - 2 * month.age_ms);
	write_messages(&t, "#new", 300, now.real_ms - month.age_ms / 2);
	store_test_turns(&t, 100);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal"), 600);
	store_configure(t.journal, DURABILITY_CRASH, &month);
	store_test_until(&t, has_one_target);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at"), 300);
	store_test_turns(&t, 100);
	{
		int64_t begun = clock_mono_us();

		assert_int_equal(loop_turn(t.loop, 300), 0);
		assert_true(clock_mono_us() - begun > 290000);
	}
	write_messages(&t, "#old", 10, now.real_ms);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at"), 310);
	store_test_end(&t);
}

static bool direct_gone(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM message_at") == 5;
}

/* A message that becomes too old while nothing else happens goes by itself. */
static void test_retention_in_time(void **state)
{
	struct store_test t;
	struct clock now;

	(void)state;
	store_test_begin(&t);
	t.options.tuning.retain_ms = 10;
	t.options.retention = (struct retention){.direct_age_ms = 300};
	store_test_open(&t);
	clock_read(&now);
	write_messages(&t, "#a", 5, 1000);
	write_messages(&t, "@", 5, now.real_ms);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at"), 10);
	store_test_until(&t, direct_gone);
	store_test_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_long_items),
		cmocka_unit_test(test_snapshots_while_running),
		cmocka_unit_test(test_damaged_snapshot),
		cmocka_unit_test(test_unreadable_snapshot),
		cmocka_unit_test(test_no_good_snapshot),
		cmocka_unit_test(test_unfinished_snapshot),
		cmocka_unit_test(test_migration), cmocka_unit_test(test_wishes_of_schema_4),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_retention_by_count),
		cmocka_unit_test(test_retention_by_age),
		cmocka_unit_test(test_retention_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
