#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/ring.h"

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void check(const struct ring *r, const char *want, size_t n)
{
	static char got[1 << 20];

	assert_int_equal(r->len, n);
	ring_copy(r, got, n);
	assert_memory_equal(got, want, n);
}

static void test_empty_owns_nothing(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	struct iovec iov[2];

	(void)state;
	assert_true(ring_append(&r, pool, "", 0, 10));
	assert_null(r.data);
	assert_int_equal(ring_bytes(&r, iov), 0);
	assert_int_equal(ring_find(&r, 'x', 0), 0);
	ring_copy(&r, NULL, 0);
	ring_consume(&r, pool, 0);
	ring_clear(&r, pool);
	assert_int_equal(ring_pool_lent(pool), 0);
	assert_true(ring_append(&r, pool, "abc", 3, 10));
	assert_int_equal(ring_pool_lent(pool), RING_MIN);
	check(&r, "abc", 3);
	ring_consume(&r, pool, 3);
	assert_null(r.data);
	assert_int_equal(ring_pool_lent(pool), 0);
	assert_int_equal(ring_pool_kept(pool), RING_MIN);
	ring_pool_trim(pool);
	assert_int_equal(ring_pool_kept(pool), 0);
	ring_pool_free(pool);
	ring_pool_free(NULL);
}

static void test_max(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};

	(void)state;
	assert_false(ring_append(&r, pool, "abcd", 4, 3));
	assert_null(r.data);
	assert_true(ring_append(&r, pool, "abc", 3, 3));
	assert_false(ring_append(&r, pool, "d", 1, 3));
	assert_true(ring_append(&r, pool, "", 0, 3));
	check(&r, "abc", 3);
	/* A limit lowered below what is held. */
	assert_false(ring_append(&r, pool, "d", 1, 2));
	assert_false(ring_append(&r, pool, "d", SIZE_MAX, SIZE_MAX));
	assert_false(ring_append(&r, pool, "d", RING_MAX, SIZE_MAX));
	check(&r, "abc", 3);
	ring_clear(&r, pool);
	ring_pool_free(pool);
}

static void test_largest(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	char *bytes = mem_zalloc(RING_MAX);

	(void)state;
	assert_true(ring_append(&r, pool, bytes, RING_MAX, SIZE_MAX));
	assert_int_equal(r.len, RING_MAX);
	assert_int_equal(ring_pool_lent(pool), RING_MAX);
	assert_false(ring_append(&r, pool, bytes, 1, SIZE_MAX));
	ring_consume(&r, pool, 5);
	assert_true(ring_append(&r, pool, "vwxyz", 5, SIZE_MAX));
	assert_int_equal(ring_find(&r, 'z', 0), RING_MAX - 1);
	assert_int_equal(ring_find(&r, 'q', 0), RING_MAX);
	ring_clear(&r, pool);
	/* Larger than what the pool keeps. */
	assert_int_equal(ring_pool_kept(pool), 0);
	ring_pool_free(pool);
	mem_free(bytes);
}

static void test_wrap(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	struct iovec iov[2];
	char bytes[RING_MIN];

	(void)state;
	memset(bytes, '.', sizeof(bytes));
	assert_true(ring_append(&r, pool, bytes, RING_MIN - 2, RING_MIN));
	ring_consume(&r, pool, RING_MIN - 4);
	assert_true(ring_append(&r, pool, "abcdef", 6, RING_MIN));
	check(&r, "..abcdef", 8);
	assert_int_equal(r.cap, RING_MIN);
	assert_int_equal(ring_bytes(&r, iov), 2);
	assert_int_equal(iov[0].iov_len, 4);
	assert_memory_equal(iov[0].iov_base, "..ab", 4);
	assert_int_equal(iov[1].iov_len, 4);
	assert_memory_equal(iov[1].iov_base, "cdef", 4);
	for (size_t from = 0; from <= 9; from++) {
		assert_int_equal(ring_find(&r, 'b', from), from <= 3 ? 3 : 8);
		assert_int_equal(ring_find(&r, 'c', from), from <= 4 ? 4 : 8);
		assert_int_equal(ring_find(&r, 'f', from), from <= 7 ? 7 : 8);
	}
	/* Growing lays the bytes out anew. */
	assert_true(ring_append(&r, pool, bytes, RING_MIN, 2 * RING_MIN));
	assert_int_equal(r.cap, 2 * RING_MIN);
	assert_int_equal(ring_bytes(&r, iov), 1);
	assert_memory_equal(r.data + r.head, "..abcdef..", 10);
	ring_clear(&r, pool);
	ring_pool_free(pool);
}

static void test_space(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	struct iovec iov[2];
	int n = 99;

	(void)state;
	assert_true(ring_space(&r, pool, 0, iov, &n));
	assert_int_equal(n, 0);
	assert_true(ring_space(&r, pool, 1, iov, &n));
	assert_int_equal(n, 1);
	assert_int_equal(iov[0].iov_len, RING_MIN);
	ring_filled(&r, pool, 0);
	assert_null(r.data);
	assert_true(ring_space(&r, pool, RING_MIN + 1, iov, &n));
	assert_int_equal(iov[0].iov_len, 2 * RING_MIN);
	memcpy(iov[0].iov_base, "hello", 5);
	ring_filled(&r, pool, 5);
	check(&r, "hello", 5);
	ring_consume(&r, pool, 4);
	assert_true(ring_space(&r, pool, 2 * RING_MIN - 1, iov, &n));
	assert_int_equal(n, 2);
	assert_int_equal(iov[0].iov_len, 2 * RING_MIN - 5);
	assert_int_equal(iov[1].iov_len, 4);
	memset(iov[0].iov_base, 'x', iov[0].iov_len);
	memcpy(iov[1].iov_base, "abcd", 4);
	ring_filled(&r, pool, 2 * RING_MIN - 1);
	assert_int_equal(ring_find(&r, 'a', 0), 2 * RING_MIN - 4);
	assert_true(ring_space(&r, pool, 0, iov, &n));
	assert_int_equal(n, 0);
	assert_true(ring_space(&r, pool, 1, iov, &n));
	assert_int_equal(r.cap, 4 * RING_MIN);
	assert_int_equal(ring_find(&r, 'a', 0), 2 * RING_MIN - 4);
	assert_false(ring_space(&r, pool, RING_MAX, iov, &n));
	assert_int_equal(r.len, 2 * RING_MIN);
	ring_clear(&r, pool);
	ring_pool_free(pool);
}

static void test_no_memory(void **state)
{
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	struct iovec iov[2];
	char bytes[RING_MIN] = {0};
	int n = 0;

	(void)state;
	mem_fail_nth(1);
	assert_false(ring_append(&r, pool, "abc", 3, 10));
	assert_null(r.data);
	mem_fail_nth(1);
	assert_false(ring_space(&r, pool, 1, iov, &n));
	assert_true(ring_append(&r, pool, "abc", 3, 10));
	mem_fail_nth(1);
	assert_false(ring_append(&r, pool, bytes, sizeof(bytes), SIZE_MAX));
	mem_fail_nth(1);
	assert_false(ring_space(&r, pool, RING_MIN, iov, &n));
	check(&r, "abc", 3);
	assert_int_equal(ring_pool_lent(pool), RING_MIN);
	mem_fail_nth(0);
	ring_clear(&r, pool);
	ring_pool_free(pool);
}

static void test_pool_is_bounded(void **state)
{
	enum { RINGS = 3000 };
	static struct ring rings[RINGS];
	struct ring_pool *pool = ring_pool_new();

	(void)state;
	for (int i = 0; i < RINGS; i++)
		assert_true(ring_append(&rings[i], pool, "x", 1, 10));
	assert_int_equal(ring_pool_lent(pool), (size_t)RINGS * RING_MIN);
	for (int i = 0; i < RINGS; i++)
		ring_clear(&rings[i], pool);
	assert_int_equal(ring_pool_lent(pool), 0);
	assert_true(ring_pool_kept(pool) > 0);
	assert_true(ring_pool_kept(pool) <= 4 << 20);
	/* What is kept is used first. */
	mem_fail_nth(1);
	assert_true(ring_append(&rings[0], pool, "x", 1, 10));
	mem_fail_nth(0);
	ring_clear(&rings[0], pool);
	ring_pool_free(pool);
}

/* The naive model: one flat array. */
struct model {
	char bytes[1 << 20];
	size_t n;
};

static void fill(struct ring *r, struct ring_pool *pool, struct model *model, uint32_t *x)
{
	struct iovec iov[2];
	size_t left = next_random(x) % 3000;
	int n;

	assert_true(ring_space(r, pool, left, iov, &n));
	for (int i = 0; i < n; i++) {
		size_t part = left < iov[i].iov_len ? left : iov[i].iov_len;

		memset(iov[i].iov_base, 'a' + (int)(*x % 26), part);
		memset(model->bytes + model->n, 'a' + (int)(*x % 26), part);
		model->n += part;
		left -= part;
		ring_filled(r, pool, part);
	}
	if (n == 0)
		ring_filled(r, pool, 0);
	assert_int_equal(left, 0);
}

static void step(struct ring *r, struct ring_pool *pool, struct model *model, uint32_t *x)
{
	char bytes[5000];
	size_t n = next_random(x) % sizeof(bytes);
	uint32_t what = next_random(x) % 5;

	if (what == 0 && model->n < sizeof(model->bytes) / 2) {
		fill(r, pool, model, x);
	} else if (what < 3) {
		memset(bytes, 'A' + (int)(*x % 26), n);
		assert_int_equal(ring_append(r, pool, bytes, n, 30000), model->n + n <= 30000);
		if (model->n + n <= 30000) {
			memcpy(model->bytes + model->n, bytes, n);
			model->n += n;
		}
	} else {
		n = n < model->n ? n : model->n;
		ring_consume(r, pool, n);
		model->n -= n;
		memmove(model->bytes, model->bytes + n, model->n);
	}
}

static void test_random_ops(void **state)
{
	static struct model model;
	struct ring_pool *pool = ring_pool_new();
	struct ring r = {NULL, 0, 0, 0};
	uint32_t x = 5;

	(void)state;
	for (int op = 0; op < 20000; op++) {
		const char *hit;
		char c = (char)('A' + next_random(&x) % 58);
		size_t from = next_random(&x) % 20000;

		step(&r, pool, &model, &x);
		check(&r, model.bytes, model.n);
		hit = from < model.n ? memchr(model.bytes + from, c, model.n - from) : NULL;
		assert_int_equal(ring_find(&r, c, from), hit ? (size_t)(hit - model.bytes) : model.n);
		assert_int_equal(r.data == NULL, model.n == 0);
		assert_int_equal(ring_pool_lent(pool), r.cap);
	}
	ring_clear(&r, pool);
	ring_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_owns_nothing),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_space),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_pool_is_bounded),
		cmocka_unit_test(test_random_ops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
