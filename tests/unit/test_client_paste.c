#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chat-client/paste.h"

/* What comes of the bytes behind the mark at the front. */
static struct str feed(struct paste *p, const char *bytes, size_t n)
{
	struct str text = STR_NONE;

	paste_begin(p);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(paste_put(p, (unsigned char)bytes[i], &text), i + 1 == n);
	return text;
}

static void check(const char *bytes, const char *wanted)
{
	struct paste p = {0};
	struct str text = feed(&p, bytes, strlen(bytes));

	assert_true(str_eq(text, str_of(wanted)));
	assert_false(p.cut);
	paste_drop(&p);
	assert_false(paste_is_open(&p));
}

static void test_text(void **state)
{
	(void)state;
	check("one\033[201~", "one");
	check("\033[201~", "");
	check("a\rb\r\nc\n\nd\r\033[201~", "a\nb\nc\n\nd");
	check("\ttab\033[A\x7f\x01\033[200~\033[201~", " tab[A[200~");
	check("\xc3\xa9\n\n\n\033[201~", "\xc3\xa9");
}

static void test_too_long(void **state)
{
	enum { LENGTH = PASTE_MAX + 1000 };
	static char bytes[LENGTH + 6];
	struct paste p = {0};
	struct str text;

	(void)state;
	memset(bytes, 'x', LENGTH);
	memcpy(bytes + LENGTH, "\033[201~", 6);
	text = feed(&p, bytes, sizeof(bytes));
	assert_true(p.cut);
	assert_int_equal(text.n, PASTE_MAX);
	paste_drop(&p);
}

static void test_without_end(void **state)
{
	struct paste p = {0};
	struct str text;

	(void)state;
	paste_begin(&p);
	assert_false(paste_put(&p, 'a', &text));
	assert_false(paste_put(&p, '\r', &text));
	text = paste_finish(&p);
	assert_true(str_eq(text, STR("a")));
	paste_drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
