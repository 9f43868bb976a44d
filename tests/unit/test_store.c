#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "journal/store_tools.h"
#include "store_fixture.h"

static bool is_durable(struct store_test *t)
{
	return t->durables > 0;
}

static void test_order(void **state)
{
	const struct item passing = {.class = JOURNAL_PASSING};
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_restore(&t);
	assert_int_equal(t.journal->ops->head(t.journal), 0);
	assert_int_equal(store_test_append(&t, &passing), 0);
	store_test_message(&t, "#a", 1);
	store_test_state(&t, 1, 5);
	assert_int_equal(store_test_append(&t, &passing), 0);
	assert_int_equal(t.journal->ops->head(t.journal), 4);
	store_test_saw(&t, "o1 o2 o3 o4 ");
	store_test_until(&t, is_durable);
	store_test_saw(&t, "d3 ");
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal"), 2);
	assert_int_equal(store_test_number(&t, "SELECT position FROM journal WHERE class = 1"), 2);
	store_test_end(&t);
}

/* While one batch is under way, the rest waits for it together. */
static void test_one_in_flight(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	t.options.durability = DURABILITY_POWER;
	store_test_open(&t);
	atomic_store(&faults->sync_ms, 400);
	for (uint32_t i = 0; i < 5; i++) {
		store_test_message(&t, "#a", i);
		store_test_turns(&t, 10);
	}
	store_test_settle(&t);
	store_test_saw(&t, "o1 o2 o3 o4 o5 d1 d5 ");
	atomic_store(&faults->sync_ms, 0);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

/* Seconds of an fsync delay what is durable, and no turn of the loop. */
static void test_slow_disk(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	struct store_test t;
	int64_t begun, longest = 0;

	(void)state;
	store_test_begin(&t);
	t.options.durability = DURABILITY_POWER;
	store_test_open(&t);
	atomic_store(&faults->sync_ms, 2000);
	begun = clock_mono_us();
	store_test_message(&t, "#a", 1);
	while (t.durables == 0) {
		int64_t before = clock_mono_us(), took;

		store_test_append(&t, &(struct item){.class = JOURNAL_PASSING});
		assert_int_equal(loop_turn(t.loop, 1), 0);
		took = clock_mono_us() - before;
		longest = took > longest ? took : longest;
	}
	assert_true(clock_mono_us() - begun >= 1900000);
	assert_true(longest < 500000);
	atomic_store(&faults->sync_ms, 0);
	store_test_end(&t);
	fault_vfs_unregister(faults);
}

struct hooked {
	struct turn_hook hook;
	struct store_test *t;
	uint32_t left;
};

static void append_in_hook(struct turn_hook *hook)
{
	struct hooked *h = (struct hooked *)hook;

	if (h->left && h->left--)
		store_test_message(h->t, "#a", h->left);
}

/* What is appended in a hook, or while another is being ordered, goes with the batch of its turn. */
static void test_append_anywhere(void **state)
{
	const struct item nested = {.class = JOURNAL_STATE, .key = 7, .value = 8};
	struct store_test t;
	struct hooked h = {.hook.run = append_in_hook, .t = &t, .left = 1};

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	loop_hook_add(t.loop, &h.hook);
	t.nested = &nested;
	store_test_message(&t, "#a", 9);
	assert_int_equal(loop_turn(t.loop, 0), 0);
	store_test_settle(&t);
	store_test_saw(&t, "o1 o2 o3 d3 ");
	loop_hook_remove(t.loop, &h.hook);
	t.nested = &nested;
	store_test_message(&t, "#a", 9);
	store_test_settle(&t);
	store_test_saw(&t, "o4 o5 d5 ");
	assert_int_equal(
		store_test_number(&t, "SELECT group_concat(position || ':' || class, ' ') = '1:1 2:2 3:1 4:1 5:2' FROM"
				      " (SELECT * FROM journal ORDER BY position)"),
		1);
	store_test_end(&t);
}

/* A record that comes to nothing is not kept, and nobody waits for it. */
static void test_nothing_kept(void **state)
{
	const struct item nothing = {.class = JOURNAL_STATE, .nothing = true};
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	assert_int_equal(store_test_append(&t, &nothing), 0);
	store_test_turns(&t, 50);
	store_test_saw(&t, "o1 ");
	store_test_message(&t, "#a", 1);
	assert_int_equal(store_test_append(&t, &nothing), 0);
	store_test_until(&t, is_durable);
	store_test_saw(&t, "o2 o3 d2 ");
	store_configure(t.journal, DURABILITY_NONE, &t.options.retention);
	assert_int_equal(store_test_append(&t, &nothing), 0);
	store_test_message(&t, "#a", 1);
	store_test_saw(&t, "o4 o5 d5 ");
	store_test_end(&t);
}

static void test_durability_none(void **state)
{
	const struct retention none = {0};
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	t.options.durability = DURABILITY_NONE;
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_message(&t, "#a", 2);
	store_test_saw(&t, "o1 d1 o2 d2 ");
	store_configure(t.journal, DURABILITY_CRASH, &none);
	store_test_message(&t, "#a", 3);
	store_test_saw(&t, "o3 ");
	/* The third is still owed: the fourth must not tell of it too early. */
	store_configure(t.journal, DURABILITY_NONE, &none);
	store_test_message(&t, "#a", 4);
	store_test_saw(&t, "o4 ");
	store_test_settle(&t);
	store_test_saw(&t, "d4 ");
	store_test_end(&t);
}

/* What was appended without a turn is written by free, with the worker or after it. */
static void test_end(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_close(&t);
	store_test_saw(&t, "o1 d1 ");
	store_test_open(&t);
	store_test_message(&t, "#a", 2);
	assert_int_equal(loop_turn(t.loop, 0), 0);
	store_test_message(&t, "#a", 3);
	store_test_close(&t);
	store_test_saw(&t, "o2 o3 d2 d3 ");
	store_test_open(&t);
	store_test_message(&t, "#a", 4);
	assert_int_equal(loop_turn(t.loop, 0), 0);
	worker_free(t.worker);
	store_test_message(&t, "#a", 5);
	store_test_close(&t);
	store_test_saw(&t, "o4 d4 o5 d5 ");
	assert_int_equal(worker_new(&t.worker, t.loop), 0);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal"), 5);
	store_test_end(&t);
}

static void test_too_much(void **state)
{
	const struct item longest = {.class = JOURNAL_MESSAGE, .target = "#a", .padding = (1 << 20) - 100};
	const struct item too_long = {.class = JOURNAL_MESSAGE, .target = "#a", .padding = 1 << 20};
	struct store_test t;
	int n = 0;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	/* One that cannot be kept is ordered all the same, and logged. */
	assert_int_equal(store_test_append(&t, &too_long), 0);
	store_test_saw(&t, "o1 ");
	assert_true(store_test_logged(&t, "record 1 is not kept"));
	while (store_test_append(&t, &longest) == 0)
		assert_in_range(++n, 1, 100);
	assert_in_range(n, 60, 70);
	assert_int_equal(store_test_append(&t, &longest), -ENOBUFS);
	store_test_state(&t, 1, 1);
	assert_int_equal(t.journal->ops->head(t.journal), n + 2);
	store_test_settle(&t);
	assert_int_equal(t.err, 0);
	assert_int_equal(store_test_append(&t, &longest), 0);
	store_test_end(&t);
}

static void test_lock(void **state)
{
	char why[256] = "", expected[64];
	struct store_test t, other;

	(void)state;
	store_test_begin(&other);
	store_test_begin(&t);
	store_test_open(&t);
	other.options.directory = t.directory;
	assert_int_equal(store_test_try(&other, why, sizeof(why)), -EBUSY);
	snprintf(expected, sizeof(expected), "held by process %ld", (long)getpid());
	assert_non_null(strstr(why, expected));
	assert_int_equal(store_rebuild(t.directory, why, sizeof(why)), -EBUSY);
	store_test_close(&t);
	store_test_open(&other);
	store_test_close(&other);
	store_test_end(&t);
	store_test_end(&other);
}

static void test_private(void **state)
{
	static const char *const names[] = {"chatd.db", "chatd.db-wal", "chatd.db-shm", "lock", "snapshot-1"};
	char path[512], why[256] = "";
	struct store_test t;
	struct stat st;

	(void)state;
	store_test_begin(&t);
	umask(0);
	store_test_open(&t);
	store_test_restore(&t);
	store_test_state(&t, 1, 1);
	store_test_settle(&t);
	store_test_restart(&t);
	store_test_message(&t, "#a", 1);
	store_test_settle(&t);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		store_test_path(&t, names[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	umask(022);
	store_test_close(&t);
	store_test_path(&t, "chatd.db", path);
	assert_int_equal(chmod(path, 0644), 0);
	store_test_open(&t);
	store_test_close(&t);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	t.options.directory = "/nonexistent";
	assert_int_equal(store_test_try(&t, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent"));
	store_test_end(&t);
}

/* The child appends as fast as it can and says what is durable; then it is killed. */
static void write_until_killed(struct store_test *t, int fd, uint32_t from)
{
	uint64_t said;

	loop_free(t->loop);
	if (loop_new(&t->loop) < 0 || worker_new(&t->worker, t->loop) < 0)
		_exit(1);
	t->options.loop = t->loop;
	t->options.worker = t->worker;
	store_test_open(t);
	store_test_restore(t);
	said = t->durable;
	for (uint32_t i = from;; i++) {
		store_test_message(t, i % 2 ? "#odd" : "#even", i);
		if (i % 3 == 0)
			store_test_state(t, i % t->size, i);
		if (i % 20 == 0)
			loop_turn(t->loop, 0);
		if (t->durable != said && write(fd, &t->durable, sizeof(t->durable)) < 0)
			_exit(1);
		said = t->durable;
	}
}

static uint64_t kill_while_writing(struct store_test *t, uint32_t from, int ms)
{
	uint64_t durable = 0, next;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		write_until_killed(t, ends[1], from);
	close(ends[1]);
	assert_int_equal(read(ends[0], &durable, sizeof(durable)), sizeof(durable));
	usleep((useconds_t)ms * 1000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(ends[0], &next, sizeof(next)) == (ssize_t)sizeof(next))
		durable = next;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return durable;
}

struct run {
	uint64_t last;
	int64_t value;
	uint64_t records;
};

/* Each value is one more than the one before: none is missing, none is there twice. */
static bool check_run(void *ctx, const struct store_record *r)
{
	struct run *run = ctx;
	unsigned key, value;
	char text[64];

	snprintf(text, sizeof(text), "%.*s", STR_ARG(r->bytes));
	assert_int_equal(sscanf(text, "%u %u", &key, &value), 2);
	assert_true(r->position > run->last);
	run->last = r->position;
	run->records++;
	if (r->class == JOURNAL_MESSAGE) {
		assert_true(value == run->value + 1);
		run->value = value;
	}
	return true;
}

/*
 * Nothing that was durable is missing from the state either. The one that was just being appended at a kill may be, for
 * its message can be in the batch before: that one comes right before where the next run began.
 */
static void check_state(const struct store_test *t, const uint32_t *begun, int runs)
{
	uint32_t newest = 0;

	for (uint32_t i = 0; i < t->size; i++)
		newest = t->state[i] > newest ? t->state[i] : newest;
	for (uint32_t i = newest; i > newest - 900; i -= 3) {
		bool between = false;

		for (int r = 0; r < runs; r++)
			between |= begun[r] == i + 1;
		assert_true(between || t->state[i % t->size] == i);
	}
}

static void test_killed(void **state)
{
	enum { RUNS = 8 };
	struct store_test t;
	char why[256] = "";
	struct run run = {.value = -1};
	uint32_t begun[RUNS];

	(void)state;
	store_test_begin(&t);
	worker_free(t.worker);
	loop_turn(t.loop, 0);
	t.options.tuning.snapshot_after = 3000;
	t.options.tuning.checkpoint_pages = 200;
	for (int i = 0; i < RUNS; i++) {
		uint64_t durable;

		begun[i] = (uint32_t)(run.value + 1);
		durable = kill_while_writing(&t, begun[i], 20 + 15 * i);
		run = (struct run){.value = -1};
		assert_int_equal(store_dump(t.directory, check_run, &run, why, sizeof(why)), 0);
		assert_true(run.last >= durable);
		assert_true(run.value >= (int64_t)begun[i]);
	}
	assert_int_equal(worker_new(&t.worker, t.loop), 0);
	t.options.worker = t.worker;
	store_test_open(&t);
	store_test_restore(&t);
	check_state(&t, begun, RUNS);
	store_test_end(&t);
}

/* The file is not as this process left it: what would hide that something is missing is not taken. */
static void test_somebody_else(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_message(&t, "#a", 1);
	store_test_settle(&t);
	store_test_message(&t, "#a", 2);
	store_test_settle(&t);
	store_test_saw(&t, "o1 d1 o2 d2 ");
	store_test_exec(&t, "UPDATE meta SET value = value - 1 WHERE key = 'batch'");
	store_test_message(&t, "#a", 3);
	store_test_settle(&t);
	store_test_saw(&t, "o3 f3:116 ");
	assert_true(store_test_logged(&t, "changed by somebody else"));
	store_test_message(&t, "#a", 4);
	store_test_settle(&t);
	store_test_saw(&t, "o4 d4 ");
	/* A batch that is stored already is not stored again. */
	store_test_exec(&t, "UPDATE meta SET value = value + 1 WHERE key = 'batch'");
	store_test_message(&t, "#a", 5);
	store_test_settle(&t);
	store_test_saw(&t, "o5 d5 ");
	assert_int_equal(store_test_number(&t, "SELECT group_concat(position) = '1,2,4' FROM journal"), 1);
	store_test_exec(&t, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'");
	store_test_message(&t, "#a", 6);
	store_test_settle(&t);
	store_test_saw(&t, "o6 f6:116 ");
	store_test_message(&t, "#a", 7);
	store_test_settle(&t);
	store_test_saw(&t, "o7 d7 ");
	store_test_end(&t);
}

static bool decodes(void *ctx, const struct store_record *r)
{
	(void)ctx;
	return r->bytes.n > 0 && r->bytes.p[0] != '!';
}

static uint64_t verify(struct store_test *t, struct store_verdict *v)
{
	const struct store_check check = {decodes, NULL};
	char why[256] = "";

	if (store_verify(t->directory, &check, v, why, sizeof(why)))
		fail_msg("%s", why);
	return v->faults;
}

static void test_verify_and_rebuild(void **state)
{
	struct store_verdict v;
	struct store_test t;
	char why[256] = "";

	(void)state;
	store_test_begin(&t);
	store_test_open(&t);
	store_test_restore(&t);
	for (uint32_t i = 0; i < 300; i++)
		store_test_message(&t, i % 2 ? "#a" : "@", i);
	store_test_state(&t, 1, 1);
	store_test_settle(&t);
	assert_int_equal(verify(&t, &v), 0);
	assert_int_equal(v.messages, 300);
	assert_int_equal(v.states, 1);
	store_test_close(&t);
	store_test_exec(&t,
			"DELETE FROM message_at WHERE position IN (3, 4); INSERT INTO message_at VALUES(1, 1, 999)");
	assert_int_equal(verify(&t, &v), 2);
	assert_string_equal(v.first, "2 messages that queries would not find");
	assert_int_equal(v.snapshots, 1);
	assert_int_equal(v.snapshot_items, t.size);
	assert_int_equal(store_rebuild(t.directory, why, sizeof(why)), 0);
	assert_int_equal(verify(&t, &v), 0);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM message_at"), 300);
	store_test_exec(&t, "DROP TABLE message_at");
	store_test_restart(&t);
	assert_int_equal(verify(&t, &v), 0);
	store_test_close(&t);
	store_test_exec(&t, "UPDATE journal SET bytes = '!' WHERE position = 7");
	assert_int_equal(verify(&t, &v), 1);
	assert_string_equal(v.first, "the record at 7 cannot be read");
	store_test_end(&t);
}

static bool count_to_two(void *ctx, uint64_t position, struct str bytes)
{
	(void)position;
	(void)bytes;
	return ++*(int *)ctx < 2;
}

static bool dump_one(void *ctx, const struct store_record *r)
{
	assert_true(str_eq(r->target, STR("#a")));
	assert_true(str_eq(r->msgid, STR("m0-5")));
	assert_true(str_eq(r->bytes, STR("0 5")));
	assert_int_equal(r->time, 1005);
	assert_int_equal(r->class, JOURNAL_MESSAGE);
	++*(int *)ctx;
	return false;
}

static void test_tools_beside_a_server(void **state)
{
	struct store_test t;
	char why[256] = "";
	int n = 0;

	(void)state;
	store_test_begin(&t);
	assert_int_equal(store_dump(t.directory, dump_one, &n, why, sizeof(why)), -EACCES);
	assert_non_null(strstr(why, "chatd.db"));
	store_test_open(&t);
	store_test_message(&t, "#a", 5);
	for (uint32_t i = 0; i < 5; i++)
		store_test_state(&t, i, i);
	store_test_settle(&t);
	assert_int_equal(store_dump(t.directory, dump_one, &n, why, sizeof(why)), 0);
	assert_int_equal(n, 1);
	n = 0;
	assert_int_equal(store_replay(t.directory, count_to_two, &n, why, sizeof(why)), 0);
	assert_int_equal(n, 2);
	store_test_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_one_in_flight),
		cmocka_unit_test(test_slow_disk),
		cmocka_unit_test(test_append_anywhere),
		cmocka_unit_test(test_nothing_kept),
		cmocka_unit_test(test_durability_none),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_somebody_else),
		cmocka_unit_test(test_verify_and_rebuild),
		cmocka_unit_test(test_tools_beside_a_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
