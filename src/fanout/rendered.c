#include "fanout/rendered.h"

#include "base/mem.h"

/*
 * At most six capabilities matter for a change, and a change with the longest tags takes a quarter of the room: then the oldest
 * sets are made again when they are asked for again.
 */
enum { SETS_MAX = 64, BYTES_MAX = 128 << 10, ONE_MAX = RENDER_TAGS_MAX + RENDER_BODY_MAX };

struct rendered {
	const struct render_context *ctx;
	const struct change *change;
	cap_set matters;
	unsigned nsets;
	struct {
		cap_set caps;
		struct str bytes;
	} sets[SETS_MAX];
	struct buf room;
	char memory[BYTES_MAX];
};

struct rendered *rendered_new(void)
{
	return mem_zalloc(sizeof(struct rendered));
}

void rendered_free(struct rendered *r)
{
	mem_free(r);
}

static void forget(struct rendered *r)
{
	r->nsets = 0;
	buf_init(&r->room, r->memory, sizeof(r->memory));
}

void rendered_begin(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	r->ctx = ctx;
	r->change = c;
	r->matters = render_matters(c);
	forget(r);
}

static struct str make(struct rendered *r, cap_set caps)
{
	size_t at;

	if (r->nsets == SETS_MAX || r->room.cap - r->room.n < ONE_MAX)
		forget(r);
	at = r->room.n;
	render_lines(&r->room, r->ctx, r->change, caps);
	r->sets[r->nsets].caps = caps;
	r->sets[r->nsets].bytes = (struct str){r->memory + at, r->room.n - at};
	return r->sets[r->nsets++].bytes;
}

struct str rendered_for(struct rendered *r, cap_set caps)
{
	caps &= r->matters;
	for (unsigned i = 0; i < r->nsets; i++)
		if (r->sets[i].caps == caps)
			return r->sets[i].bytes;
	return make(r, caps);
}
