#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "journal/history.h"
#include "store_fixture.h"

enum { MANY = 3000 };

/* Each message says a few words that many say; one says a word of its own too. */
static bool text_of(struct str bytes, struct journal_text *out)
{
	bool secret = str_eq(bytes, STR("0 1500"));

	*out = (struct journal_text){.text = secret ? STR("what xylophonist said") : STR("what everybody said"),
				     .nick = STR("somebody")};
	return true;
}

static void begin(struct store_test *t)
{
	store_test_begin(t);
	t->text = text_of;
	t->options.tuning.scrub_ms = 1;
	store_test_open(t);
	store_test_restore(t);
}

static void say_much(struct store_test *t)
{
	for (uint32_t i = 0; i < MANY; i++)
		store_test_message(t, "#a", i);
	store_test_settle(t);
}

static bool is_indexed(struct store_test *t)
{
	return store_test_number(t, "SELECT value FROM meta WHERE key = 'indexed'") >= MANY;
}

static bool is_scrubbed(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM message_at") == MANY - 1 &&
	       store_test_number(t, "SELECT count(*) FROM meta WHERE key = 'index_stale'") == 0;
}

static void take_back(struct store_test *t)
{
	const struct item item = {.class = JOURNAL_REMOVAL, .msgid = "m0-1500"};

	store_test_append(t, &item);
	store_test_settle(t);
}

/* Anywhere in the file, once the log beside it was moved there. */
static bool has_bytes(const struct store_test *t, const char *word)
{
	char path[512];
	FILE *f;
	char *all;
	long size;
	bool found;

	store_test_path(t, "chatd.db", path);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	all = malloc((size_t)size);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, (size_t)size, f), size);
	fclose(f);
	found = memmem(all, (size_t)size, word, strlen(word)) != NULL;
	free(all);
	return found;
}

static void done(struct history_read *r)
{
	*(bool *)r->ctx = true;
}

static uint32_t count_of(struct store_test *t, const char *word)
{
	struct history_read *r = history_read_new(HISTORY_SEARCH, HISTORY_LIMIT_MAX);
	bool over = false;
	uint32_t count;

	history_read_search(r, &(struct history_search){.text = str_of(word)});
	history_read_add(r, STR("#a"), 0);
	r->done = done;
	r->ctx = &over;
	t->journal->ops->read(t->journal, r);
	for (int turns = 0; turns < 1000 && !over; turns++)
		store_test_turns(t, 10);
	assert_true(over);
	assert_int_equal(r->err, 0);
	count = r->rows.count;
	history_read_free(r);
	return count;
}

/* Words of what was taken back are nowhere in the file, though much else was indexed with them. */
static void test_words_go(void **state)
{
	struct store_test t;

	(void)state;
	begin(&t);
	say_much(&t);
	assert_int_equal(count_of(&t, "xylophonist"), 1);
	store_test_close(&t);
	assert_true(has_bytes(&t, "xylophonist"));
	store_test_open(&t);
	store_test_restore(&t);
	take_back(&t);
	store_test_until(&t, is_scrubbed);
	assert_int_equal(count_of(&t, "xylophonist"), 0);
	assert_int_equal(count_of(&t, "everybody"), MANY - 1);
	store_test_close(&t);
	assert_false(has_bytes(&t, "xylophonist"));
	store_test_end(&t);
}

/* Whoever stopped in between goes on later. */
static void test_words_go_after_a_stop(void **state)
{
	struct store_test t;

	(void)state;
	begin(&t);
	say_much(&t);
	store_test_until(&t, is_indexed);
	t.options.tuning.scrub_ms = 3600000;
	store_test_restart(&t);
	take_back(&t);
	store_test_close(&t);
	assert_int_equal(store_test_number(&t, "SELECT value FROM meta WHERE key = 'index_stale'"), 1);
	t.options.tuning.scrub_ms = 1;
	store_test_open(&t);
	store_test_restore(&t);
	store_test_until(&t, is_scrubbed);
	store_test_close(&t);
	assert_false(has_bytes(&t, "xylophonist"));
	store_test_end(&t);
}

static bool is_revised(struct store_test *t)
{
	return store_test_number(t, "SELECT count(*) FROM meta WHERE key = 'index_stale'") == 0;
}

/* What takes the place of a message has its words, and those of the other are gone from the index and from the file. */
static void test_words_of_a_revision(void **state)
{
	const struct item item = {.class = JOURNAL_REVISION, .value = 7, .msgid = "m0-1500"};
	const struct item none = {.class = JOURNAL_REVISION, .value = 8, .msgid = "m0-none"};
	struct store_test t;

	(void)state;
	begin(&t);
	say_much(&t);
	assert_int_equal(count_of(&t, "xylophonist"), 1);
	store_test_append(&t, &item);
	store_test_append(&t, &none);
	store_test_settle(&t);
	store_test_until(&t, is_revised);
	assert_int_equal(count_of(&t, "xylophonist"), 0);
	assert_int_equal(count_of(&t, "everybody"), MANY);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal"), MANY);
	assert_int_equal(store_test_number(&t, "SELECT count(*) FROM journal WHERE bytes = CAST('0 7' AS BLOB)"), 2);
	store_test_close(&t);
	assert_false(has_bytes(&t, "xylophonist"));
	store_test_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_a_revision),
		cmocka_unit_test(test_words_go),
		cmocka_unit_test(test_words_go_after_a_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
