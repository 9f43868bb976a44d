#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "session/msgid.h"

#define NOW INT64_C(1790000000000)

static void next(struct msgid_source *m, int64_t now, char out[MSGID_LENGTH + 1])
{
	struct str id = msgid_next(m, now);

	assert_int_equal(id.n, MSGID_LENGTH);
	memcpy(out, id.p, id.n);
	out[id.n] = '\0';
	assert_int_equal(strspn(out, "0123456789abcdefghjkmnpqrstvwxyz"), MSGID_LENGTH);
}

/* Each id of a run sorts behind the one before. */
static void assert_rises(struct msgid_source *m, int64_t now, char last[MSGID_LENGTH + 1])
{
	char id[MSGID_LENGTH + 1];

	next(m, now, id);
	assert_true(strcmp(id, last) > 0);
	memcpy(last, id, sizeof(id));
}

static void sort_by_time_and_order(void **state)
{
	struct msgid_source m;
	char last[MSGID_LENGTH + 1] = "";

	(void)state;
	msgid_init(&m);
	for (int i = 0; i < 100; i++)
		assert_rises(&m, NOW, last);
	assert_rises(&m, NOW + 1, last);
	assert_rises(&m, NOW + 1000, last);
	assert_rises(&m, NOW + INT64_C(1000) * 60 * 60 * 24 * 365 * 100, last);
}

static void go_on_when_the_clock_steps_back(void **state)
{
	struct msgid_source m;
	char last[MSGID_LENGTH + 1] = "";

	(void)state;
	msgid_init(&m);
	assert_rises(&m, NOW, last);
	assert_rises(&m, NOW - 1, last);
	assert_rises(&m, NOW - 3600000, last);
	assert_rises(&m, 0, last);
	assert_rises(&m, -5, last);
	assert_rises(&m, NOW, last);
	assert_rises(&m, NOW + 1, last);
}

/* When one millisecond is used up, the next is taken early. */
static void count_over(void **state)
{
	struct msgid_source m;
	char last[MSGID_LENGTH + 1] = "";

	(void)state;
	msgid_init(&m);
	assert_rises(&m, NOW, last);
	m.count = (1u << 25) - 3;
	for (int i = 0; i < 6; i++)
		assert_rises(&m, NOW, last);
	assert_true(m.last_ms == NOW + 1);
	assert_rises(&m, NOW + 1, last);
	assert_rises(&m, NOW + 2, last);
	assert_true(m.last_ms == NOW + 2);
}

static void are_unique(void **state)
{
	enum { COUNT = 1 << 16 };
	char(*ids)[MSGID_LENGTH + 1] = calloc(COUNT, sizeof(*ids));
	struct msgid_source m;
	uint32_t random = 1;
	int64_t now = NOW;

	(void)state;
	assert_non_null(ids);
	msgid_init(&m);
	for (int i = 0; i < COUNT; i++) {
		random = random * 1103515245 + 12345;
		now += (int64_t)(random >> 16) % 7 - 3;
		next(&m, now, ids[i]);
		if (i)
			assert_true(strcmp(ids[i], ids[i - 1]) > 0);
	}
	free(ids);
}

/* The same moment in another run: another id. */
static void runs_differ(void **state)
{
	struct msgid_source one, two;
	char a[MSGID_LENGTH + 1], b[MSGID_LENGTH + 1];

	(void)state;
	msgid_init(&one);
	msgid_init(&two);
	two.run = one.run + 1;
	next(&one, NOW, a);
	next(&two, NOW, b);
	assert_memory_equal(a, b, MSGID_LENGTH - 5);
	assert_string_not_equal(a, b);
}

/* A message that is gone still has its place in time. */
static void test_time(void **state)
{
	struct msgid_source m;

	(void)state;
	msgid_init(&m);
	assert_int_equal(msgid_time(msgid_next(&m, 1700000000123)), 1700000000123);
	assert_int_equal(msgid_time(STR("")), 0);
	assert_int_equal(msgid_time(STR("short")), 0);
	assert_int_equal(msgid_time(STR("ABCDEFGHIJABCDEFGHIJ")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time), cmocka_unit_test(sort_by_time_and_order),
		cmocka_unit_test(go_on_when_the_clock_steps_back),
		cmocka_unit_test(count_over),
		cmocka_unit_test(are_unique),
		cmocka_unit_test(runs_differ),
	};

	return cmocka_run_group_tests_name("msgid", tests, NULL, NULL);
}
