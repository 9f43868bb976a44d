#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * A builder of bytes over memory of fixed size that the caller owns. What does not fit is left out and `full` is
 * set; nothing is ever written past the end. The bytes are not NUL-terminated.
 */
struct buf {
	char *p;
	size_t n;
	size_t cap;
	bool full;
};

/*
 * For memory on the stack that is written before it is read and is too large to be filled for each line, as the compiler
 * fills the rest.
 */
#define BUF_MEMORY __attribute__((uninitialized))

static inline void buf_init(struct buf *b, void *memory, size_t cap)
{
	*b = (struct buf){memory, 0, cap, false};
}

static inline struct str buf_view(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n > b->cap - b->n) {
		b->full = true;
		n = b->cap - b->n;
	}
	if (n) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	}
}

static inline void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_chr(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_u64(struct buf *b, uint64_t v);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* 2026-01-31T12:34:56.789Z, as server-time wants it. ms since 1970. */
void buf_time(struct buf *b, int64_t ms);
