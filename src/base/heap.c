#include "base/heap.h"

#include <stddef.h>

#include "base/mem.h"

enum { NODES_MIN = 16 };

/* The place p, 1-based, is nodes[p - 1]; its parent is p / 2, its children 2p and 2p + 1. */
static void place(struct heap *h, uint32_t at, struct heap_node *node)
{
	h->nodes[at - 1] = node;
	node->at = at;
}

static void sift_up(struct heap *h, struct heap_node *node)
{
	uint32_t at = node->at;

	while (at > 1 && h->nodes[at / 2 - 1]->key > node->key) {
		place(h, at, h->nodes[at / 2 - 1]);
		at /= 2;
	}
	place(h, at, node);
}

static void sift_down(struct heap *h, struct heap_node *node)
{
	uint32_t at = node->at;

	while (at <= h->count / 2) {
		uint32_t child = at * 2;

		if (child < h->count && h->nodes[child]->key < h->nodes[child - 1]->key)
			child++;
		if (h->nodes[child - 1]->key >= node->key)
			break;
		place(h, at, h->nodes[child - 1]);
		at = child;
	}
	place(h, at, node);
}

static void resize(struct heap *h, uint32_t cap)
{
	h->nodes = mem_realloc(h->nodes, cap * sizeof(struct heap_node *));
	h->cap = cap;
}

void heap_init(struct heap *h)
{
	*h = (struct heap){NULL, 0, 0};
}

void heap_deinit(struct heap *h)
{
	for (uint32_t i = 0; i < h->count; i++)
		h->nodes[i]->at = 0;
	mem_free(h->nodes);
	heap_init(h);
}

void heap_set(struct heap *h, struct heap_node *node, int64_t key)
{
	node->key = key;
	if (node->at == 0) {
		if (h->count == h->cap)
			resize(h, h->cap ? h->cap * 2 : NODES_MIN);
		place(h, ++h->count, node);
	}
	sift_up(h, node);
	sift_down(h, node);
}

void heap_del(struct heap *h, struct heap_node *node)
{
	uint32_t at = node->at;
	struct heap_node *last;

	if (at == 0)
		return;
	node->at = 0;
	last = h->nodes[--h->count];
	if (last != node) {
		place(h, at, last);
		sift_up(h, last);
		sift_down(h, last);
	}
	if (h->cap > NODES_MIN && h->count < h->cap / 4)
		resize(h, h->cap / 2);
}

struct heap_node *heap_min(const struct heap *h)
{
	return h->count ? h->nodes[0] : NULL;
}
