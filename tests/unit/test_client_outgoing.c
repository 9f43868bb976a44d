#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chat-client/outgoing.h"
#include "proto/utf8.h"

static struct str take(struct str *rest, char *memory, size_t room)
{
	struct buf b;

	buf_init(&b, memory, room);
	assert_true(outgoing_take(rest, &b));
	return buf_view(&b);
}

static void test_what_fits_stays_whole(void **state)
{
	struct str rest = STR("hello");
	char memory[16];

	(void)state;
	assert_true(str_eq(take(&rest, memory, 5), STR("hello")));
	assert_int_equal(rest.n, 0);
	assert_false(outgoing_take(&rest, &(struct buf){memory, 0, 16, false}));
}

static void test_cuts_between_code_points(void **state)
{
	struct str rest = STR("ab日本é");
	char memory[8];

	(void)state;
	assert_true(str_eq(take(&rest, memory, 4), STR("ab")));
	assert_true(str_eq(take(&rest, memory, 5), STR("日")));
	assert_true(str_eq(take(&rest, memory, 5), STR("本é")));
	assert_int_equal(rest.n, 0);
}

static void test_every_cut_loses_nothing(void **state)
{
	const struct str text = STR("x😀é日本 y 😀");
	char memory[32], all[64];

	(void)state;
	for (size_t room = 4; room <= 30; room++) {
		struct str rest = text;
		size_t n = 0;

		while (rest.n) {
			struct str piece = take(&rest, memory, room);

			assert_in_range(piece.n, 1, room);
			assert_true(utf8_valid(piece));
			memcpy(all + n, piece.p, piece.n);
			n += piece.n;
		}
		assert_true(str_eq((struct str){all, n}, text));
	}
}

static void test_unfit_bytes(void **state)
{
	struct str rest = STR("a\0b\rc\nd\xFF\xE2\x82");
	char memory[64];

	(void)state;
	assert_true(str_eq(take(&rest, memory, 64), STR("a\xEF\xBF\xBD"
							"b c d\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD")));
}

static void test_chomp(void **state)
{
	(void)state;
	assert_true(str_eq(outgoing_chomp(STR("a\r")), STR("a")));
	assert_true(str_eq(outgoing_chomp(STR("\r\r")), STR("\r")));
	assert_true(str_eq(outgoing_chomp(STR("")), STR("")));
}

static void test_room(void **state)
{
	size_t room = outgoing_room(strlen("me!u@h"), STR("PRIVMSG"), STR("#lobby"));

	(void)state;
	assert_int_equal(room, 512 - strlen(":me!u@h PRIVMSG #lobby :\r\n"));
	assert_int_equal(outgoing_room(400, STR("PRIVMSG"), STR("#a-channel-with-a-name-that-is-rather-long-indeed")),
			 OUTGOING_ROOM_MIN);
	assert_int_equal(outgoing_room(100000, STR("PRIVMSG"), STR("#x")), OUTGOING_ROOM_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits_stays_whole),
		cmocka_unit_test(test_cuts_between_code_points),
		cmocka_unit_test(test_every_cut_loses_nothing),
		cmocka_unit_test(test_unfit_bytes),
		cmocka_unit_test(test_chomp),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
