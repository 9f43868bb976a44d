#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/map.h"

enum { ITEMS = 2000 };

struct item {
	char name[16];
	bool in;
};

static struct str item_key(const void *p)
{
	const struct item *item = p;

	return str_of(item->name);
}

static const struct hash_key seed = {{0x1234, 0x5678}};

/* xorshift: the same numbers every time. */
static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void name_items(struct item *items, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		snprintf(items[i].name, sizeof(items[i].name), "nick%u", i);
		items[i].in = false;
	}
}

static void check_all(const struct map *m, struct item *items, uint32_t n)
{
	uint32_t in = 0, seen = 0, at = 0;
	struct item *item;

	for (uint32_t i = 0; i < n; i++) {
		assert_ptr_equal(map_get(m, item_key(&items[i])), items[i].in ? &items[i] : NULL);
		in += items[i].in;
	}
	while ((item = map_next(m, &at))) {
		assert_true(item->in);
		seen++;
	}
	assert_int_equal(m->count, in);
	assert_int_equal(seen, in);
}

static void test_empty(void **state)
{
	struct map m;
	uint32_t at = 0;

	(void)state;
	map_init(&m, item_key, &seed);
	assert_null(m.slots);
	assert_null(map_get(&m, STR("x")));
	map_del(&m, STR("x"));
	assert_null(map_next(&m, &at));
	map_deinit(&m);
}

static void test_one(void **state)
{
	struct item item = {"", false};
	struct map m;

	(void)state;
	map_init(&m, item_key, &seed);
	map_put(&m, &item);
	assert_ptr_equal(map_get(&m, STR("")), &item);
	assert_null(map_get(&m, STR("other")));
	map_del(&m, STR("other"));
	assert_int_equal(m.count, 1);
	map_del(&m, STR(""));
	assert_int_equal(m.count, 0);
	assert_null(m.slots);
	map_deinit(&m);
}

static void test_random_ops(void **state)
{
	static struct item items[ITEMS];
	uint32_t x = 42;
	struct map m;

	(void)state;
	map_init(&m, item_key, &seed);
	name_items(items, ITEMS);
	for (uint32_t op = 0; op < 60000; op++) {
		/* Waves of many and of few, so that the table grows and shrinks again and again. */
		uint32_t range = (op / 10000) % 2 ? 40 : ITEMS;
		struct item *item = &items[next_random(&x) % range];

		if (item->in)
			map_del(&m, item_key(item));
		else
			map_put(&m, item);
		item->in = !item->in;
		if (op % 997 == 0)
			check_all(&m, items, ITEMS);
	}
	check_all(&m, items, ITEMS);
	map_deinit(&m);
	assert_null(m.slots);
}

static void test_shrinks(void **state)
{
	static struct item items[ITEMS];
	struct map m;

	(void)state;
	map_init(&m, item_key, &seed);
	name_items(items, ITEMS);
	for (uint32_t i = 0; i < ITEMS; i++) {
		map_put(&m, &items[i]);
		items[i].in = true;
	}
	assert_true(m.mask + 1 >= ITEMS);
	for (uint32_t i = 0; i < ITEMS - 3; i++) {
		map_del(&m, item_key(&items[i]));
		items[i].in = false;
	}
	assert_true(m.mask < 64);
	check_all(&m, items, ITEMS);
	for (uint32_t i = ITEMS - 3; i < ITEMS; i++)
		map_del(&m, item_key(&items[i]));
	assert_null(m.slots);
	map_deinit(&m);
}

/* Fills found[] with names whose hash ends in a slot of [from, from + width) in a table of eight. */
static uint32_t find_colliding(struct item *found, uint32_t want, uint32_t from, uint32_t width)
{
	uint32_t n = 0;

	for (uint32_t i = 0; n < want && i < 100000; i++) {
		struct item item = {"", false};

		snprintf(item.name, sizeof(item.name), "c%u", i);
		if (((uint32_t)hash_bytes(&seed, item_key(&item)) - from) % 8 < width)
			found[n++] = item;
	}
	return n;
}

/* Every order of deletion out of one run that wraps round the end of the table. */
static void delete_in_order(struct item *items, const uint32_t order[5])
{
	struct map m;

	map_init(&m, item_key, &seed);
	for (uint32_t i = 0; i < 5; i++) {
		map_put(&m, &items[i]);
		items[i].in = true;
	}
	assert_int_equal(m.mask, 7);
	for (uint32_t i = 0; i < 5; i++) {
		map_del(&m, item_key(&items[order[i]]));
		items[order[i]].in = false;
		check_all(&m, items, 5);
	}
	map_deinit(&m);
}

static void permute(struct item *items, uint32_t order[5], uint32_t at)
{
	if (at == 5)
		delete_in_order(items, order);
	for (uint32_t i = at; i < 5; i++) {
		uint32_t t = order[at];

		order[at] = order[i];
		order[i] = t;
		permute(items, order, at + 1);
		order[i] = order[at];
		order[at] = t;
	}
}

static void test_collisions(void **state)
{
	struct item items[5];

	(void)state;
	for (uint32_t from = 0; from < 8; from++) {
		for (uint32_t width = 1; width <= 3; width++) {
			uint32_t order[5] = {0, 1, 2, 3, 4};

			assert_int_equal(find_colliding(items, 5, from, width), 5);
			permute(items, order, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),   cmocka_unit_test(test_one),        cmocka_unit_test(test_random_ops),
		cmocka_unit_test(test_shrinks), cmocka_unit_test(test_collisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
