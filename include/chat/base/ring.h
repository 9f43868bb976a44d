#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/str.h"

/*
 * Byte rings that borrow their memory, a power of two, from a pool only while they hold bytes: an empty ring owns
 * none. The pool keeps a bounded number of free blocks of each size and gives the rest back to the system.
 */
enum { RING_MIN = 2048, RING_MAX = 16 << 20 };

struct ring_pool;

struct ring {
	char *data;    /* NULL while empty */
	uint32_t cap;  /* size of data, a power of two; 0 while empty */
	uint32_t head; /* index of the first byte, < cap */
	uint32_t len;  /* bytes held */
};

struct ring_pool *ring_pool_new(void);
void ring_pool_free(struct ring_pool *pool);

/* Bytes of blocks lent out, and of free blocks kept. */
size_t ring_pool_lent(const struct ring_pool *pool);
size_t ring_pool_kept(const struct ring_pool *pool);

/* Gives free blocks back to the system, all of them. */
void ring_pool_trim(struct ring_pool *pool);

/*
 * Appends n bytes, growing by doubling. False, and nothing appended, when the ring would hold more than max bytes or
 * there is no memory.
 */
bool ring_append(struct ring *r, struct ring_pool *pool, const void *p, size_t n, size_t max);

/*
 * Room to read into: makes at least want bytes free (growing at need; false without memory), and describes all free
 * space as one or two iovecs. ring_filled then tells how many bytes arrived there; with 0 an empty ring gives its
 * block back.
 */
bool ring_space(struct ring *r, struct ring_pool *pool, size_t want, struct iovec iov[2], int *iovcnt);
void ring_filled(struct ring *r, struct ring_pool *pool, size_t n);

/* The bytes held, as zero, one or two iovecs. Returns how many. */
int ring_bytes(const struct ring *r, struct iovec iov[2]);

/* Drops n bytes from the front; an empty ring gives its block back. */
void ring_consume(struct ring *r, struct ring_pool *pool, size_t n);

/* Index of the first byte c at or after from; r->len when there is none. */
size_t ring_find(const struct ring *r, char c, size_t from);

/* Copies n bytes from the front to dst; n must not exceed r->len. */
void ring_copy(const struct ring *r, void *dst, size_t n);

/* Takes the last n bytes off the end, to dst; n must not exceed r->len. An empty ring gives its block back. */
void ring_take_back(struct ring *r, struct ring_pool *pool, void *dst, size_t n);

/* Drops everything and gives the block back. */
void ring_clear(struct ring *r, struct ring_pool *pool);
