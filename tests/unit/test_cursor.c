#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"
#include "command/cursor.h"

enum { ITEMS = 500, BLOCK = 7 };

struct item {
	unsigned seen;
	bool gone;
	uint32_t at;
};

static void add(struct vec *v, struct item *item)
{
	item->at = vec_push(v, item);
}

static void drop(struct vec *v, struct item *item)
{
	struct item *moved = vec_remove(v, item->at);

	if (moved)
		moved->at = item->at;
	item->gone = true;
}

static bool see_block(struct cursor *c, const struct vec *v)
{
	struct cursor_block b;

	if (!cursor_next(c, v->count, BLOCK, &b))
		return false;
	assert_true(b.from < b.end && b.end - b.from <= BLOCK);
	for (uint32_t i = b.from; i < b.end; i++)
		((struct item *)v->items[i])->seen++;
	return true;
}

static void a_quiet_walk_sees_each_once(void **state)
{
	static struct item items[ITEMS];
	struct cursor c = {ITEMS};
	struct vec v = {0};

	(void)state;
	for (int i = 0; i < ITEMS; i++)
		add(&v, &items[i]);
	while (see_block(&c, &v))
		;
	for (int i = 0; i < ITEMS; i++)
		assert_int_equal(items[i].seen, 1);
	vec_deinit(&v);
}

/* Others come and go between two blocks, at places that a fixed sequence chooses. */
static void nobody_who_stays_is_missed(void **state)
{
	static struct item items[ITEMS], late[ITEMS];
	uint32_t place = 12345;
	struct cursor c = {ITEMS};
	struct vec v = {0};
	int nlate = 0;

	(void)state;
	for (int i = 0; i < ITEMS; i++)
		add(&v, &items[i]);
	while (see_block(&c, &v)) {
		for (int k = 0; k < 5; k++) {
			place = place * 1664525u + 1013904223u;
			if (v.count > 0)
				drop(&v, v.items[(place >> 8) % v.count]);
		}
		if (nlate < ITEMS)
			add(&v, &late[nlate++]);
	}
	for (int i = 0; i < ITEMS; i++)
		assert_true(items[i].gone || items[i].seen >= 1);
	vec_deinit(&v);
}

static void it_ends_when_all_are_gone(void **state)
{
	struct cursor c = {ITEMS};
	struct cursor_block b;

	(void)state;
	assert_true(cursor_next(&c, ITEMS, BLOCK, &b));
	assert_false(cursor_next(&c, 0, BLOCK, &b));
	assert_false(cursor_next(&c, ITEMS, BLOCK, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_walk_sees_each_once),
		cmocka_unit_test(nobody_who_stays_is_missed),
		cmocka_unit_test(it_ends_when_all_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
