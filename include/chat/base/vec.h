#pragma once

#include <stdint.h>

/*
 * An unordered array of pointers; removal moves the last one into the gap. The order is the same whenever the same
 * calls are made.
 */
struct vec {
	void **items;
	uint32_t count;
	uint32_t cap;
};

void vec_deinit(struct vec *v);
uint32_t vec_push(struct vec *v, void *item); /* returns its index */

/* Removes items[at]; returns the item that took its place, NULL when there is none. */
void *vec_remove(struct vec *v, uint32_t at);
