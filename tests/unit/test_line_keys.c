#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "session/line_keys.h"

struct typed {
	char text[LINE_KEYS_MAX + 1], replies[64];
	size_t nreplies;
	bool whole, full;
};

static struct typed take_bytes(struct line_keys *k, const char *raw, size_t n, char end)
{
	struct typed t;
	struct buf out, replies;

	buf_init(&out, t.text, LINE_KEYS_MAX);
	buf_init(&replies, t.replies, sizeof(t.replies));
	t.whole = line_keys_take(k, (struct str){raw, n}, end, &out, &replies);
	t.text[out.n] = '\0';
	t.nreplies = replies.n;
	t.full = out.full;
	return t;
}

static struct typed take(struct line_keys *k, const char *raw, char end)
{
	return take_bytes(k, raw, strlen(raw), end);
}

static void what_is_typed(void **state)
{
	static const struct {
		const char *raw, *text;
	} rows[] = {
		{"hello", "hello"},
		{"hola, señor", "hola, señor"},
		{"helpo\blo", "helplo"},
		{"abc\177\177de", "ade"},
		{"\b\b\bx", "x"},
		{"sé\177\177x", "x"},
		{"two words\027three", "two three"},
		{"all of it\025this", "this"},
		{"a\033[Ab\033[1;5Cc", "abc"},
		{"a\033Ob", "a"},
		{"a\001\002\037b", "ab"},
		{"caf\351", "café"},
		{"a\302\2331mb", "a1mb"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line_keys k = {0};
		struct typed t = take(&k, rows[i].raw, '\n');

		assert_true(t.whole);
		assert_string_equal(t.text, rows[i].text);
		line_keys_deinit(&k);
	}
}

/* DO and WILL are declined, what is between SB and SE is thrown away, and IAC IAC is a byte. */
static void telnet_is_swallowed(void **state)
{
	static const char raw[] = "\377\375\003an\377\373\030a\377\372\030\0xterm\377\360!";
	struct line_keys k = {0};
	struct typed t = take_bytes(&k, raw, sizeof(raw) - 1, '\n');

	(void)state;
	assert_true(t.whole && k.telnet);
	assert_string_equal(t.text, "ana!");
	assert_int_equal(t.nreplies, 6);
	assert_memory_equal(t.replies, "\377\374\003\377\376\030", 6);
	line_keys_deinit(&k);
}

/* CR LF, CR NUL and CR alone are one end; the next line is not an empty one. */
static void returns(void **state)
{
	struct line_keys k = {0};
	struct typed t = take(&k, "one", '\r');

	(void)state;
	assert_true(t.whole);
	assert_string_equal(t.text, "one");
	assert_false(take(&k, "", '\n').whole);
	t = take_bytes(&k, "two", 3, '\r');
	assert_string_equal(t.text, "two");
	t = take_bytes(&k, "\0three", 6, '\r');
	assert_true(t.whole);
	assert_string_equal(t.text, "three");
	line_keys_deinit(&k);
}

static void wherever_the_reads_cut(void **state)
{
	struct line_keys k = {0};
	struct typed t = take_bytes(&k, "ab\377\375", 4, '\n');

	(void)state;
	/* The LF is an option that telnet asks for, and no end of a line. */
	assert_false(t.whole);
	t = take(&k, "cd", '\n');
	assert_true(t.whole);
	assert_string_equal(t.text, "abcd");
	line_keys_deinit(&k);
}

static void too_much(void **state)
{
	struct line_keys k = {0};
	char raw[2 * LINE_KEYS_MAX + 1];
	struct typed t;

	(void)state;
	memset(raw, 'x', sizeof(raw) - 1);
	raw[sizeof(raw) - 1] = '\0';
	t = take(&k, raw, '\n');
	assert_true(t.whole && t.full);
	assert_in_range(strlen(t.text), LINE_KEYS_MAX - 4, LINE_KEYS_MAX);
	line_keys_deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed), cmocka_unit_test(telnet_is_swallowed),    cmocka_unit_test(returns),
		cmocka_unit_test(too_much),      cmocka_unit_test(wherever_the_reads_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
