#include "net/conn_internal.h"

#include "base/wire.h"

/* As saved: these numbers are not used again. */
enum { SAVED_HELD = 1 << 0, SAVED_SKIPPING = 1 << 1 };

static void save_ring(const struct ring *r, struct wire_out *out)
{
	struct iovec iov[2];
	int n = ring_bytes(r, iov);

	wire_put_u32(out, r->len);
	for (int i = 0; i < n; i++)
		wire_put(out, iov[i].iov_base, iov[i].iov_len);
}

bool conn_can_leave(const struct conn *c)
{
	const struct transport *t = &c->transport;

	return c->state == CONN_OPEN && t->ops->save && t->ops->save(t, NULL);
}

/* That the peer has closed its half, or broke, is not saved: the descriptor will tell it again. */
bool conn_save(const struct conn *c, struct wire_out *out)
{
	size_t before = out->buf.n, begun = wire_begin(out);

	if (!conn_can_leave(c) || !c->transport.ops->save(&c->transport, out)) {
		out->buf.n = before;
		return false;
	}
	wire_put_u32(out, (c->flags & CONN_HELD ? SAVED_HELD : 0) | (c->flags & CONN_SKIPPING ? SAVED_SKIPPING : 0));
	wire_put_u64(out, c->bytes_in);
	wire_put_u64(out, c->bytes_out);
	save_ring(&c->in, out);
	save_ring(&c->out, out);
	wire_end(out, begun);
	return true;
}

static bool load_ring(struct conn *c, struct ring *r, struct wire_in *in)
{
	struct str bytes = wire_str(in);

	return !in->bad && ring_append(r, conn_hub_pool(c->hub), bytes.p, bytes.n, RING_MAX);
}

/* More may wait than the limits allow now: they were others, or the successor's are lower. */
bool conn_load(struct conn *c, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);
	uint32_t flags;

	if (!transport_load(&c->transport, &saved))
		return false;
	flags = wire_u32(&saved);
	c->bytes_in = wire_u64(&saved);
	c->bytes_out = wire_u64(&saved);
	if (!load_ring(c, &c->in, &saved) || !load_ring(c, &c->out, &saved))
		return false;
	conn_hub_counting(c->hub)->written += c->out.len;
	if (flags & SAVED_SKIPPING)
		c->flags |= CONN_SKIPPING;
	if (flags & SAVED_HELD)
		c->flags |= CONN_HELD;
	else if (c->in.len)
		c->flags |= CONN_PUMP_DUE;
	if (c->out.len > conn_low_mark(c))
		c->flags |= CONN_CLOGGED;
	if (c->out.len)
		c->flags |= CONN_FLUSH_DUE;
	conn_place(c);
	conn_settle(c);
	return true;
}

void conn_abandon(struct conn *c)
{
	struct loop *loop = conn_hub_loop(c->hub);
	struct ring_pool *pool = conn_hub_pool(c->hub);

	if (c->state < CONN_FLUSHING)
		ring_clear(&c->in, pool);
	else
		loop_timer_stop(loop, &c->linger);
	conn_drop_output(c);
	c->state = CONN_GONE;
	c->flags = 0;
	conn_place(c);
	loop_watch_stop(loop, &c->watch);
	c->transport.ops->free(&c->transport);
}
