#include "net/conn_internal.h"

#include <errno.h>

#include "loop/poller.h"

/*
 * The goodbye. A socket that is closed while input waits in the kernel answers with RST, and RST destroys what the peer
 * has not read yet. So the last words are followed by the end of the writing half only, and input is thrown away until
 * the peer ends its half too, or the time is up.
 */

static void call_closed(struct disposal *d)
{
	struct conn *c = (struct conn *)((char *)d - offsetof(struct conn, disposal));
	c->closed(c);
}

static void finish(struct conn *c)
{
	struct loop *loop = conn_hub_loop(c->hub);
	c->state = CONN_GONE;
	c->flags &= ~(CONN_FLUSH_DUE | CONN_PUMP_DUE);
	conn_place(c);
	loop_timer_stop(loop, &c->linger);
	loop_watch_stop(loop, &c->watch);
	conn_drop_output(c);
	c->transport.ops->free(&c->transport);
	conn_hub_expect_trim(c->hub);
	c->disposal.dispose = call_closed;
	loop_dispose(loop, &c->disposal);
}

static void time_is_up(struct timer *t)
{
	finish((struct conn *)((char *)t - offsetof(struct conn, linger)));
}

/* All was said; the other half remains. */
static void hang_up(struct conn *c)
{
	int error = c->transport.ops->shutdown(&c->transport);
	if (error == -EAGAIN) {
		conn_settle(c);
		return;
	}
	if (error || (c->flags & CONN_EOF) || !loop_timer_is_set(&c->linger)) {
		finish(c);
		return;
	}
	c->state = CONN_LINGERING;
	conn_settle(c);
}

void conn_bye(struct conn *c)
{
	conn_flush(c);
	if (c->flags & CONN_BROKEN)
		finish(c);
	else if (c->out.len == 0)
		hang_up(c);
	else if ((c->flags & CONN_OVERFLOW) || !loop_timer_is_set(&c->linger))
		finish(c);
}

static void discard_input(struct conn *c)
{
	struct iovec iov = {conn_hub_scratch(c->hub), CONN_SCRATCH};
	ssize_t n = c->transport.ops->read(&c->transport, &iov, 1);
	if (n > 0) {
		c->bytes_in += (uint64_t)n;
		conn_hub_counting(c->hub)->bytes_in += (uint64_t)n;
	} else if (n == 0) {
		c->flags |= CONN_EOF;
	} else if (n != -EAGAIN) {
		c->flags |= CONN_BROKEN;
	}
}

void conn_bye_ready(struct conn *c, unsigned happened)
{
	if (c->state == CONN_GONE)
		return;
	if ((happened & (POLL_READ | POLL_HANGUP)) && !(c->flags & CONN_EOF))
		discard_input(c);
	if (c->state == CONN_LINGERING) {
		if (c->flags & (CONN_EOF | CONN_BROKEN))
			finish(c);
		return;
	}
	if (happened & (POLL_WRITE | POLL_HANGUP))
		c->flags &= ~CONN_BLOCKED;
	c->flags |= CONN_FLUSH_DUE;
	conn_place(c);
	conn_settle(c);
}

/* From here on the fields of the second half of the union are valid, and those of the first are not. */
void conn_close(struct conn *c, int64_t linger_ms, void (*closed)(struct conn *c))
{
	struct loop *loop = conn_hub_loop(c->hub);
	if (c->state >= CONN_FLUSHING)
		return;
	ring_clear(&c->in, conn_hub_pool(c->hub));
	c->state = CONN_FLUSHING;
	c->flags &= CONN_IN_LINE | CONN_EOF | CONN_BROKEN | CONN_OVERFLOW;
	c->flags |= CONN_FLUSH_DUE;
	c->linger = (struct timer){.due = time_is_up};
	c->disposal = (struct disposal){.dispose = NULL};
	c->closed = closed;
	if (linger_ms > 0)
		loop_timer_set(loop, &c->linger, loop_clock(loop)->mono_ms + linger_ms);
	conn_place(c);
}
