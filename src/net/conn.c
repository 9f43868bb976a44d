#include "net/conn_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "loop/poller.h"
#include "proto/line.h"

enum {
	READ_BUDGET = 16 << 10, /* bytes of one connection in one turn */
	READ_FIRST = 512,       /* room made for a peer that says little, */
	READ_NEXT = 8 << 10,    /* and for one that filled it */
	LAST_WORDS_MAX = 1024,  /* what may be written after the end on top of sendq_max */
};

_Static_assert((int)CONN_SCRATCH >= (int)LINE_MAX_BYTES, "a line that wraps fits");
_Static_assert(LINE_MAX_BYTES <= UINT16_MAX, "conn.scanned can hold it");

/* Static texts, unlike those of strerror(3), which may be gone when the end is told. */
static const char *error_text(int error)
{
	switch (error) {
	case ECONNRESET:
		return "Connection reset by peer";
	case EPIPE:
		return "Broken pipe";
	case ETIMEDOUT:
		return "Connection timed out";
	case EHOSTUNREACH:
		return "No route to host";
	case ENETUNREACH:
		return "Network is unreachable";
	case EPROTO:
		return "Protocol error";
	case EMSGSIZE:
		return "Message too long";
	case EILSEQ:
		return "Message is not UTF-8";
	case ENOMEM:
	case ENOBUFS:
		return "Out of memory";
	default:
		return "Connection error";
	}
}

static uint32_t recvq_max(const struct conn *c)
{
	return c->limits->recvq_max > LINE_MAX_BYTES ? c->limits->recvq_max : LINE_MAX_BYTES;
}

static bool takes_input(const struct conn *c)
{
	if (c->flags & CONN_EOF)
		return false;
	return c->state != CONN_OPEN ? c->state >= CONN_FLUSHING : c->in.len < recvq_max(c);
}

void conn_kill(struct conn *c, const char *reason)
{
	if (c->state != CONN_OPEN)
		return;
	ring_clear(&c->in, conn_hub_pool(c->hub));
	c->state = CONN_DEAD;
	c->flags &= ~(CONN_PUMP_DUE | CONN_DRAINED | CONN_HELD);
	c->end_reason = reason;
	conn_place(c);
}

bool conn_is_dead(const struct conn *c)
{
	return c->state != CONN_OPEN;
}

bool conn_is_clogged(const struct conn *c)
{
	return c->flags & CONN_CLOGGED;
}

/* Lines that are held are waited for only while the peer could hear what becomes of them. */
static bool is_over(const struct conn *c)
{
	if (c->state != CONN_OPEN || (c->flags & CONN_PUMP_DUE))
		return false;
	return c->flags & (c->flags & CONN_HELD ? CONN_BROKEN : CONN_EOF);
}

/* When the hub thaws. */
static void settle_later(struct conn *c)
{
	c->flags |= CONN_PUMP_DUE;
	conn_place(c);
}

void conn_settle(struct conn *c)
{
	unsigned want = takes_input(c) ? POLL_READ : 0;
	if (c->state == CONN_DEAD || c->state == CONN_GONE)
		return;
	if (conn_hub_is_frozen(c->hub)) {
		settle_later(c);
		return;
	}
	if (is_over(c)) {
		conn_kill(c, c->end_reason ? c->end_reason : "Connection closed");
		return;
	}
	if (c->flags & CONN_BLOCKED)
		want |= POLL_WRITE;
	want |= c->transport.ops->wants(&c->transport);
	int error = want == c->watch.want ? 0 : loop_watch(conn_hub_loop(c->hub), &c->watch, want);
	if (error)
		conn_kill(c, error_text(-error));
}

/* Output */

void conn_drop_output(struct conn *c)
{
	conn_hub_counting(c->hub)->dropped += c->out.len;
	ring_clear(&c->out, conn_hub_pool(c->hub));
}

/* Nothing can be sent any more, but what the peer sent before it left is still to be heard. */
static void break_output(struct conn *c, int error)
{
	conn_drop_output(c);
	c->flags |= CONN_BROKEN;
	c->flags &= ~CONN_BLOCKED;
	if (c->state != CONN_OPEN)
		return;
	if (!(c->flags & CONN_EOF))
		c->end_reason = error_text(error);
	c->flags |= CONN_PUMP_DUE;
	conn_place(c);
}

static void note_drain(struct conn *c)
{
	if (c->state != CONN_OPEN || !(c->flags & CONN_CLOGGED) || c->out.len >= conn_low_mark(c) / 2)
		return;
	c->flags &= ~CONN_CLOGGED;
	c->flags |= CONN_DRAINED | CONN_PUMP_DUE;
	conn_place(c);
}

void conn_flush(struct conn *c)
{
	struct iovec iov[2];
	if (c->out.len == 0 || (c->flags & (CONN_BLOCKED | CONN_BROKEN)))
		return;
	ssize_t n = c->transport.ops->write(&c->transport, iov, ring_bytes(&c->out, iov));
	if (n > 0) {
		c->bytes_out += (uint64_t)n;
		conn_hub_counting(c->hub)->bytes_out += (uint64_t)n;
		ring_consume(&c->out, conn_hub_pool(c->hub), (size_t)n);
	}
	if (n < 0 && n != -EAGAIN)
		break_output(c, (int)-n);
	else if (c->out.len > 0)
		c->flags |= CONN_BLOCKED;
	note_drain(c);
	conn_settle(c);
}

/* max may have been lowered below what waits already. */
static bool refuse(struct conn *c, size_t n, size_t max)
{
	bool overflow = c->out.len > max || n > max - c->out.len;
	if (overflow)
		c->flags |= CONN_OVERFLOW;
	conn_kill(c, overflow ? CONN_SENDQ_EXCEEDED : "Out of memory");
	return false;
}

/*
 * One turn may bring more than the queue holds, so that nobody is too slow who was not given what waits already. Not
 * while its own line is answered: whoever answers may still take back what it wrote.
 */
static bool make_room(struct conn *c)
{
	if (c->state != CONN_OPEN || c->out.len == 0 || (c->flags & (CONN_BLOCKED | CONN_IN_LINE)))
		return false;
	conn_flush(c);
	return c->state == CONN_OPEN && !(c->flags & CONN_BROKEN);
}

bool conn_write(struct conn *c, const void *p, size_t n)
{
	if ((c->state != CONN_OPEN && c->state != CONN_ENDED) || (c->flags & CONN_BROKEN))
		return false;
	size_t max = (size_t)c->limits->sendq_max + (c->state == CONN_ENDED ? LAST_WORDS_MAX : 0);
	struct ring_pool *pool = conn_hub_pool(c->hub);
	if (!ring_append(&c->out, pool, p, n, max) && !(make_room(c) && ring_append(&c->out, pool, p, n, max)))
		return c->flags & CONN_BROKEN ? false : refuse(c, n, max);
	conn_hub_counting(c->hub)->written += n;
	if (c->out.len > conn_low_mark(c))
		c->flags |= CONN_CLOGGED;
	if (n > 0 && !(c->flags & (CONN_BLOCKED | CONN_FLUSH_DUE))) {
		c->flags |= CONN_FLUSH_DUE;
		conn_place(c);
	}
	return true;
}

void conn_take_back(struct conn *c, void *dst, size_t n)
{
	ring_take_back(&c->out, conn_hub_pool(c->hub), dst, n);
	conn_hub_counting(c->hub)->written -= n;
}

/* Input */

/* A line at the front of the ring. */
struct found {
	size_t n;    /* of its text */
	size_t used; /* with what ends it */
	bool too_long;
};

/* in->len: there is none. */
static size_t find_end(struct conn *c, const struct ring *in, size_t from)
{
	size_t at = ring_find(in, '\n', from);
	size_t cr = c->flags & CONN_RETURNS ? ring_find(in, '\r', from) : in->len;
	c->flags &= ~CONN_RETURNED;
	if (cr < at)
		c->flags |= CONN_RETURNED;
	return cr < at ? cr : at;
}

static bool find_line(struct conn *c, const struct ring *in, struct found *f)
{
	size_t at = find_end(c, in, c->scanned);
	if (at < in->len && at < LINE_MAX_BYTES) {
		*f = (struct found){at, at + 1, false};
	} else if (in->len >= LINE_MAX_BYTES) {
		*f = (struct found){LINE_MAX_BYTES, LINE_MAX_BYTES, true};
	} else {
		c->scanned = (uint16_t)in->len;
		return false;
	}
	c->scanned = 0;
	return true;
}

static void skip_rest(struct conn *c, struct ring *in)
{
	size_t at = find_end(c, in, 0);
	if (at < in->len) {
		c->flags &= ~CONN_SKIPPING;
		at++;
	}
	ring_consume(in, conn_hub_pool(c->hub), at);
}

/* False: no more lines for now. */
static bool hand_out(struct conn *c, struct ring *in, const struct found *f)
{
	char *text = in->data + in->head;
	if (f->n > in->cap - in->head) {
		text = conn_hub_scratch(c->hub);
		ring_copy(in, text, f->n);
	}
	c->flags |= CONN_IN_LINE;
	conn_hub_counting(c->hub)->lines++;
	enum conn_line answer = c->handlers->line(c, text, f->n, f->too_long);
	bool resumed = c->flags & CONN_RESUMED;
	c->flags &= ~(CONN_IN_LINE | CONN_RESUMED);
	ring_consume(in, conn_hub_pool(c->hub), f->used);
	if (f->too_long)
		c->flags |= CONN_SKIPPING;
	if (c->state != CONN_OPEN || answer == CONN_NEXT)
		return c->state == CONN_OPEN;
	if (!resumed)
		c->flags |= CONN_HELD;
	return false;
}

/*
 * While lines are handed out the ring is taken out of the connection: a handler may close it, and the line must stay
 * valid until the handler returns.
 */
static void deliver(struct conn *c)
{
	struct found f;
	if (c->state != CONN_OPEN || (c->flags & CONN_HELD) || conn_hub_is_frozen(c->hub))
		return;
	struct ring in = c->in;
	c->in = (struct ring){.len = 0};
	while (in.len > 0) {
		if (c->flags & CONN_SKIPPING) {
			skip_rest(c, &in);
			continue;
		}
		if (!find_line(c, &in, &f) || !hand_out(c, &in, &f))
			break;
	}
	if (c->state == CONN_OPEN)
		c->in = in;
	else
		ring_clear(&in, conn_hub_pool(c->hub));
}

/* Cuts the room down to max bytes. Returns what is left of it. */
static size_t cut_room(struct iovec iov[2], int *count, size_t max)
{
	size_t room = 0;
	int i = 0;
	for (; i < *count && room < max; i++) {
		if (iov[i].iov_len > max - room)
			iov[i].iov_len = max - room;
		room += iov[i].iov_len;
	}
	*count = i;
	return room;
}

/* What read gave, other than bytes. */
static void note_read_end(struct conn *c, ssize_t n)
{
	if (n == 0 || (n == -EAGAIN && (c->flags & CONN_BROKEN)))
		c->flags |= CONN_EOF;
	else if (n != -EAGAIN)
		conn_kill(c, error_text((int)-n));
}

/* Reads once and hands out what it gave. Returns how much that was; *more: there may be more. */
static size_t read_once(struct conn *c, size_t want, size_t budget, bool *more)
{
	struct ring_pool *pool = conn_hub_pool(c->hub);
	struct iovec iov[2];
	int count;
	size_t max = recvq_max(c) - c->in.len;
	*more = false;
	if (max > budget)
		max = budget;
	if (!ring_space(&c->in, pool, want < max ? want : max, iov, &count)) {
		conn_kill(c, error_text(ENOMEM));
		return 0;
	}
	size_t room = cut_room(iov, &count, max);
	ssize_t n = c->transport.ops->read(&c->transport, iov, count);
	ring_filled(&c->in, pool, n > 0 ? (size_t)n : 0);
	if (n <= 0) {
		note_read_end(c, n);
		return 0;
	}
	c->bytes_in += (uint64_t)n;
	conn_hub_counting(c->hub)->bytes_in += (uint64_t)n;
	deliver(c);
	*more = (size_t)n == room || (c->flags & CONN_BROKEN);
	return (size_t)n;
}

static bool has_pending(const struct conn *c)
{
	return c->transport.ops->pending && takes_input(c) && c->transport.ops->pending(&c->transport);
}

static void read_input(struct conn *c)
{
	size_t budget = READ_BUDGET;
	size_t want = READ_FIRST;
	bool more = true;
	while (more && budget > 0 && c->state == CONN_OPEN && takes_input(c)) {
		budget -= read_once(c, want, budget, &more);
		want = READ_NEXT;
	}
	/*
	 * No event tells that a peer which stopped listening has nothing more to say, nor of what the transport has
	 * already: it must be asked.
	 */
	if (c->state == CONN_OPEN &&
	    (has_pending(c) || ((c->flags & CONN_BROKEN) && !(c->flags & (CONN_EOF | CONN_HELD))))) {
		c->flags |= CONN_PUMP_DUE;
		conn_place(c);
	}
	conn_settle(c);
}

void conn_ready(struct watch *w, unsigned happened)
{
	struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));
	if (conn_hub_is_frozen(c->hub)) {
		(void)loop_watch(conn_hub_loop(c->hub), w, 0);
		settle_later(c);
		return;
	}
	if (c->state >= CONN_FLUSHING) {
		conn_bye_ready(c, happened);
		return;
	}
	unsigned reads = POLL_READ | POLL_HANGUP | c->transport.ops->wants(&c->transport);
	if ((happened & reads) && c->state == CONN_OPEN && takes_input(c))
		read_input(c);
	if (c->state < CONN_FLUSHING && (happened & (POLL_WRITE | POLL_HANGUP)) && (c->flags & CONN_BLOCKED)) {
		c->flags &= ~CONN_BLOCKED;
		c->flags |= CONN_FLUSH_DUE;
		conn_place(c);
	}
}

void conn_pump(struct conn *c)
{
	if (c->flags & CONN_DRAINED) {
		c->flags &= ~CONN_DRAINED;
		if (c->handlers->drained)
			c->handlers->drained(c);
	}
	deliver(c);
	if (c->state != CONN_OPEN || conn_hub_is_frozen(c->hub))
		conn_settle(c);
	else if (has_pending(c) || ((c->flags & CONN_BROKEN) && !(c->flags & CONN_HELD) && takes_input(c)))
		read_input(c);
	else
		conn_settle(c);
}

void conn_resume(struct conn *c)
{
	if (c->state != CONN_OPEN || !(c->flags & (CONN_HELD | CONN_IN_LINE)))
		return;
	c->flags &= ~CONN_HELD;
	if (c->flags & CONN_IN_LINE)
		c->flags |= CONN_RESUMED;
	c->flags |= CONN_PUMP_DUE;
	conn_place(c);
}

void conn_call_drained(struct conn *c)
{
	if (c->state != CONN_OPEN)
		return;
	c->flags |= CONN_DRAINED | CONN_PUMP_DUE;
	conn_place(c);
}

/* Neither is worth refusing a connection for; the first fails on a Unix socket, which needs neither. */
static void set_options(int fd)
{
	int on = 1;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

int conn_init(struct conn *c, struct conn_hub *hub, int fd, const struct conn_handlers *h,
	      const struct conn_limits *limits)
{
	struct transport plain;

	transport_plain_init(&plain, fd);
	return conn_begin(c, hub, &plain, h, limits);
}

void conn_end_lines_at_returns(struct conn *c)
{
	c->flags |= CONN_RETURNS;
	c->scanned = 0;
}

char conn_line_end(const struct conn *c)
{
	return c->flags & CONN_RETURNED ? '\r' : '\n';
}

bool conn_feed(struct conn *c, struct str bytes)
{
	if (!ring_append(&c->in, conn_hub_pool(c->hub), bytes.p, bytes.n, recvq_max(c)))
		return false;
	c->bytes_in += bytes.n;
	conn_hub_counting(c->hub)->bytes_in += bytes.n;
	c->flags |= CONN_PUMP_DUE;
	conn_place(c);
	return true;
}

int conn_begin(struct conn *c, struct conn_hub *hub, const struct transport *t, const struct conn_handlers *h,
	       const struct conn_limits *limits)
{
	*c = (struct conn){.watch = {.ready = conn_ready, .fd = t->fd}, .hub = hub, .transport = *t};
	c->handlers = h;
	c->limits = limits;
	set_options(t->fd);
	int error = loop_watch(conn_hub_loop(hub), &c->watch, POLL_READ | t->ops->wants(t));
	if (error) {
		c->transport.ops->free(&c->transport);
		return error;
	}
	if (t->ops->pending && t->ops->pending(t)) {
		c->flags |= CONN_PUMP_DUE;
		conn_place(c);
	}
	return 0;
}
