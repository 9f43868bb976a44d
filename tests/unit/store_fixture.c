#include "store_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/log.h"
#include "valgrind.h"

enum { PATIENCE_MS = 10000 };

static void see(struct store_test *t, const char *word)
{
	size_t n = strlen(word);

	if (t->seen_n + n < SEEN_SIZE) {
		memcpy(t->seen + t->seen_n, word, n + 1);
		t->seen_n += n;
	}
}

static void ordered(void *ctx, uint64_t position, const void *record)
{
	struct store_test *t = ctx;
	const struct item *item = record, *nested = t->nested;
	char word[32];

	snprintf(word, sizeof(word), "o%llu ", (unsigned long long)position);
	see(t, word);
	if (item->class == JOURNAL_STATE && !item->nothing)
		t->state[item->key] = item->value;
	t->nested = NULL;
	if (nested)
		assert_int_equal(store_test_append(t, nested), 0);
}

static void durable(void *ctx, uint64_t position, int err)
{
	struct store_test *t = ctx;
	char word[32];

	assert_true(position > t->durable);
	t->durable = position;
	t->durables++;
	t->err = err;
	if (err)
		snprintf(word, sizeof(word), "f%llu:%d ", (unsigned long long)position, -err);
	else
		snprintf(word, sizeof(word), "d%llu ", (unsigned long long)position);
	see(t, word);
}

static void encode(void *ctx, struct buf *out, const void *record, struct journal_about *about)
{
	static const char padding[1024];
	struct store_test *t = ctx;
	const struct item *item = record;

	if (item->nothing)
		return;
	buf_fmt(out, "%u %u", item->key, item->value);
	for (uint32_t left = item->padding; left; left -= left < sizeof(padding) ? left : sizeof(padding))
		buf_add(out, padding, left < sizeof(padding) ? left : sizeof(padding));
	snprintf(t->msgid, sizeof(t->msgid), "m%u-%u", item->key, item->value);
	about->time = item->time;
	about->msgid = str_of(item->msgid ? item->msgid : t->msgid);
	about->target = str_of(item->target);
}

/* Each is asked for once, from 0 on; between them there are some of nothing. */
static bool snapshot(void *ctx, uint64_t nth, struct buf *out)
{
	struct store_test *t = ctx;

	assert_true(nth == 0 || nth == t->next_item);
	t->next_item = nth + 1;
	if (nth >= 2 * (uint64_t)t->size)
		return false;
	if (nth % 2)
		return true;
	t->asked++;
	buf_fmt(out, "%u %u", (unsigned)nth / 2, t->state[nth / 2]);
	for (uint32_t i = 0; i < t->padding; i++)
		buf_chr(out, ' ');
	return true;
}

static void sink(void *ctx, const struct log_entry *entry)
{
	struct store_test *t = ctx;
	size_t n = strlen(t->logged);

	t->errors += entry->level == LOG_LEVEL_ERR;
	snprintf(t->logged + n, sizeof(t->logged) - n, "%s\n", entry->text);
}

/* No entry is left out because there were others like it. */
static int64_t an_hour_later(void)
{
	static int64_t ms;

	return ms += 3600000;
}

void store_test_begin(struct store_test *t)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->directory, sizeof(t->directory), "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(t->directory));
	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(worker_new(&t->worker, t->loop), 0);
	t->state = calloc(STATE_SIZE, sizeof(*t->state));
	assert_non_null(t->state);
	t->size = 1000;
	t->options = (struct store_options){
		.directory = t->directory,
		.loop = t->loop,
		.worker = t->worker,
		.durability = DURABILITY_CRASH,
	};
	log_set_sink(sink, t);
	log_set_clock(an_hour_later);
}

int store_test_try(struct store_test *t, char *why, size_t size)
{
	const struct journal_owner owner = {ordered, durable, encode, snapshot, t, t->text};
	int err = store_open(&t->journal, &t->options, &owner, why, size);

	if (!err)
		t->durable = t->journal->ops->head(t->journal);
	return err;
}

void store_test_open(struct store_test *t)
{
	char why[512] = "";

	if (store_test_try(t, why, sizeof(why)))
		fail_msg("store_open: %s", why);
}

static bool take(void *ctx, uint64_t position, struct str bytes)
{
	struct store_test *t = ctx;
	unsigned key, value;
	char text[64];

	assert_true(position <= t->journal->ops->head(t->journal));
	snprintf(text, sizeof(text), "%.*s", STR_ARG(bytes));
	assert_int_equal(sscanf(text, "%u %u", &key, &value), 2);
	assert_true(key < STATE_SIZE);
	t->state[key] = value;
	t->restored++;
	return true;
}

void store_test_restore(struct store_test *t)
{
	memset(t->state, 0, STATE_SIZE * sizeof(*t->state));
	t->restored = 0;
	assert_int_equal(t->journal->ops->restore(t->journal, take, t), 0);
}

void store_test_close(struct store_test *t)
{
	if (t->journal)
		t->journal->ops->free(t->journal);
	t->journal = NULL;
}

void store_test_restart(struct store_test *t)
{
	store_test_close(t);
	store_test_open(t);
	store_test_restore(t);
}

void store_test_end(struct store_test *t)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	store_test_close(t);
	worker_free(t->worker);
	loop_free(t->loop);
	log_set_sink(NULL, NULL);
	log_set_clock(NULL);
	dir = opendir(t->directory);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		store_test_path(t, entry->d_name, path);
		unlink(path);
	}
	closedir(dir);
	assert_int_equal(rmdir(t->directory), 0);
	free(t->state);
}

int store_test_append(struct store_test *t, const struct item *item)
{
	return t->journal->ops->append(t->journal, item, item->class);
}

void store_test_message(struct store_test *t, const char *target, uint32_t value)
{
	const struct item item = {.class = JOURNAL_MESSAGE, .value = value, .target = target, .time = 1000 + value};

	assert_int_equal(store_test_append(t, &item), 0);
}

void store_test_state(struct store_test *t, uint32_t key, uint32_t value)
{
	const struct item item = {.class = JOURNAL_STATE, .key = key, .value = value};

	assert_int_equal(store_test_append(t, &item), 0);
}

static int64_t now_ms(void)
{
	return clock_mono_us() / 1000;
}

void store_test_until(struct store_test *t, bool (*what)(struct store_test *t))
{
	int64_t end = now_ms() + patience(PATIENCE_MS);

	while (!what(t)) {
		assert_true(now_ms() < end);
		assert_int_equal(loop_turn(t->loop, 10), 0);
	}
}

static bool all_told(struct store_test *t)
{
	return t->durable == t->journal->ops->head(t->journal);
}

void store_test_settle(struct store_test *t)
{
	store_test_until(t, all_told);
}

void store_test_turns(struct store_test *t, int64_t ms)
{
	for (int64_t end = now_ms() + ms; now_ms() < end;)
		assert_int_equal(loop_turn(t->loop, 5), 0);
}

void store_test_saw(struct store_test *t, const char *words)
{
	assert_string_equal(t->seen, words);
	t->seen_n = 0;
	t->seen[0] = '\0';
}

bool store_test_logged(const struct store_test *t, const char *part)
{
	return strstr(t->logged, part) != NULL;
}

static sqlite3 *look(const struct store_test *t)
{
	char path[512];
	sqlite3 *db;

	store_test_path(t, "chatd.db", path);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, PATIENCE_MS);
	return db;
}

int64_t store_test_number(const struct store_test *t, const char *sql)
{
	sqlite3 *db = look(t);
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

void store_test_exec(const struct store_test *t, const char *sql)
{
	sqlite3 *db = look(t);

	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

int store_test_files(const struct store_test *t, const char *prefix, char name[256])
{
	DIR *dir = opendir(t->directory);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (strstr(entry->d_name, ".tmp") && !strstr(prefix, ".tmp"))
			continue;
		n++;
		if (name)
			snprintf(name, 256, "%s", entry->d_name);
	}
	closedir(dir);
	return n;
}

void store_test_path(const struct store_test *t, const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s", t->directory, name);
}
