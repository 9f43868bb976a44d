#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fault_vfs.h"
#include "journal/history.h"
#include "journal/history_source.h"
#include "store_fixture.h"

/* The same is asked of a store and of memory: each message is "0 VALUE" with the msgid "m0-VALUE". */
struct both {
	struct store_test store;
	struct history_mem *mem;
	uint64_t position;
	bool over;
};

static void begin(struct both *b)
{
	memset(b, 0, sizeof(*b));
	store_test_begin(&b->store);
	store_test_open(&b->store);
	store_test_restore(&b->store);
	b->mem = history_mem_new(NULL);
}

static void end(struct both *b)
{
	history_mem_free(b->mem);
	store_test_end(&b->store);
}

static void say(struct both *b, const char *target, uint32_t value, int64_t time)
{
	struct item item = {.class = JOURNAL_MESSAGE, .value = value, .target = target, .time = time};
	char msgid[32], text[32];
	struct journal_about about = {.time = time, .target = str_of(target)};

	assert_int_equal(store_test_append(&b->store, &item), 0);
	snprintf(msgid, sizeof(msgid), "m0-%u", value);
	snprintf(text, sizeof(text), "0 %u", value);
	about.msgid = str_of(msgid);
	history_mem_add(b->mem, ++b->position, &about, str_of(text));
}

static void done(struct history_read *r)
{
	*(bool *)r->ctx = true;
}

static bool is_over(struct store_test *t)
{
	return ((struct both *)t)->over;
}

/* What the rows are, with a blank between them: values, or the targets of HISTORY_TALKS. */
static void show(const struct history_read *r, char *out, size_t size)
{
	struct buf text;

	buf_init(&text, out, size - 1);
	for (uint32_t i = 0; i < r->rows.count; i++) {
		const struct history_row *row = r->rows.items[i];

		if (r->kind == HISTORY_TALKS)
			buf_fmt(&text, "%.*s=%lld ", STR_ARG(row->target), (long long)row->time);
		else
			buf_fmt(&text, "%.*s ", (int)(row->bytes.n - 2), row->bytes.p + 2);
	}
	out[text.n] = '\0';
}

struct ask {
	enum history_kind kind;
	struct history_bound from, to;
	uint32_t limit;
	const char *targets[4];
	int64_t since;
	const char *person;
};

static struct history_read *read_of(const struct ask *a, struct both *b)
{
	struct history_read *r = history_read_new(a->kind, a->limit);

	for (size_t i = 0; i < 4 && a->targets[i]; i++)
		history_read_add(r, str_of(a->targets[i]), a->since);
	history_read_bounds(r, &a->from, &a->to);
	history_read_person(r, str_of(a->person), a->since);
	r->done = done;
	r->ctx = &b->over;
	b->over = false;
	return r;
}

/* The store and the memory give the same. */
static void expect(struct both *b, const struct ask *a, int err, const char *rows)
{
	struct history_read *r = read_of(a, b);
	char text[4096];

	b->store.journal->ops->read(b->store.journal, r);
	store_test_until(&b->store, is_over);
	assert_int_equal(r->err, err);
	show(r, text, sizeof(text));
	assert_string_equal(text, rows);
	history_read_free(r);
	r = read_of(a, b);
	history_mem_read(b->mem, r);
	assert_true(b->over);
	assert_int_equal(r->err, err);
	show(r, text, sizeof(text));
	assert_string_equal(text, rows);
	history_read_free(r);
}

#define AT(ms)                                                                                                         \
	{                                                                                                              \
		true, ms,                                                                                              \
		{                                                                                                      \
			NULL, 0                                                                                        \
		}                                                                                                      \
	}
#define ID(text)                                                                                                       \
	{                                                                                                              \
		true, 0,                                                                                               \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}

/* Ten messages, of which 4, 5 and 6 came in one millisecond. */
static void fill(struct both *b)
{
	static const int64_t times[] = {100, 110, 120, 130, 140, 140, 140, 150, 160, 170};

	for (uint32_t i = 0; i < 10; i++) {
		say(b, "#a", i, times[i]);
		say(b, "#b", 100 + i, times[i] + 1);
	}
}

static void test_selectors(void **state)
{
	static const struct {
		struct ask ask;
		const char *rows;
	} cases[] = {
		{{.kind = HISTORY_LATEST, .limit = 3}, "7 8 9 "},
		{{.kind = HISTORY_LATEST, .limit = 100}, "0 1 2 3 4 5 6 7 8 9 "},
		{{.kind = HISTORY_LATEST, .limit = 0}, ""},
		{{.kind = HISTORY_LATEST, .from = AT(150), .limit = 5}, "8 9 "},
		{{.kind = HISTORY_LATEST, .from = ID("m0-5"), .limit = 3}, "7 8 9 "},
		{{.kind = HISTORY_BEFORE, .from = AT(140), .limit = 2}, "2 3 "},
		{{.kind = HISTORY_BEFORE, .from = ID("m0-6"), .limit = 3}, "3 4 5 "},
		{{.kind = HISTORY_BEFORE, .from = ID("m0-0"), .limit = 3}, ""},
		{{.kind = HISTORY_AFTER, .from = AT(140), .limit = 2}, "7 8 "},
		{{.kind = HISTORY_AFTER, .from = ID("m0-4"), .limit = 2}, "5 6 "},
		{{.kind = HISTORY_AFTER, .from = ID("m0-9"), .limit = 2}, ""},
		{{.kind = HISTORY_AROUND, .from = ID("m0-5"), .limit = 1}, "5 "},
		{{.kind = HISTORY_AROUND, .from = ID("m0-5"), .limit = 3}, "4 5 6 "},
		{{.kind = HISTORY_AROUND, .from = ID("m0-5"), .limit = 4}, "3 4 5 6 "},
		{{.kind = HISTORY_AROUND, .from = ID("m0-0"), .limit = 4}, "0 1 2 3 "},
		{{.kind = HISTORY_AROUND, .from = AT(140), .limit = 4}, "2 3 4 5 "},
		{{.kind = HISTORY_BETWEEN, .from = ID("m0-2"), .to = ID("m0-6"), .limit = 10}, "3 4 5 "},
		{{.kind = HISTORY_BETWEEN, .from = ID("m0-6"), .to = ID("m0-2"), .limit = 10}, "3 4 5 "},
		{{.kind = HISTORY_BETWEEN, .from = ID("m0-2"), .to = ID("m0-6"), .limit = 2}, "3 4 "},
		{{.kind = HISTORY_BETWEEN, .from = ID("m0-6"), .to = ID("m0-2"), .limit = 2}, "4 5 "},
		{{.kind = HISTORY_BETWEEN, .from = AT(110), .to = AT(140), .limit = 9}, "2 3 "},
		{{.kind = HISTORY_BETWEEN, .from = AT(140), .to = AT(110), .limit = 9}, "2 3 "},
		{{.kind = HISTORY_BETWEEN, .from = AT(130), .to = AT(150), .limit = 2}, "4 5 "},
		{{.kind = HISTORY_BETWEEN, .from = AT(150), .to = AT(130), .limit = 2}, "5 6 "},
		{{.kind = HISTORY_BETWEEN, .from = ID("m0-5"), .to = AT(165), .limit = 9}, "6 7 8 "},
		{{.kind = HISTORY_LATEST, .limit = 4, .since = 160}, "8 9 "},
		{{.kind = HISTORY_AROUND, .from = ID("m0-5"), .limit = 4, .since = 140}, "4 5 6 7 "},
	};
	struct both b;

	(void)state;
	begin(&b);
	fill(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ask ask = cases[i].ask;

		ask.targets[0] = "#a";
		expect(&b, &ask, 0, cases[i].rows);
	}
	end(&b);
}

/* Pages by msgid miss nothing and repeat nothing, though three have one time. */
static void test_pages(void **state)
{
	struct both b;
	struct ask ask = {.kind = HISTORY_LATEST, .limit = 2, .targets = {"#a"}};
	char id[16];

	(void)state;
	begin(&b);
	fill(&b);
	expect(&b, &ask, 0, "8 9 ");
	ask.kind = HISTORY_BEFORE;
	for (int page = 8; page > 0; page -= 2) {
		char rows[16];

		snprintf(id, sizeof(id), "m0-%d", page);
		snprintf(rows, sizeof(rows), "%d %d ", page - 2, page - 1);
		ask.from = (struct history_bound){true, 0, str_of(id)};
		expect(&b, &ask, 0, rows);
	}
	end(&b);
}

static void test_several_targets(void **state)
{
	const struct ask merged = {.kind = HISTORY_BEFORE, .from = ID("m0-106"), .limit = 5, .targets = {"#a", "#b"}};
	const struct ask none = {.kind = HISTORY_LATEST, .limit = 5, .targets = {"#c"}};
	const struct ask other = {.kind = HISTORY_AFTER, .from = ID("m0-3"), .limit = 5, .targets = {"#b"}};
	struct both b;

	(void)state;
	begin(&b);
	fill(&b);
	expect(&b, &merged, 0, "4 5 6 104 105 ");
	expect(&b, &none, 0, "");
	expect(&b, &other, HISTORY_NO_MESSAGE, "");
	end(&b);
}

static void test_talks(void **state)
{
	char memory[HISTORY_NAME_MAX], guest[HISTORY_NAME_MAX];
	struct ask ask = {.kind = HISTORY_TALKS,
			  .from = AT(0),
			  .to = AT(1000),
			  .limit = 10,
			  .targets = {"#a", "#b"},
			  .person = "bob"};
	struct both b;

	(void)state;
	begin(&b);
	fill(&b);
	assert_true(str_eq(history_talk_name(memory, STR("bob"), STR("al")), STR("@al bob")));
	say(&b, "@al bob", 1000, 300);
	say(&b, "@bob eve", 1001, 200);
	say(&b, "@al eve", 1002, 400);
	say(&b, "@bob bob", 1003, 500);
	say(&b, "@bobby eve", 1004, 500);
	assert_true(
		str_eq(history_talk_name(memory, history_guest_name(guest, STR("zed")), STR("bob")), STR("@*zed bob")));
	say(&b, "@*zed bob", 1005, 600);
	expect(&b, &ask, 0, "#a=170 #b=171 @bob eve=200 @al bob=300 @bob bob=500 @*zed bob=600 ");
	ask.limit = 2;
	expect(&b, &ask, 0, "#a=170 #b=171 ");
	ask.from.time = 1000;
	ask.to.time = 0;
	expect(&b, &ask, 0, "@bob bob=500 @*zed bob=600 ");
	ask.from.time = 500;
	expect(&b, &ask, 0, "@bob eve=200 @al bob=300 ");
	ask.from.time = 1000;
	ask.limit = 10;
	ask.since = 400;
	expect(&b, &ask, 0, "@bob bob=500 @*zed bob=600 ");
	assert_true(str_eq(history_talk_other(STR("@al bob"), STR("al")), STR("bob")));
	assert_true(str_eq(history_talk_other(STR("@al bob"), STR("eve")), STR_NONE));
	end(&b);
}

/* What was said a moment ago, and is not written yet, is part of the answer. */
static void test_sees_what_waits(void **state)
{
	struct fault_vfs *faults = fault_vfs_register();
	const struct ask ask = {.kind = HISTORY_LATEST, .limit = 2, .targets = {"#a"}};
	struct both b;

	(void)state;
	memset(&b, 0, sizeof(b));
	store_test_begin(&b.store);
	b.store.options.durability = DURABILITY_POWER;
	store_test_open(&b.store);
	store_test_restore(&b.store);
	b.mem = history_mem_new(NULL);
	atomic_store(&faults->sync_ms, 100);
	say(&b, "#a", 1, 100);
	store_test_turns(&b.store, 10);
	say(&b, "#a", 2, 100);
	expect(&b, &ask, 0, "1 2 ");
	atomic_store(&faults->sync_ms, 0);
	end(&b);
	fault_vfs_unregister(faults);
}

static void test_cancelled(void **state)
{
	const struct ask ask = {.kind = HISTORY_LATEST, .limit = 2, .targets = {"#a"}};
	struct both b;
	struct history_read *r;

	(void)state;
	begin(&b);
	fill(&b);
	r = read_of(&ask, &b);
	b.store.journal->ops->read(b.store.journal, r);
	history_read_free(r);
	store_test_settle(&b.store);
	expect(&b, &ask, 0, "8 9 ");
	r = read_of(&ask, &b);
	b.store.journal->ops->read(b.store.journal, r);
	history_read_free(r);
	assert_false(b.over);
	end(&b);
}

static bool word_of(struct str bytes, struct journal_text *out)
{
	*out = (struct journal_text){.text = bytes};
	return true;
}

/* The place, the msgid and all else stay as they were; what is not kept is not made. */
static void test_memory_revises(void **state)
{
	struct history_mem *h = history_mem_new(word_of);
	struct history_read *r = history_read_new(HISTORY_LATEST, 10);
	struct journal_about about = {.target = STR("#a"), .time = 5, .msgid = STR("one")};
	bool over = false;

	(void)state;
	history_mem_add(h, 1, &about, STR("first"));
	about.msgid = STR("two");
	history_mem_add(h, 2, &about, STR("second"));
	history_mem_revise(h, &(struct journal_about){.msgid = STR("one"), .time = 99}, STR("a longer first"));
	history_mem_revise(h, &(struct journal_about){.msgid = STR("three")}, STR("third"));
	history_read_add(r, STR("#a"), 0);
	r->done = done;
	r->ctx = &over;
	history_mem_read(h, r);
	assert_int_equal(r->rows.count, 2);
	assert_true(str_eq(((struct history_row *)r->rows.items[0])->bytes, STR("a longer first")));
	assert_true(str_eq(((struct history_row *)r->rows.items[0])->msgid, STR("one")));
	assert_int_equal(((struct history_row *)r->rows.items[0])->time, 5);
	assert_true(str_eq(((struct history_row *)r->rows.items[1])->bytes, STR("second")));
	history_read_free(r);
	history_mem_free(h);
}

static void test_parts_of_a_search(void **state)
{
	struct str rest = STR("  one \"two three\" four\"five \"\" \"six");
	static const struct {
		const char *part;
		bool quoted;
	} wanted[] = {{"one", false}, {"two three", true}, {"four\"five", false}, {"", true}, {"\"six", false}};
	struct str part;
	bool quoted;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_true(history_search_next(&rest, &part, &quoted));
		assert_true(str_eq(part, str_of(wanted[i].part)));
		assert_int_equal(quoted, wanted[i].quoted);
	}
	assert_false(history_search_next(&rest, &part, &quoted));
}

struct slow {
	unsigned scans, until;
};

static int scan_slowly(void *ctx, struct history_scan *scan)
{
	struct slow *s = ctx;

	s->scans++;
	scan->count = 0;
	return 0;
}

static bool is_late(void *ctx)
{
	const struct slow *s = ctx;

	return s->scans >= s->until;
}

/* Somebody may have any number of conversations: looking through them has an end. */
static void test_talks_have_a_time(void **state)
{
	struct history_read *r = history_read_new(HISTORY_TALKS, 10);
	struct slow slow = {.until = 3};
	const struct history_source source = {.scan = scan_slowly, .ctx = &slow, .late = is_late};

	(void)state;
	for (int i = 0; i < 10; i++)
		history_read_add(r, STR("#a"), 0);
	history_answer(r, &source);
	assert_int_equal(r->err, -ETIME);
	assert_int_equal(slow.scans, 3);
	slow = (struct slow){.until = 11};
	history_answer(r, &source);
	assert_int_equal(r->err, 0);
	assert_int_equal(slow.scans, 10);
	history_read_free(r);
}

/* Whatever there is of one target, memory keeps the newest. */
static void test_memory_is_bounded(void **state)
{
	struct history_mem *h = history_mem_new(NULL);
	struct history_read *r = history_read_new(HISTORY_LATEST, HISTORY_LIMIT_MAX);
	struct journal_about about = {.target = STR("#a")};
	bool over = false;

	(void)state;
	for (uint64_t i = 1; i <= 5000; i++) {
		about.time = (int64_t)i;
		history_mem_add(h, i, &about, STR("text"));
	}
	history_read_add(r, STR("#a"), 0);
	r->done = done;
	r->ctx = &over;
	history_mem_read(h, r);
	assert_int_equal(r->rows.count, 1000);
	assert_int_equal(((struct history_row *)r->rows.items[0])->position, 4001);
	history_read_free(r);
	history_mem_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selectors),         cmocka_unit_test(test_pages),
		cmocka_unit_test(test_several_targets),   cmocka_unit_test(test_talks),
		cmocka_unit_test(test_sees_what_waits),   cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_memory_is_bounded), cmocka_unit_test(test_parts_of_a_search), cmocka_unit_test(test_memory_revises),
		cmocka_unit_test(test_talks_have_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
