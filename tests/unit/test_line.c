#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "proto/line.h"

/* "tags|source|command|param|param.." */
static void render(char *dst, size_t size, const struct line *line)
{
	struct buf b;

	buf_init(&b, dst, size - 1);
	buf_str(&b, line->tags);
	buf_chr(&b, '|');
	buf_str(&b, line->source);
	buf_chr(&b, '|');
	buf_str(&b, line->command);
	for (size_t i = 0; i < line->nparams; i++) {
		buf_chr(&b, '|');
		buf_str(&b, line->params[i]);
	}
	dst[b.n] = '\0';
}

static void test_shapes(void **state)
{
	static const struct {
		struct str raw;
		const char *want;
	} rows[] = {
		{STR("PING"), "||PING"},
		{STR("PING\r"), "||PING"},
		{STR("ping x"), "||ping|x"},
		{STR("NO_SUCH-1 x"), "||NO_SUCH-1|x"},
		{STR("001 nick :Welcome to it"), "||001|nick|Welcome to it"},
		{STR(":src PRIVMSG #c :hello  there "), "|src|PRIVMSG|#c|hello  there "},
		{STR("@a=b;c :src CMD x"), "a=b;c|src|CMD|x"},
		{STR("@a CMD"), "a||CMD"},
		{STR("@ CMD"), "||CMD"},
		{STR("@a   :src    CMD    x    y   "), "a|src|CMD|x|y"},
		{STR("   CMD x"), "||CMD|x"},
		{STR("CMD x :"), "||CMD|x|"},
		{STR("CMD :"), "||CMD|"},
		{STR("CMD ::x"), "||CMD|:x"},
		{STR("CMD :x :y"), "||CMD|x :y"},
		{STR("CMD a:b c: :"), "||CMD|a:b|c:|"},
		{STR("CMD \x01"
		     "ACTION\x01"),
		 "||CMD|\x01"
		 "ACTION\x01"},
		{STR("CMD \xff\t"), "||CMD|\xff\t"},
		{STR("C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"), "||C|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15"},
		{STR("C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17"), "||C|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15 16 :17"},
		{STR("C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16"), "||C|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15 16"},
		{STR("C 1 2 3 4 5 6 7 8 9 10 11 12 13 14   "), "||C|1|2|3|4|5|6|7|8|9|10|11|12|13|14"},
	};
	char got[128];
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(line_parse(&line, rows[i].raw, LINE_CLIENT_TAGS_MAX), LINE_OK);
		render(got, sizeof(got), &line);
		assert_string_equal(got, rows[i].want);
	}
}

static void test_refused(void **state)
{
	static const struct {
		struct str raw;
		enum line_result want;
	} rows[] = {
		{STR(""), LINE_EMPTY},
		{STR("\r"), LINE_EMPTY},
		{STR("   "), LINE_EMPTY},
		{STR(" \t \r"), LINE_EMPTY},
		{STR("A\0B"), LINE_BAD_BYTE},
		{STR("\0"), LINE_BAD_BYTE},
		{STR("A\rB"), LINE_BAD_BYTE},
		{STR("A\r\r"), LINE_BAD_BYTE},
		{STR("\rA"), LINE_BAD_BYTE},
		{STR("A :x\nQUIT"), LINE_BAD_BYTE},
		{STR("@a\0 B"), LINE_BAD_BYTE},
		{STR("@a"), LINE_MALFORMED},
		{STR("@"), LINE_MALFORMED},
		{STR("@a "), LINE_MALFORMED},
		{STR("@a \t"), LINE_MALFORMED},
		{STR("@a :src"), LINE_MALFORMED},
		{STR("@a :src "), LINE_MALFORMED},
		{STR(":"), LINE_MALFORMED},
		{STR(":src"), LINE_MALFORMED},
		{STR(":a :b CMD"), LINE_MALFORMED},
		{STR(" @a CMD"), LINE_MALFORMED},
		{STR("@a @b CMD"), LINE_MALFORMED},
	};
	struct line line;

	(void)state;
	assert_int_equal(line_parse(&line, STR_NONE, LINE_TAGS_MAX), LINE_EMPTY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(line_parse(&line, rows[i].raw, LINE_CLIENT_TAGS_MAX), rows[i].want);
}

/* What stands in the place of a command is told, with all that belongs to the line, so that a refusal can name it. */
static void test_refused_told(void **state)
{
	static const struct {
		struct str raw;
		const char *want;
	} rows[] = {
		{STR(":a :b CMD"), "|a|:b|CMD"}, {STR("@label=x :src"), "label=x|src|"},
		{STR("@label=x "), "label=x||"}, {STR("@label=x"), "||"},
		{STR("@label=x CMD a\0"), "||"}, {STR(""), "||"},
	};
	char got[128];
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_not_equal(line_parse(&line, rows[i].raw, LINE_CLIENT_TAGS_MAX), LINE_OK);
		render(got, sizeof(got), &line);
		assert_string_equal(got, rows[i].want);
	}
}

/* '@', tags bytes of 't', ' ' (none for tags 0), and a body of that many bytes, with a CR if asked for. */
static enum line_result parse_sized(struct line *line, size_t tags, size_t body, size_t tags_max, bool cr)
{
	static char raw[LINE_MAX_BYTES + 64];
	struct buf b;

	buf_init(&b, raw, sizeof(raw));
	if (tags) {
		buf_chr(&b, '@');
		for (size_t i = 0; i < tags; i++)
			buf_chr(&b, 't');
		buf_chr(&b, ' ');
	}
	buf_cstr(&b, "PRIVMSG a :");
	for (size_t i = strlen("PRIVMSG a :"); i < body; i++)
		buf_chr(&b, 'x');
	if (cr)
		buf_chr(&b, '\r');
	assert_false(b.full);
	return line_parse(line, buf_view(&b), tags_max);
}

static void test_body_limit(void **state)
{
	static const struct {
		size_t tags, body;
		enum line_result want;
	} rows[] = {
		{0, 509, LINE_OK},
		{0, 510, LINE_OK},
		{0, 511, LINE_BODY_TOO_LONG},
		{0, 2000, LINE_BODY_TOO_LONG},
		{4094, 510, LINE_OK},
		{4094, 511, LINE_BODY_TOO_LONG},
		{1, 510, LINE_OK},
		{1, 511, LINE_BODY_TOO_LONG},
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int cr = 0; cr < 2; cr++) {
			assert_int_equal(parse_sized(&line, rows[i].tags, rows[i].body, LINE_CLIENT_TAGS_MAX, cr),
					 rows[i].want);
			/* Parsed all the same, the whole of it. */
			assert_true(str_eq(line.command, STR("PRIVMSG")));
			assert_int_equal(line.nparams, 2);
			assert_int_equal(line.params[1].n, rows[i].body - strlen("PRIVMSG a :"));
			assert_int_equal(line.tags.n, rows[i].tags);
		}
	}
}

static void test_tags_limit(void **state)
{
	static const struct {
		size_t tags, max;
		enum line_result want;
	} rows[] = {
		{4093, LINE_CLIENT_TAGS_MAX, LINE_OK},
		{4094, LINE_CLIENT_TAGS_MAX, LINE_OK},
		{4095, LINE_CLIENT_TAGS_MAX, LINE_TAGS_TOO_LONG},
		{8189, LINE_CLIENT_TAGS_MAX, LINE_TAGS_TOO_LONG},
		{4095, LINE_TAGS_MAX, LINE_OK},
		{8189, LINE_TAGS_MAX, LINE_OK},
		{8190, LINE_TAGS_MAX, LINE_TAGS_TOO_LONG},
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(parse_sized(&line, rows[i].tags, 510, rows[i].max, true), rows[i].want);
}

static void test_tags_without_end(void **state)
{
	static char raw[5000];
	struct line line;

	(void)state;
	memset(raw, 't', sizeof(raw));
	raw[0] = '@';
	assert_int_equal(line_parse(&line, (struct str){raw, 4095}, LINE_CLIENT_TAGS_MAX), LINE_MALFORMED);
	assert_int_equal(line_parse(&line, (struct str){raw, 4096}, LINE_CLIENT_TAGS_MAX), LINE_TAGS_TOO_LONG);
}

static void test_slices_point_into_raw(void **state)
{
	const struct str raw = STR("@k=v :s CMD a :b");
	struct line line;

	(void)state;
	assert_int_equal(line_parse(&line, raw, LINE_TAGS_MAX), LINE_OK);
	assert_ptr_equal(line.tags.p, raw.p + 1);
	assert_ptr_equal(line.source.p, raw.p + 6);
	assert_ptr_equal(line.command.p, raw.p + 8);
	assert_ptr_equal(line.params[0].p, raw.p + 12);
	assert_ptr_equal(line.params[1].p, raw.p + 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_told),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_tags_limit),
		cmocka_unit_test(test_tags_without_end),
		cmocka_unit_test(test_slices_point_into_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
