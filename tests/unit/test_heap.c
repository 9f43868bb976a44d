#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/heap.h"

enum { NODES = 300 };

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void check(const struct heap *h, struct heap_node *nodes, uint32_t n)
{
	const struct heap_node *min = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!nodes[i].at)
			continue;
		assert_ptr_equal(h->nodes[nodes[i].at - 1], &nodes[i]);
		count++;
		if (!min || nodes[i].key < min->key)
			min = &nodes[i];
	}
	assert_int_equal(h->count, count);
	if (min)
		assert_true(heap_min(h)->key == min->key);
	else
		assert_null(heap_min(h));
}

static void test_few(void **state)
{
	struct heap_node a = {0, 0}, b = {0, 0};
	struct heap h;

	(void)state;
	heap_init(&h);
	assert_null(heap_min(&h));
	heap_del(&h, &a);
	heap_set(&h, &a, 5);
	heap_set(&h, &b, INT64_MIN);
	assert_ptr_equal(heap_min(&h), &b);
	heap_set(&h, &b, INT64_MAX);
	assert_ptr_equal(heap_min(&h), &a);
	heap_set(&h, &a, 5);
	assert_int_equal(h.count, 2);
	heap_del(&h, &a);
	heap_del(&h, &a);
	assert_ptr_equal(heap_min(&h), &b);
	heap_deinit(&h);
	assert_int_equal(b.at, 0);
	assert_null(heap_min(&h));
}

static void test_random_ops(void **state)
{
	static struct heap_node nodes[NODES];
	uint32_t x = 7;
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int op = 0; op < 30000; op++) {
		uint32_t range = (op / 5000) % 2 ? 20 : NODES;
		struct heap_node *node = &nodes[next_random(&x) % range];
		uint32_t what = next_random(&x) % 4;

		/* Few keys, so that many are equal. */
		if (what < 2)
			heap_set(&h, node, (int64_t)(next_random(&x) % 50) - 25);
		else if (what == 2)
			heap_del(&h, node);
		else if (heap_min(&h))
			heap_del(&h, heap_min(&h));
		check(&h, nodes, NODES);
	}
	heap_deinit(&h);
}

static void test_sorts_and_shrinks(void **state)
{
	static struct heap_node nodes[NODES];
	int64_t last = INT64_MIN;
	uint32_t x = 99;
	struct heap h;

	(void)state;
	heap_init(&h);
	for (uint32_t i = 0; i < NODES; i++)
		heap_set(&h, &nodes[i], (int64_t)next_random(&x));
	assert_true(h.cap >= NODES);
	while (heap_min(&h)) {
		struct heap_node *node = heap_min(&h);

		assert_true(node->key >= last);
		last = node->key;
		heap_del(&h, node);
	}
	assert_true(h.cap < 64);
	heap_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_random_ops),
		cmocka_unit_test(test_sorts_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
