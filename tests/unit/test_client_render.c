#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chat-client/render.h"
#include "proto/utf8.h"

static void check(struct str in, bool ascii, struct str wanted)
{
	char memory[512];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	render_text(&b, in, ascii);
	assert_false(b.full);
	assert_true(b.n <= in.n * RENDER_GROWTH);
	memory[b.n] = '\0';
	assert_string_equal(memory, wanted.p);
	assert_int_equal(b.n, wanted.n);
}

#define BAD "\xEF\xBF\xBD"

static void test_plain_text_is_kept(void **state)
{
	(void)state;
	check(STR(""), false, STR(""));
	check(STR("hello, world"), false, STR("hello, world"));
	check(STR("a\tb"), false, STR("a b"));
	check(STR("qué 日本 😀 \xCC\x81"), false, STR("qué 日本 😀 \xCC\x81"));
	/* the first that is no control of the second kind, and the last code points of each length */
	check(STR("\xC2\xA0\xDF\xBF\xEE\x80\x80\xF4\x8F\xBF\xBD"), false,
	      STR("\xC2\xA0\xDF\xBF\xEE\x80\x80\xF4\x8F\xBF\xBD"));
}

static void test_controls(void **state)
{
	(void)state;
	check(STR("\x1B[31m"), false, STR(BAD "[31m"));
	check(STR("a\r\nb\0c\x7F"), false, STR("a" BAD BAD "b" BAD "c" BAD));
	check(STR("\x01\x05\x07\x08\x0B\x0C\x0E\x10\x1C"), false, STR(BAD BAD BAD BAD BAD BAD BAD BAD BAD));
	check(STR("\xC2\x80\xC2\x9B\xC2\x9F"), false, STR(BAD BAD BAD));
}

static void test_hidden_characters(void **state)
{
	(void)state;
	check(STR("a\u200Bb\u202Ec\uFEFF"), false, STR("a" BAD "b" BAD "c" BAD));
	check(STR("\u061C\u200E\u200F\u2028\u2029\u2066\u2069\u2060"), false, STR(BAD BAD BAD BAD BAD BAD BAD BAD));
	check(STR("\u00AD\u034F\u115F\u3164\uFFA0"), false, STR(BAD BAD BAD BAD BAD));
	check(STR("\U000E0041\U000E01EF\uFDD0\U0001FFFE"), false, STR(BAD BAD BAD BAD));
	/* what emoji are made of goes without a mark */
	check(STR("❤\uFE0F👩\u200D🚀"), false, STR("❤👩🚀"));
}

static void test_broken_utf8(void **state)
{
	(void)state;
	check(STR("\x80\xFF\xC0\xAF"), false, STR(BAD BAD BAD BAD));
	check(STR("\xE2\x82"), false, STR(BAD BAD));
	check(STR("\xED\xA0\x80"), false, STR(BAD BAD BAD));
	check(STR("\xF4\x90\x80\x80"), false, STR(BAD BAD BAD BAD));
	check(STR("\xE0\x80\xAFx"), false, STR(BAD BAD BAD "x"));
	check(STR("\xC3(\xC3\xA9"), false, STR(BAD "(é"));
}

static void test_formatting_is_left_out(void **state)
{
	(void)state;
	check(STR("\x02"
		  "b\x1Di\x1Fu\x1Es\x11m\x16r\x0F."),
	      false, STR("biusmr."));
	check(STR("\x03"
		  "4red\x03"),
	      false, STR("red"));
	check(STR("\x03"
		  "04,12x"),
	      false, STR("x"));
	check(STR("\x03"
		  "0412"),
	      false, STR("12"));
	check(STR("\x03"
		  "4,x"),
	      false, STR(",x"));
	check(STR("\x03,4x"), false, STR(",4x"));
	check(STR("\x04"
		  "ff0000,00FF00x"),
	      false, STR("x"));
	check(STR("\x04"
		  "ff000g"),
	      false, STR("ff000g"));
	check(STR("x\x03"), false, STR("x"));
	/* nothing hides behind a code */
	check(STR("\x03\x1B\x03"
		  "1\x1B"),
	      false, STR(BAD BAD));
}

static void test_ascii(void **state)
{
	(void)state;
	check(STR("é日\x9B\u200Bx\x1B"), true, STR("????x?"));
}

static void test_full_buffer_ends_between_characters(void **state)
{
	char memory[4];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	render_text(&b, STR("ab日"), false);
	assert_true(b.full);
	assert_true(utf8_valid(buf_view(&b)));
	assert_int_equal(b.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text_is_kept),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_hidden_characters),
		cmocka_unit_test(test_broken_utf8),
		cmocka_unit_test(test_formatting_is_left_out),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_full_buffer_ends_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
