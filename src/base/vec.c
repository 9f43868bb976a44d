#include "base/vec.h"

#include <stddef.h>

#include "base/mem.h"

enum { ITEMS_MIN = 4 };

static void resize(struct vec *v, uint32_t cap)
{
	v->items = mem_realloc(v->items, cap * sizeof(void *));
	v->cap = cap;
}

void vec_deinit(struct vec *v)
{
	mem_free(v->items);
	*v = (struct vec){NULL, 0, 0};
}

uint32_t vec_push(struct vec *v, void *item)
{
	if (v->count == v->cap)
		resize(v, v->cap ? v->cap * 2 : ITEMS_MIN);
	v->items[v->count] = item;
	return v->count++;
}

void *vec_remove(struct vec *v, uint32_t at)
{
	void *moved = NULL;

	v->count--;
	if (at != v->count) {
		moved = v->items[v->count];
		v->items[at] = moved;
	}
	if (v->count == 0)
		vec_deinit(v);
	else if (v->cap > ITEMS_MIN && v->count < v->cap / 4)
		resize(v, v->cap / 2);
	return moved;
}
