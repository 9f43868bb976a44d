#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/duration.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{"90", 5400},           {"1h30m", 5400}, {"2d", 172800}, {"1w", 604800}, {"45s", 45},
		{"1D2H3M4S", 93784},    {"0", 0},        {"perm", 0},    {"Forever", 0}, {"1", 60},
		{"36500d", 3153600000}, {"1h5", 3900},
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(duration_parse(rows[i].text, &ms));
		assert_true(ms == rows[i].seconds * 1000);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {"",      "h",  "-1",       "1x",  "1.5h", "36501d", "99999999999",
					    "1h 2m", "0s", "10.0.0.1", "1:2", "spam", "1hh",    "9999999999w"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(duration_parse(texts[i], &ms));
}

static void test_show(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{0, "0s"},          {999, "0s"},      {45000, "45s"},           {60000, "1m"},
		    {5400000, "1h30m"}, {3601000, "1h"},  {86400000 + 59000, "1d"}, {8 * 86400000ll, "1w1d"},
		    {90061000, "1d1h"}, {604800000, "1w"}};
	char memory[DURATION_TEXT_MAX];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		duration_show(&b, rows[i].ms);
		memory[b.n] = '\0';
		assert_string_equal(memory, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
