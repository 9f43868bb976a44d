#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/wire.h"

static struct str written(const struct wire_out *out)
{
	assert_false(out->buf.full);
	return buf_view(&out->buf);
}

static void test_bytes(void **state)
{
	static const char want[] = "\x01\x05\x04\x03\x02\x02\0\0\0hi\0\x01\0\0\0\0";
	struct wire_out out;

	(void)state;
	wire_init(&out);
	wire_put_u8(&out, 1);
	wire_put_u32(&out, 0x02030405);
	wire_put_str(&out, STR("hi"));
	wire_put_text(&out, NULL);
	wire_put_text(&out, "");
	assert_int_equal(written(&out).n, sizeof(want) - 1);
	assert_memory_equal(out.buf.p, want, sizeof(want) - 1);
	wire_deinit(&out);
	assert_null(out.buf.p);
}

static void test_values_come_back(void **state)
{
	struct wire_out out;
	struct wire_in in;
	struct str s;

	(void)state;
	wire_init(&out);
	wire_put_u8(&out, 255);
	wire_put_number(&out, 0x1234, 2);
	wire_put_u32(&out, UINT32_MAX);
	wire_put_u64(&out, UINT64_MAX - 1);
	wire_put_i64(&out, INT64_MIN);
	wire_put_i64(&out, -5);
	wire_put_str(&out, (struct str){"a\0b", 3});
	wire_put_str(&out, STR_NONE);
	wire_put_text(&out, "text");
	wire_put_text(&out, NULL);
	wire_put_text(&out, "");
	in = wire_read(written(&out));
	assert_int_equal(wire_u8(&in), 255);
	assert_int_equal(wire_number(&in, 2), 0x1234);
	assert_int_equal(wire_u32(&in), UINT32_MAX);
	assert_true(wire_u64(&in) == UINT64_MAX - 1);
	assert_true(wire_i64(&in) == INT64_MIN);
	assert_int_equal(wire_i64(&in), -5);
	assert_true(str_eq(wire_str(&in), (struct str){"a\0b", 3}));
	assert_int_equal(wire_str(&in).n, 0);
	assert_true(str_eq(wire_text(&in, 4), STR("text")));
	s = wire_text(&in, 9);
	assert_true(s.p == NULL && s.n == 0);
	assert_true(wire_more(&in));
	s = wire_text(&in, 0);
	assert_true(s.p != NULL && s.n == 0);
	assert_false(in.bad);
	assert_false(wire_more(&in));
	wire_deinit(&out);
}

/* Nothing that was asked for too much is given in part, and nothing comes after it. */
static void test_end(void **state)
{
	struct wire_in in = wire_read(STR("\x01\x02\x03"));

	(void)state;
	assert_int_equal(wire_u8(&in), 1);
	assert_int_equal(wire_u32(&in), 0);
	assert_true(in.bad);
	assert_int_equal(wire_u8(&in), 0);
	assert_false(wire_more(&in));
	in = wire_read(STR_NONE);
	assert_false(in.bad);
	assert_int_equal(wire_number(&in, 0), 0);
	assert_false(in.bad);
	assert_int_equal(wire_u8(&in), 0);
	assert_true(in.bad);
}

static void test_bounds(void **state)
{
	struct wire_in in = wire_read(STR("\x07\x08zz"));

	(void)state;
	assert_int_equal(wire_bounded(&in, 1, 7), 7);
	assert_int_equal(wire_bounded(&in, 1, 7), 0);
	assert_true(in.bad);
	in = wire_read(STR("\x01\x03\0\0\0abc"));
	assert_int_equal(wire_text(&in, 2).n, 0);
	assert_true(in.bad);
	in = wire_read(STR("\x01\x03\0\0\0a\0c"));
	assert_null(wire_text(&in, 3).p);
	assert_true(in.bad);
	in = wire_read(STR("\x02\x01\0\0\0a"));
	assert_null(wire_text(&in, 3).p);
	assert_true(in.bad);
	in = wire_read(STR("\x04\0\0\0abc"));
	assert_null(wire_str(&in).p);
	assert_true(in.bad);
}

static void test_count(void **state)
{
	struct wire_in in = wire_read(STR("\x02\0\0\0abcdef"));

	(void)state;
	assert_int_equal(wire_count(&in, 3), 2);
	in = wire_read(STR("\x02\0\0\0abcdef"));
	assert_int_equal(wire_count(&in, 4), 0);
	assert_true(in.bad);
	in = wire_read(STR("\xff\xff\xff\xff"));
	assert_int_equal(wire_count(&in, 1), 0);
	assert_true(in.bad);
}

/* An older reader passes over what it does not know; a newer one sees that it is not there. */
static void test_sections(void **state)
{
	struct wire_out out;
	struct wire_in in, outer, inner;
	size_t a, b;

	(void)state;
	wire_init(&out);
	a = wire_begin(&out);
	wire_put_u8(&out, 1);
	b = wire_begin(&out);
	wire_put_u8(&out, 2);
	wire_put_str(&out, STR("newer"));
	wire_end(&out, b);
	wire_put_u8(&out, 3);
	wire_put_str(&out, STR("newer too"));
	wire_end(&out, a);
	wire_put_u8(&out, 4);
	in = wire_read(written(&out));
	outer = wire_section(&in);
	assert_int_equal(wire_u8(&outer), 1);
	inner = wire_section(&outer);
	assert_int_equal(wire_u8(&inner), 2);
	assert_true(wire_more(&inner));
	assert_int_equal(wire_u8(&outer), 3);
	assert_int_equal(wire_u8(&in), 4);
	assert_false(wire_more(&in));
	/* What is wrong inside is not wrong outside; a section longer than the rest is. */
	assert_true(wire_u64(&inner) == 0x6577656e00000005);
	assert_int_equal(wire_u64(&inner), 0);
	assert_true(inner.bad && !in.bad);
	in = wire_read(STR("\x09\0\0\0abc"));
	outer = wire_section(&in);
	assert_true(outer.bad && in.bad);
	wire_deinit(&out);
}

static void test_grows(void **state)
{
	struct wire_out out;
	struct wire_in in;

	(void)state;
	wire_init(&out);
	for (uint32_t i = 0; i < 100000; i++)
		wire_put_u32(&out, i);
	in = wire_read(written(&out));
	assert_int_equal(in.rest.n, 400000);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(wire_u32(&in), i);
	wire_deinit(&out);
}

static void test_no_memory(void **state)
{
	struct wire_out out;
	size_t begun;

	(void)state;
	wire_init(&out);
	begun = wire_begin(&out);
	mem_fail_nth(1);
	for (uint32_t i = 0; i < 2000; i++)
		wire_put_u32(&out, i);
	wire_end(&out, begun);
	assert_true(out.buf.full);
	assert_true(out.buf.n <= out.buf.cap);
	wire_deinit(&out);
	wire_init(&out);
	mem_fail_nth(1);
	wire_end(&out, wire_begin(&out));
	assert_true(out.buf.full);
	wire_deinit(&out);
	mem_fail_nth(0);
}

static void test_fixed(void **state)
{
	char memory[8] = ".......#";
	struct wire_out out;
	struct buf room;

	(void)state;
	buf_init(&room, memory, 7);
	buf_chr(&room, 'a');
	wire_init_fixed(&out, room);
	wire_put_u32(&out, 0x64636261);
	assert_true(str_eq(written(&out), STR("aabcd")));
	wire_put_u32(&out, 0);
	assert_true(out.buf.full);
	assert_int_equal(memory[7], '#');
	wire_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_values_come_back),
		cmocka_unit_test(test_end),   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_count), cmocka_unit_test(test_sections),
		cmocka_unit_test(test_grows), cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
