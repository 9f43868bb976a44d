#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "journal/journal.h"

/* Records here are C strings; what happens is written down as "o1:text d1 ". */
struct owner {
	char seen[512];
	struct buf b;
};

static void ordered(void *ctx, uint64_t position, const void *record)
{
	struct owner *o = ctx;

	buf_fmt(&o->b, "o%llu:%s ", (unsigned long long)position, (const char *)record);
}

static void durable(void *ctx, uint64_t position, int err)
{
	struct owner *o = ctx;

	buf_fmt(&o->b, "d%llu ", (unsigned long long)position);
	assert_int_equal(err, 0);
}

static void encode(void *ctx, struct buf *out, const void *record, struct journal_about *about)
{
	(void)ctx;
	*about = (struct journal_about){0};
	buf_cstr(out, record);
}

static bool no_snapshot(void *ctx, uint64_t nth, struct buf *out)
{
	(void)ctx;
	(void)nth;
	(void)out;
	return false;
}

static struct journal *start(struct owner *o, struct journal *(*make)(const struct journal_owner *owner))
{
	const struct journal_owner owner = {ordered, durable, encode, no_snapshot, o};

	buf_init(&o->b, o->seen, sizeof(o->seen));
	return make(&owner);
}

static bool each(void *ctx, uint64_t position, struct str bytes)
{
	struct owner *o = ctx;

	buf_fmt(&o->b, "r%llu:%.*s ", (unsigned long long)position, STR_ARG(bytes));
	return !str_eq(bytes, STR("stop"));
}

static void saw(struct owner *o, const char *words)
{
	assert_true(str_eq(buf_view(&o->b), str_of(words)));
	buf_init(&o->b, o->seen, sizeof(o->seen));
}

static void test_local(void **state)
{
	struct owner o;
	struct journal *j = start(&o, journal_local_new);

	(void)state;
	assert_int_equal(j->ops->head(j), 0);
	assert_int_equal(j->ops->append(j, "a", JOURNAL_PASSING), 0);
	assert_int_equal(j->ops->append(j, "b", JOURNAL_MESSAGE), 0);
	assert_int_equal(j->ops->append(j, "c", JOURNAL_STATE), 0);
	saw(&o, "o1:a o2:b d2 o3:c d3 ");
	assert_int_equal(j->ops->head(j), 3);
	assert_int_equal(j->ops->restore(j, each, &o), 0);
	saw(&o, "");
	j->ops->free(j);
}

static void test_mem(void **state)
{
	struct owner o;
	struct journal *j = start(&o, journal_mem_new);

	(void)state;
	assert_int_equal(j->ops->restore(j, each, &o), 0);
	saw(&o, "");
	assert_int_equal(j->ops->append(j, "a", JOURNAL_PASSING), 0);
	assert_int_equal(j->ops->append(j, "stop", JOURNAL_STATE), 0);
	assert_int_equal(j->ops->append(j, "c", JOURNAL_STATE), 0);
	saw(&o, "o1:a o2:stop d2 o3:c d3 ");
	assert_int_equal(j->ops->head(j), 3);
	assert_int_equal(j->ops->restore(j, each, &o), 0);
	saw(&o, "r1:a r2:stop ");
	j->ops->free(j);
	j = start(&o, journal_mem_new);
	assert_int_equal(j->ops->append(j, "a", JOURNAL_PASSING), 0);
	assert_int_equal(j->ops->append(j, "b", JOURNAL_STATE), 0);
	saw(&o, "o1:a o2:b d2 ");
	assert_int_equal(j->ops->restore(j, each, &o), 0);
	assert_int_equal(j->ops->restore(j, each, &o), 0);
	saw(&o, "r1:a r2:b r1:a r2:b ");
	j->ops->free(j);
}

static bool measure(void *ctx, uint64_t position, struct str bytes)
{
	(void)position;
	*(size_t *)ctx = bytes.n;
	return true;
}

/* Long ones are kept whole, those past the bound are not taken. */
static void test_mem_long(void **state)
{
	struct owner o;
	struct journal *j = start(&o, journal_mem_new);
	size_t n = 5000;
	size_t max = (1 << 20) + 1;
	char *text = malloc(max + 1);

	(void)state;
	memset(text, 'x', max);
	text[max] = '\0';
	assert_int_equal(j->ops->append(j, text, JOURNAL_STATE), -EMSGSIZE);
	assert_int_equal(j->ops->head(j), 0);
	saw(&o, "");
	text[n] = '\0';
	assert_int_equal(j->ops->append(j, text, JOURNAL_STATE), 0);
	assert_int_equal(j->ops->restore(j, measure, &max), 0);
	assert_int_equal(max, n);
	j->ops->free(j);
	free(text);
}

/* Without memory it says so, and orders nothing. */
static void test_mem_fails(void **state)
{
	struct owner o;
	struct journal *j = start(&o, journal_mem_new);

	(void)state;
	mem_fail_nth(1);
	assert_int_equal(j->ops->append(j, "a", JOURNAL_STATE), -ENOMEM);
	saw(&o, "");
	assert_int_equal(j->ops->append(j, "b", JOURNAL_MESSAGE), 0);
	saw(&o, "o1:b d1 ");
	j->ops->free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_mem_long),
		cmocka_unit_test(test_mem_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
