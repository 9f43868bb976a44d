#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A walk over a vec in blocks, from its end to its front, that outlives changes between two blocks: removal moves the
 * last item into the gap, so what moves has been seen already, or stays among those to come. Nobody who was there all
 * the time is missed; somebody may be seen twice.
 */
enum {
	CURSOR_LINES = 16,  /* where each item is a line of its own: they fit into the smallest sendq */
	CURSOR_WORDS = 128, /* where many share a line */
};

struct cursor {
	uint32_t left; /* items not seen yet are below it */
};

struct cursor_block {
	uint32_t from, end; /* from <= i < end */
};

/* The next block of at most max among count items. False: there is none. */
static inline bool cursor_next(struct cursor *c, uint32_t count, uint32_t max, struct cursor_block *b)
{
	if (c->left > count)
		c->left = count;
	if (c->left == 0)
		return false;
	b->end = c->left;
	c->left = b->end > max ? b->end - max : 0;
	b->from = c->left;
	return true;
}
