#include "session/held.h"

#include <stdio.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "proto/line.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"

/*
 * The output of a session from its first answer that waits, cut into pieces: answers (position != 0) and what was
 * written between them.
 */
struct piece {
	STAILQ_ENTRY(piece) next;
	uint64_t position; /* 0: waits for nothing of its own */
	size_t bytes;
	bool lost;        /* what it answers was never taken: it gives way to a FAIL */
	char *label;      /* NULL: none */
	char command[16]; /* as far as it fits: ours are shorter */
};

struct held {
	STAILQ_HEAD(, piece) pieces;
	struct ring bytes;
	unsigned barriers; /* pieces that have both a position and bytes */
	size_t weight;     /* of the pieces themselves, which count as output too */
};

static struct held *held_make(struct session *s)
{
	struct held *h = mem_zalloc(sizeof(*h));

	STAILQ_INIT(&h->pieces);
	s->held = h;
	LIST_INSERT_HEAD(&s->hub->held, s, waiting);
	return h;
}

static size_t piece_weight(const struct piece *p)
{
	return sizeof(*p) + (p->label ? strlen(p->label) : 0);
}

static void piece_free(struct held *h, struct piece *p)
{
	h->weight -= piece_weight(p);
	mem_free(p->label);
	mem_free(p);
}

static void held_free(struct session *s)
{
	struct held *h = s->held;
	struct piece *p;

	while ((p = STAILQ_FIRST(&h->pieces))) {
		STAILQ_REMOVE_HEAD(&h->pieces, next);
		piece_free(h, p);
	}
	ring_clear(&h->bytes, conn_hub_pool(s->hub->conns));
	LIST_REMOVE(s, waiting);
	mem_free(h);
	s->held = NULL;
}

static struct piece *piece_add(struct held *h, uint64_t position, size_t bytes)
{
	struct piece *p = mem_zalloc(sizeof(*p));

	p->position = position;
	p->bytes = bytes;
	h->weight += piece_weight(p);
	STAILQ_INSERT_TAIL(&h->pieces, p, next);
	return p;
}

bool held_waits(const struct session *s)
{
	return s->held && s->held->barriers;
}

size_t held_mark(const struct session *s)
{
	return held_waits(s) ? s->held->bytes.len : conn_sendq(&s->conn);
}

static bool append(struct session *s, const void *p, size_t n)
{
	if (ring_append(&s->held->bytes, conn_hub_pool(s->hub->conns), p, n, s->hub->limits.sendq_max))
		return true;
	conn_kill(&s->conn, CONN_SENDQ_EXCEEDED);
	return false;
}

bool held_write(struct session *s, struct str bytes)
{
	struct held *h = s->held;
	struct piece *last;

	if (!held_waits(s))
		return false;
	if (!append(s, bytes.p, bytes.n))
		return true;
	last = STAILQ_LAST(&h->pieces, piece, next);
	if (!last || last->position || last->lost)
		last = piece_add(h, 0, 0);
	last->bytes += bytes.n;
	return true;
}

/* Takes the answer's bytes from where they were written: the tail of the connection's output, or of what waits. */
static bool take_back(struct session *s, size_t n)
{
	struct held *h = s->held;
	struct piece *last = STAILQ_LAST(&h->pieces, piece, next);
	char *copy;
	bool ok;

	if (h->barriers) {
		last->bytes -= n;
		return true;
	}
	copy = mem_alloc(n);
	conn_take_back(&s->conn, copy, n);
	ok = append(s, copy, n);
	mem_free(copy);
	return ok;
}

/* A disk that hangs, and a client that goes on: what is remembered for it has the bound that its output has. */
static struct piece *answer_piece(struct session *s, size_t n, const struct held_answer *a)
{
	struct held *h = s->held;
	struct piece *p = piece_add(h, a->position, n);

	snprintf(p->command, sizeof(p->command), "%s", a->command);
	if (a->label.n)
		p->label = mem_strndup(a->label.p, a->label.n);
	h->weight += a->label.n;
	if (h->weight > s->hub->limits.sendq_max)
		conn_kill(&s->conn, CONN_SENDQ_EXCEEDED);
	return p;
}

void held_answer_add(struct session *s, size_t n, const struct held_answer *a)
{
	struct held *h = s->held ? s->held : held_make(s);

	if (n && !take_back(s, n))
		return;
	answer_piece(s, n, a);
	h->barriers += n > 0;
}

/* The room that its last words have beyond the queue is for nothing else. */
static bool write_lines(struct session *s, const char *lines, size_t n)
{
	if (conn_is_dead(&s->conn) && conn_sendq(&s->conn) + n > s->hub->limits.sendq_max)
		return false;
	return conn_write(&s->conn, lines, n);
}

/* By whole lines, for where one does not fit nothing that stands behind it may follow. False: that happened. */
static bool pass_on(struct session *s, size_t n)
{
	struct ring *ring = &s->held->bytes;
	struct ring_pool *pool = conn_hub_pool(s->hub->conns);
	char lines[LINE_MAX_BYTES];

	while (n) {
		size_t part = n < sizeof(lines) ? n : sizeof(lines);
		const char *end;

		ring_copy(ring, lines, part);
		end = memrchr(lines, '\n', part);
		if (end)
			part = (size_t)(end - lines) + 1;
		if (!write_lines(s, lines, part))
			break;
		ring_consume(ring, pool, part);
		n -= part;
	}
	ring_consume(ring, pool, n);
	return n == 0;
}

/* In the answer's place, which is in front of all that still waits. */
static void say_lost(struct session *s, const struct piece *p)
{
	static const char english[] = N_("It was delivered but could not be stored, and will not be in the history");
	const char *why = reply_words(s, english);
	struct held *h = s->held;
	char body[LINE_BODY_MAX], label[LINE_CLIENT_TAGS_MAX] = "";

	if (p->label && session_has(s, CAP_LABELED_RESPONSE) && session_has(s, CAP_BATCH))
		snprintf(label, sizeof(label), "label=%s", p->label);
	if (session_has(s, CAP_STANDARD_REPLIES))
		snprintf(body, sizeof(body), ":%s FAIL %s NOT_STORED :%s", s->hub->server->name, p->command, why);
	else
		snprintf(body, sizeof(body), ":%s NOTICE %s :%s: %s", s->hub->server->name, session_nick(s), p->command,
			 why);
	s->held = NULL;
	reply_direct(s, str_of(label), str_of(body));
	s->held = h;
}

/* Lets the front go as far as it may. */
static void advance(struct session *s, uint64_t position, int err)
{
	struct held *h = s->held;
	struct piece *p;

	while ((p = STAILQ_FIRST(&h->pieces)) && p->position <= position) {
		STAILQ_REMOVE_HEAD(&h->pieces, next);
		h->barriers -= p->position && p->bytes;
		if (p->lost || (p->position && err)) {
			ring_consume(&h->bytes, conn_hub_pool(s->hub->conns), p->bytes);
			say_lost(s, p);
		} else {
			pass_on(s, p->bytes);
		}
		piece_free(h, p);
	}
	if (!p)
		held_free(s);
	if (!held_waits(s))
		session_stream_resume(s);
}

void held_answer_lost(struct session *s, size_t n, const struct held_answer *a)
{
	struct held *h = s->held ? s->held : held_make(s);
	struct held_answer answer = *a;

	if (n && !take_back(s, n))
		return;
	answer.position = 0;
	answer_piece(s, n, &answer)->lost = true;
	if (!h->barriers)
		advance(s, 0, 0);
}

void held_release(struct session_hub *hub, uint64_t position, int err)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&hub->held); s; s = next) {
		next = LIST_NEXT(s, waiting);
		advance(s, position, err);
	}
}

void held_drop(struct session *s)
{
	struct piece *p;
	bool fits = true;

	if (!s->held)
		return;
	STAILQ_FOREACH(p, &s->held->pieces, next) {
		if (p->position || p->lost || !fits)
			ring_consume(&s->held->bytes, conn_hub_pool(s->hub->conns), p->bytes);
		else
			fits = pass_on(s, p->bytes);
	}
	held_free(s);
}
