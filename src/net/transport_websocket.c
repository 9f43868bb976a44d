#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/wire.h"
#include "loop/poller.h"
#include "net/websocket.h"

/*
 * The ring of the connection holds lines; frames are made of them on the way out, many in one write to the transport
 * below. What of a frame has left is remembered in `front` (bytes that are no part of the ring: heads, control frames)
 * and `body` (bytes of the ring that need no head any more).
 */
enum {
	ROOM = 16 << 10,
	PIECES = 256, /* lines in one write */
	CHUNK = 4096, /* read at once */
	FRAME_TEXT = 0x81,
	FRAME_BINARY = 0x82,
	FRAME_CLOSE = 0x88,
	FRAME_PONG = 0x8a,
	FRONT_MAX = 2 * (2 + WEBSOCKET_CONTROL_MAX),
};

struct websocket {
	struct transport below;
	struct websocket_in in;
	uint8_t front[FRONT_MAX];
	uint8_t front_count;
	uint8_t eol;     /* bytes of the ring behind body that are dropped with its last one */
	bool stuck;      /* the transport below has seen bytes that it did not take: the same ones come first again */
	bool told;       /* the end of the stream, or the error, was returned: what comes now is read for nothing */
	bool close_sent; /* nothing may follow */
	uint32_t body;
};

static struct websocket *of(const struct transport *t)
{
	return t->state;
}

/* Reading */

static int error_of(uint16_t code)
{
	return code == WEBSOCKET_TOO_BIG ? -EMSGSIZE : code == WEBSOCKET_BAD_UTF8 ? -EILSEQ : -EPROTO;
}

/* What was decoded goes where there is room; it is not more than was read, and that not more than the room. */
static void scatter(struct iovec *iov, int count, size_t at, struct str bytes)
{
	for (int i = 0; i < count && bytes.n; i++) {
		size_t n;

		if (at >= iov[i].iov_len) {
			at -= iov[i].iov_len;
			continue;
		}
		n = iov[i].iov_len - at < bytes.n ? iov[i].iov_len - at : bytes.n;
		memcpy((char *)iov[i].iov_base + at, bytes.p, n);
		bytes = (struct str){bytes.p + n, bytes.n - n};
		at = 0;
	}
}

static size_t total(const struct iovec *iov, int count)
{
	size_t n = 0;

	for (int i = 0; i < count; i++)
		n += iov[i].iov_len;
	return n;
}

static ssize_t websocket_write(struct transport *t, struct iovec *iov, int count);

/* The front of a control frame is on its way, or none of it, and no line is behind it that would bring it along. */
static bool owes(const struct websocket *w)
{
	return w->front_count && !w->body && !w->eol;
}

/* A ping is answered at once, where nothing else is on its way out: the rest of a line comes from who wrote it. */
static void answer_ping(struct transport *t)
{
	struct iovec none = {NULL, 0};
	struct websocket *w = of(t);

	if ((w->in.pong && !w->body && !w->eol) || (owes(w) && !w->close_sent))
		(void)websocket_write(t, &none, 0);
}

/* 0: the peer is done. */
static ssize_t told(struct websocket *w, ssize_t n)
{
	w->told = true;
	return n;
}

static ssize_t websocket_read(struct transport *t, struct iovec *iov, int count)
{
	struct websocket *w = of(t);
	char raw[CHUNK], text[CHUNK];
	size_t got = 0, room = total(iov, count);

	answer_ping(t);
	if (w->told)
		return w->below.ops->read(&w->below, iov, count);
	while (got < room && !w->in.ended && !(w->in.code)) {
		size_t want = room - got < CHUNK ? room - got : CHUNK;
		struct iovec one = {raw, want};
		struct buf out;
		ssize_t n = w->below.ops->read(&w->below, &one, 1);

		if (n <= 0) {
			w->in.idle = n == -EAGAIN ? 0 : w->in.idle;
			if (got)
				break;
			return n;
		}
		buf_init(&out, text, sizeof(text));
		(void)websocket_decode(&w->in, (struct str){raw, (size_t)n}, &out);
		scatter(iov, count, got, buf_view(&out));
		got += out.n;
		answer_ping(t);
	}
	if (got)
		return (ssize_t)got;
	return told(w, w->in.ended ? 0 : error_of(w->in.code));
}

/* Writing */

/* A place in what the ring holds. */
struct cursor {
	const struct iovec *iov;
	int count, i;
	size_t at;
};

static void take(struct cursor *c, char *dst, size_t n)
{
	while (n && c->i < c->count) {
		size_t here = c->iov[c->i].iov_len - c->at;
		size_t part = here < n ? here : n;

		if (dst) {
			memcpy(dst, (const char *)c->iov[c->i].iov_base + c->at, part);
			dst += part;
		}
		n -= part;
		c->at += part;
		if (c->at == c->iov[c->i].iov_len) {
			c->i++;
			c->at = 0;
		}
	}
}

/* Bytes up to and with the next LF, or all. */
static size_t line_size(const struct cursor *c)
{
	size_t n = 0, at = c->at;

	for (int i = c->i; i < c->count; i++) {
		const char *p = (const char *)c->iov[i].iov_base + at;
		size_t here = c->iov[i].iov_len - at;
		const char *end = here ? memchr(p, '\n', here) : NULL;

		if (end)
			return n + (size_t)(end - p) + 1;
		n += here;
		at = 0;
	}
	return n;
}

/* Frames as they leave: so many bytes that are not of the ring, so many that are, so many of the ring that are dropped.
 */
struct piece {
	size_t head, body;
	uint8_t eol;
};

struct outgoing {
	char *room; /* ROOM bytes */
	size_t n;
	struct piece pieces[PIECES];
	unsigned count;
};

static uint8_t eol_of(const char *line, size_t n)
{
	if (n == 0 || line[n - 1] != '\n')
		return 0;
	return n > 1 && line[n - 2] == '\r' ? 2 : 1;
}

static size_t put_head(char *dst, uint8_t first, size_t n)
{
	dst[0] = (char)first;
	if (n < 126) {
		dst[1] = (char)n;
		return 2;
	}
	dst[1] = 126;
	dst[2] = (char)(n >> 8);
	dst[3] = (char)n;
	return 4;
}

/* False: it does not fit any more. */
static bool add_line(const struct websocket *w, struct outgoing *o, struct cursor *c)
{
	size_t n = line_size(c), head;
	char *at = o->room + o->n;
	uint8_t eol;

	if (o->count == PIECES || n + 4 > ROOM - o->n)
		return false;
	take(c, at + 4, n);
	eol = eol_of(at + 4, n);
	head = put_head(at, w->in.kind == WEBSOCKET_BINARY ? FRAME_BINARY : FRAME_TEXT, n - eol);
	memmove(at + head, at + 4, n - eol);
	o->pieces[o->count++] = (struct piece){head, n - eol, eol};
	o->n += head + n - eol;
	return true;
}

static void add_front(struct websocket *w, uint8_t first, const void *p, size_t n)
{
	uint8_t *at = w->front + w->front_count;

	at[0] = first;
	at[1] = (uint8_t)n;
	memcpy(at + 2, p, n);
	w->front_count = (uint8_t)(w->front_count + 2 + n);
}

static void gather(struct websocket *w, struct outgoing *o, struct cursor *c)
{
	o->n = 0;
	o->count = 0;
	if (w->in.pong && !w->stuck && !w->body && !w->front_count && !w->close_sent) {
		add_front(w, FRAME_PONG, w->in.control, w->in.control_count);
		w->in.pong = false;
	}
	if (w->front_count || w->body || w->eol) {
		memcpy(o->room, w->front, w->front_count);
		take(c, o->room + w->front_count, w->body);
		take(c, NULL, w->eol);
		o->n = w->front_count + w->body;
		o->pieces[o->count++] = (struct piece){w->front_count, w->body, w->eol};
	}
	while (c->i < c->count && add_line(w, o, c))
		;
}

/* Bytes of the ring that have left with the first n of what was gathered; what is left of a frame is remembered. */
static size_t account(struct websocket *w, const struct outgoing *o, size_t n)
{
	const char *at = o->room;
	size_t taken = 0;

	w->front_count = 0;
	w->body = 0;
	w->eol = 0;
	for (unsigned i = 0; i < o->count; i++) {
		const struct piece *p = &o->pieces[i];
		size_t head = n < p->head ? n : p->head;
		size_t body = n - head < p->body ? n - head : p->body;

		if (n == 0 && i > 0)
			break;
		taken += body;
		n -= head + body;
		if (head == p->head && body == p->body) {
			taken += p->eol;
			at += p->head + p->body;
			continue;
		}
		w->front_count = (uint8_t)(p->head - head);
		memcpy(w->front, at + head, w->front_count);
		w->body = (uint32_t)(p->body - body);
		w->eol = p->eol;
		break;
	}
	return taken;
}

static ssize_t send_gathered(struct websocket *w, const struct outgoing *o, size_t *taken)
{
	struct iovec one = {o->room, o->n};
	ssize_t n = w->below.ops->write(&w->below, &one, 1);

	w->stuck = n < (ssize_t)o->n;
	if (n < 0)
		return n;
	*taken += account(w, o, (size_t)n);
	return n;
}

static ssize_t websocket_write(struct transport *t, struct iovec *iov, int count)
{
	struct websocket *w = of(t);
	char room[ROOM];
	struct outgoing o = {.room = room};
	struct cursor c = {iov, count, 0, 0};
	size_t taken = 0, all = total(iov, count);
	ssize_t n;

	if (w->close_sent)
		return (ssize_t)all;
	do {
		c = (struct cursor){iov, count, 0, 0};
		take(&c, NULL, taken);
		gather(w, &o, &c);
		if (o.n == 0)
			break;
		n = send_gathered(w, &o, &taken);
		if (n < 0)
			return taken ? (ssize_t)taken : n;
	} while (!w->stuck && (taken < all || w->in.pong));
	return taken || all == 0 ? (ssize_t)taken : -EAGAIN;
}

/* The end */

static int websocket_shutdown(struct transport *t)
{
	struct websocket *w = of(t);
	struct iovec one;
	uint16_t code = w->in.code ? w->in.code : WEBSOCKET_NORMAL;
	uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
	ssize_t n;

	if (!w->close_sent && w->front_count <= FRONT_MAX - 4)
		add_front(w, FRAME_CLOSE, bytes, sizeof(bytes));
	w->close_sent = true;
	one = (struct iovec){w->front, w->front_count};
	n = w->front_count ? w->below.ops->write(&w->below, &one, 1) : 0;
	if (n < 0)
		return (int)n;
	w->front_count = (uint8_t)(w->front_count - n);
	memmove(w->front, w->front + n, w->front_count);
	return w->front_count ? -EAGAIN : w->below.ops->shutdown(&w->below);
}

static unsigned websocket_wants(const struct transport *t)
{
	const struct websocket *w = of(t);

	return w->below.ops->wants(&w->below) | (owes(w) ? POLL_WRITE : 0);
}

/* The end is told in a read of its own. */
static bool websocket_pending(const struct transport *t)
{
	const struct websocket *w = of(t);

	if (!w->told && (w->in.ended || w->in.code))
		return true;
	return w->below.ops->pending && w->below.ops->pending(&w->below);
}

static void websocket_free(struct transport *t)
{
	struct websocket *w = of(t);

	w->below.ops->free(&w->below);
	mem_free(w);
	t->state = NULL;
	t->fd = -1;
}

/* Handing over */

static void save_in(const struct websocket_in *in, struct wire_out *out)
{
	const uint8_t bytes[] = {in->kind, in->opcode, in->message,  in->turn,    in->more, in->low,
				 in->high, in->fin,    in->in_frame, in->newline, in->pong, in->control_count};

	wire_put_str(out, (struct str){(const char *)in->head, in->head_count});
	wire_put_str(out, (struct str){(const char *)bytes, sizeof(bytes)});
	wire_put_str(out, (struct str){(const char *)in->control, in->control_count});
	wire_put_u32(out, in->left);
	wire_put_u32(out, in->size);
}

static bool websocket_save(const struct transport *t, struct wire_out *out)
{
	const struct websocket *w = of(t);
	size_t begun;

	if (!w->below.ops->save || !w->below.ops->save(&w->below, NULL) || w->close_sent || w->in.ended || w->in.code)
		return false;
	if (!out)
		return true;
	wire_put_u8(out, TRANSPORT_WEBSOCKET);
	begun = wire_begin(out);
	save_in(&w->in, out);
	wire_put_str(out, (struct str){(const char *)w->front, w->front_count});
	wire_put_u32(out, w->body);
	wire_put_u8(out, w->eol);
	wire_end(out, begun);
	return w->below.ops->save(&w->below, out);
}

/* At most max bytes, to dst. */
static uint8_t load_bytes(struct wire_in *in, void *dst, size_t max)
{
	struct str bytes = wire_str(in);

	if (bytes.n > max)
		wire_fail(in);
	else if (bytes.n)
		memcpy(dst, bytes.p, bytes.n);
	return bytes.n > max ? 0 : (uint8_t)bytes.n;
}

static bool is_sound(const struct websocket_in *in)
{
	if (in->kind > WEBSOCKET_BINARY || in->more > 3 || in->control_count > WEBSOCKET_CONTROL_MAX)
		return false;
	if (!in->in_frame)
		return in->head_count < WEBSOCKET_HEAD_MAX && in->left == 0;
	return in->head_count >= 6 && in->left > 0 && in->left <= in->size + WEBSOCKET_CONTROL_MAX &&
	       (!(in->opcode & 8) || in->left + in->control_count <= WEBSOCKET_CONTROL_MAX);
}

static bool load_in(struct websocket_in *to, struct wire_in *in)
{
	uint8_t bytes[12] = {0};
	uint8_t count;

	to->head_count = load_bytes(in, to->head, sizeof(to->head));
	if (load_bytes(in, bytes, sizeof(bytes)) != sizeof(bytes))
		return false;
	to->kind = bytes[0];
	to->opcode = bytes[1];
	to->message = bytes[2];
	to->turn = bytes[3];
	to->more = bytes[4];
	to->low = bytes[5];
	to->high = bytes[6];
	to->fin = bytes[7] & 1;
	to->in_frame = bytes[8] & 1;
	to->newline = bytes[9] & 1;
	to->pong = bytes[10] & 1;
	count = load_bytes(in, to->control, sizeof(to->control));
	to->control_count = bytes[11];
	to->left = wire_u32(in);
	to->size = wire_u32(in);
	return !in->bad && count == to->control_count && is_sound(to);
}

static const struct transport_ops websocket_ops = {
	.read = websocket_read,
	.write = websocket_write,
	.shutdown = websocket_shutdown,
	.wants = websocket_wants,
	.pending = websocket_pending,
	.free = websocket_free,
	.save = websocket_save,
};

static void put_over(struct transport *t, struct websocket *w)
{
	w->below = *t;
	*t = (struct transport){.ops = &websocket_ops, .state = w, .fd = w->below.fd};
}

bool transport_websocket_load(struct transport *t, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);
	struct websocket *w = mem_zalloc(sizeof(*w));
	bool sound = load_in(&w->in, &saved);

	w->front_count = load_bytes(&saved, w->front, sizeof(w->front));
	w->body = wire_u32(&saved);
	w->eol = (uint8_t)wire_bounded(&saved, 1, 2);
	/* One over another there is not. */
	if (!sound || saved.bad || w->body > ROOM - FRONT_MAX || !in->rest.n || *in->rest.p == TRANSPORT_WEBSOCKET ||
	    !transport_load(t, in)) {
		mem_free(w);
		return false;
	}
	put_over(t, w);
	return true;
}

bool transport_websocket_accept(struct transport *t, enum websocket_kind kind, struct str early, struct buf *out)
{
	struct websocket *w = mem_zalloc(sizeof(*w));

	w->in.kind = (uint8_t)kind;
	put_over(t, w);
	return websocket_decode(&w->in, early, out);
}
