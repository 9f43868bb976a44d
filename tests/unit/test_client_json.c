#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "chat-client/json.h"

/* NULL: no object. */
static void check(const char *raw, const char *wanted)
{
	struct line line;
	struct buf b;
	size_t room;

	assert_int_equal(line_parse(&line, str_of(raw), LINE_TAGS_MAX), LINE_OK);
	room = json_room(&line);
	buf_init(&b, malloc(room + 1), room);
	assert_int_equal(json_line(&b, &line, 0), wanted != NULL);
	b.p[b.n] = '\0';
	if (wanted)
		assert_string_equal(b.p, wanted);
	free(b.p);
}

static void test_members(void **state)
{
	(void)state;
	check("@time=2026-01-31T12:00:00.000Z;+a=\\s\\: :ana!u@h PRIVMSG #c :hi there",
	      "{\"time\":\"2026-01-31T12:00:00.000Z\",\"command\":\"PRIVMSG\",\"source\":\"ana!u@h\",\"nick\":\"ana\","
	      "\"target\":\"#c\",\"text\":\"hi there\",\"params\":[\"#c\",\"hi there\"],"
	      "\"tags\":{\"time\":\"2026-01-31T12:00:00.000Z\",\"+a\":\" ;\"}}\n");
	check("QUIT", "{\"time\":\"1970-01-01T00:00:00.000Z\",\"command\":\"QUIT\",\"source\":\"\",\"nick\":\"\","
		      "\"target\":\"\",\"text\":\"\",\"params\":[],\"tags\":{}}\n");
}

static void test_escapes(void **state)
{
	(void)state;
	check("A :\"\\\x1b\x7f\t\xc2\x9b\xe2\x80\xae\xe2\x80\x8d\xff\xc3\xa9\xf0\x9f\x98\x80",
	      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"command\":\"A\",\"source\":\"\",\"nick\":\"\","
	      "\"target\":\"\\\"\\\\\\u001b\\u007f\\u0009\\u009b\\u202e\\u200d\xef\xbf\xbd\xc3\xa9\xf0\x9f\x98\x80\","
	      "\"text\":\"\\\"\\\\\\u001b\\u007f\\u0009\\u009b\\u202e\\u200d\xef\xbf\xbd\xc3\xa9\xf0\x9f\x98\x80\","
	      "\"params\":[\"\\\"\\\\\\u001b\\u007f\\u0009\\u009b\\u202e\\u200d\xef\xbf\xbd\xc3\xa9\xf0\x9f\x98\x80\"],"
	      "\"tags\":{}}\n");
}

static void test_between_the_programs(void **state)
{
	(void)state;
	check("PING x", NULL);
	check(":s CAP * LS :a", NULL);
	check("AUTHENTICATE +", NULL);
	check("BATCH -1", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_between_the_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
