#include "chat-client/windows.h"

#include "base/mem.h"
#include "chat-client/missed.h"

static void window_free(struct window *w)
{
	missed_drop(w);
	mem_free(w->name);
	mem_free(w);
}

void windows_deinit(struct windows *ws)
{
	for (uint32_t i = 0; i < ws->list.count; i++)
		window_free(ws->list.items[i]);
	vec_deinit(&ws->list);
}

struct window *windows_at(const struct windows *ws, uint32_t i)
{
	return i < ws->list.count ? ws->list.items[i] : NULL;
}

struct window *windows_find(const struct windows *ws, struct str name)
{
	for (uint32_t i = 0; i < ws->list.count; i++) {
		struct window *w = ws->list.items[i];

		if (casemap_eq(ws->casemap, str_of(w->name), name))
			return w;
	}
	return NULL;
}

struct window *windows_get(struct windows *ws, struct str name)
{
	struct window *w = windows_find(ws, name);

	if (w || ws->list.count == WINDOWS_MAX || !name.n)
		return w;
	w = mem_zalloc(sizeof(*w));
	w->name = mem_strndup(name.p, name.n);
	vec_push(&ws->list, w);
	return w;
}

/* The others keep their order, for people know them by number. */
void windows_remove(struct windows *ws, struct window *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < ws->list.count; i++) {
		if (ws->list.items[i] != w)
			ws->list.items[kept++] = ws->list.items[i];
	}
	if (kept == ws->list.count)
		return;
	ws->list.count = kept;
	window_free(w);
}
