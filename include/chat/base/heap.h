#pragma once

#include <stdint.h>

/* A binary heap of deadlines, embedded in what waits for them. */
struct heap_node {
	int64_t key;
	uint32_t at; /* 1-based place in the heap; 0: not in it */
};

struct heap {
	struct heap_node **nodes;
	uint32_t count;
	uint32_t cap;
};

void heap_init(struct heap *h);
void heap_deinit(struct heap *h);

/* Puts the node in, or moves it, to the new key. */
void heap_set(struct heap *h, struct heap_node *node, int64_t key);
void heap_del(struct heap *h, struct heap_node *node); /* no-op when not in it */
struct heap_node *heap_min(const struct heap *h);      /* NULL when empty */
