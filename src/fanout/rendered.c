#include "fanout/rendered.h"

#include "base/mem.h"

/*
 * At most six capabilities matter for a change but for one of several lines, and few changes take more than a small
 * part of the room: where it is used up, the sets are made again when they are asked for again. A message of as many
 * lines as may be configured fits; what was never used of the room costs nothing.
 */
enum { SETS_MAX = 64, BYTES_MAX = 512 << 10 };

struct rendered {
	const struct render_context *ctx;
	const struct change *change;
	cap_set matters;
	size_t most; /* bytes of one set */
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
	r->most = render_most(ctx, c);
	forget(r);
}

static struct str make(struct rendered *r, cap_set caps)
{
	size_t at;

	if (r->nsets == SETS_MAX || r->room.cap - r->room.n < r->most)
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
