#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "chat-client/keys.h"
#include "chat-client/layout.h"

/* Feeds all bytes; returns how many keys came, with the last of them in out. */
static size_t feed(struct keys *k, const char *bytes, wchar_t out[KEYS_OUT_MAX], size_t *count)
{
	wchar_t key[KEYS_OUT_MAX];
	size_t keys = 0, n;

	for (; *bytes; bytes++) {
		if (keys_put(k, (unsigned char)*bytes, key, &n) != KEYS_WHOLE)
			continue;
		keys++;
		*count = n;
		memcpy(out, key, sizeof(key));
	}
	return keys;
}

static void check_key(const char *bytes, wchar_t wanted)
{
	struct keys k = {.n = 0};
	wchar_t out[KEYS_OUT_MAX];
	size_t count;

	assert_int_equal(feed(&k, bytes, out, &count), 1);
	assert_int_equal(count, 1);
	assert_int_equal(out[0], wanted);
	assert_false(keys_pending(&k));
}

static void test_characters(void **state)
{
	(void)state;
	check_key("a", L'a');
	check_key("\r", L'\r');
	check_key("\x7F", 0x7F);
	check_key("é", 0xE9);
	check_key("日", 0x65E5);
	check_key("😀", 0x1F600);
}

static void test_special_keys(void **state)
{
	(void)state;
	check_key("\033[A", 0x10);
	check_key("\033OD", 0x02);
	check_key("\033[1~", 0x01);
	/* not ^D, which ends the input when the line is empty */
	check_key("\033[3~", 0x1C);
	check_key("\033[200~", KEYS_PASTE);
	/* a lone Escape before a key */
	check_key("\033\033[B", 0x0E);
}

static void test_meta(void **state)
{
	struct keys k = {.n = 0};
	wchar_t out[KEYS_OUT_MAX];
	size_t count;

	(void)state;
	assert_int_equal(feed(&k, "\033b", out, &count), 1);
	assert_int_equal(count, 2);
	assert_int_equal(out[1], L'b');
	assert_int_equal(feed(&k, "\033[1;5C", out, &count), 1);
	assert_int_equal(count, 2);
	assert_int_equal(out[1], L'f');
}

static void test_what_is_dropped(void **state)
{
	struct keys k = {.n = 0};
	wchar_t out[KEYS_OUT_MAX];
	size_t count;

	(void)state;
	assert_int_equal(feed(&k, "\033[24~\033[201~\033OZ", out, &count), 0);
	assert_int_equal(feed(&k, "\xFF\xC2\x9B\x80", out, &count), 0);
	assert_false(keys_pending(&k));
	assert_int_equal(feed(&k, "\033", out, &count), 0);
	assert_true(keys_pending(&k));
	keys_drop(&k);
	assert_int_equal(feed(&k, "x", out, &count), 1);
	/* a sequence without end holds no more than its bound */
	assert_int_equal(feed(&k, "\033[111111111111111111111111111111", out, &count), 0);
	assert_false(keys_pending(&k));
}

static void check_layout(unsigned columns, const wchar_t *text, unsigned row, unsigned column)
{
	struct layout l = {.columns = columns};

	layout_add(&l, text, wcslen(text));
	assert_int_equal(l.row, row);
	assert_int_equal(l.column, column);
}

static void test_layout(void **state)
{
	struct layout l = {.columns = 4, .column = 3};

	(void)state;
	check_layout(10, L"", 0, 0);
	check_layout(10, L"123456789", 0, 9);
	check_layout(10, L"1234567890", 1, 0);
	check_layout(10, L"123456789012345678901", 2, 1);
	/* a wide character does not start in the last column */
	check_layout(4, L"abc日", 1, 2);
	check_layout(4, L"ab日", 1, 0);
	check_layout(2, L"日本語", 3, 0);
	assert_int_equal(layout_row(&l, L'x'), 0);
	assert_int_equal(layout_row(&l, L'日'), 1);
	assert_int_equal(layout_row(&l, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters), cmocka_unit_test(test_special_keys),
		cmocka_unit_test(test_meta),       cmocka_unit_test(test_what_is_dropped),
		cmocka_unit_test(test_layout),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
