#include "base/ring.h"

#include "base/mem.h"

/* What the pool keeps at most, so that a burst is not paid for for ever. */
enum { KEPT_MAX = 4 << 20, CLASSES = 14 };

_Static_assert(RING_MIN << (CLASSES - 1) == RING_MAX, "one class for each power of two");

/* A block in the pool holds the link to the next one in its own first bytes. */
struct block {
	struct block *next;
};

struct ring_pool {
	struct block *free[CLASSES];
	size_t lent;
	size_t kept;
};

static unsigned int class_of(uint32_t cap)
{
	return (unsigned int)__builtin_ctz(cap / RING_MIN);
}

static char *block_take(struct ring_pool *pool, uint32_t cap)
{
	struct block **list = &pool->free[class_of(cap)];
	struct block *block = *list;

	if (block) {
		*list = block->next;
		pool->kept -= cap;
	} else {
		block = mem_try_alloc(cap);
		if (!block)
			return NULL;
	}
	pool->lent += cap;
	return (char *)block;
}

static void block_give(struct ring_pool *pool, char *data, uint32_t cap)
{
	struct block **list = &pool->free[class_of(cap)];
	struct block *block = (struct block *)(void *)data;

	pool->lent -= cap;
	if (pool->kept + cap > KEPT_MAX) {
		mem_free(block);
		return;
	}
	block->next = *list;
	*list = block;
	pool->kept += cap;
}

struct ring_pool *ring_pool_new(void)
{
	return mem_zalloc(sizeof(struct ring_pool));
}

void ring_pool_free(struct ring_pool *pool)
{
	if (!pool)
		return;
	ring_pool_trim(pool);
	mem_free(pool);
}

size_t ring_pool_lent(const struct ring_pool *pool)
{
	return pool->lent;
}

size_t ring_pool_kept(const struct ring_pool *pool)
{
	return pool->kept;
}

void ring_pool_trim(struct ring_pool *pool)
{
	for (int i = 0; i < CLASSES; i++) {
		struct block *block = pool->free[i];

		while (block) {
			struct block *next = block->next;

			mem_free(block);
			block = next;
		}
		pool->free[i] = NULL;
	}
	pool->kept = 0;
}

static void give_back(struct ring *r, struct ring_pool *pool)
{
	if (r->data)
		block_give(pool, r->data, r->cap);
	*r = (struct ring){NULL, 0, 0, 0};
}

/* A larger block, the bytes moved to its front. size: more than r->cap, at most RING_MAX. */
static bool grow(struct ring *r, struct ring_pool *pool, size_t size)
{
	uint32_t cap = r->cap ? r->cap : RING_MIN;
	uint32_t len = r->len;
	char *data;

	while (cap < size)
		cap *= 2;
	data = block_take(pool, cap);
	if (!data)
		return false;
	ring_copy(r, data, len);
	give_back(r, pool);
	*r = (struct ring){data, cap, 0, len};
	return true;
}

static bool reserve(struct ring *r, struct ring_pool *pool, size_t n)
{
	if (n <= r->cap - r->len)
		return true;
	return n <= (size_t)RING_MAX - r->len && grow(r, pool, r->len + n);
}

bool ring_append(struct ring *r, struct ring_pool *pool, const void *p, size_t n, size_t max)
{
	uint32_t tail;
	size_t first;

	if (r->len > max || n > max - r->len || !reserve(r, pool, n))
		return false;
	if (n == 0)
		return true;
	tail = (r->head + r->len) & (r->cap - 1);
	first = r->cap - tail;
	if (n <= first) {
		memcpy(r->data + tail, p, n);
	} else {
		memcpy(r->data + tail, p, first);
		memcpy(r->data, (const char *)p + first, n - first);
	}
	r->len += (uint32_t)n;
	return true;
}

/* Up to n bytes from index from, in one or two pieces. */
static int pieces(const struct ring *r, uint32_t from, uint32_t n, struct iovec iov[2])
{
	uint32_t first;

	if (n == 0)
		return 0;
	first = r->cap - from;
	if (n <= first) {
		iov[0] = (struct iovec){r->data + from, n};
		return 1;
	}
	iov[0] = (struct iovec){r->data + from, first};
	iov[1] = (struct iovec){r->data, n - first};
	return 2;
}

bool ring_space(struct ring *r, struct ring_pool *pool, size_t want, struct iovec iov[2], int *iovcnt)
{
	*iovcnt = 0;
	if (!reserve(r, pool, want))
		return false;
	if (r->cap)
		*iovcnt = pieces(r, (r->head + r->len) & (r->cap - 1), r->cap - r->len, iov);
	return true;
}

void ring_filled(struct ring *r, struct ring_pool *pool, size_t n)
{
	r->len += (uint32_t)n;
	if (r->len == 0)
		give_back(r, pool);
}

int ring_bytes(const struct ring *r, struct iovec iov[2])
{
	return pieces(r, r->head, r->len, iov);
}

void ring_consume(struct ring *r, struct ring_pool *pool, size_t n)
{
	r->len -= (uint32_t)n;
	if (r->len == 0)
		give_back(r, pool);
	else
		r->head = (uint32_t)(r->head + n) & (r->cap - 1);
}

size_t ring_find(const struct ring *r, char c, size_t from)
{
	size_t done = 0;
	struct iovec iov[2];
	int count = ring_bytes(r, iov);

	for (int i = 0; i < count; i++) {
		size_t skip = from > done ? from - done : 0;

		if (skip < iov[i].iov_len) {
			const char *base = iov[i].iov_base;
			const char *hit = memchr(base + skip, c, iov[i].iov_len - skip);

			if (hit)
				return done + (size_t)(hit - base);
		}
		done += iov[i].iov_len;
	}
	return r->len;
}

void ring_copy(const struct ring *r, void *dst, size_t n)
{
	struct iovec iov[2];
	int count = pieces(r, r->head, (uint32_t)n, iov);

	for (int i = 0; i < count; i++) {
		memcpy(dst, iov[i].iov_base, iov[i].iov_len);
		dst = (char *)dst + iov[i].iov_len;
	}
}

void ring_take_back(struct ring *r, struct ring_pool *pool, void *dst, size_t n)
{
	struct iovec iov[2];
	int count = pieces(r, (r->head + r->len - (uint32_t)n) & (r->cap - 1), (uint32_t)n, iov);

	for (int i = 0; i < count; i++) {
		memcpy(dst, iov[i].iov_base, iov[i].iov_len);
		dst = (char *)dst + iov[i].iov_len;
	}
	r->len -= (uint32_t)n;
	if (r->len == 0)
		give_back(r, pool);
}

void ring_clear(struct ring *r, struct ring_pool *pool)
{
	give_back(r, pool);
}
