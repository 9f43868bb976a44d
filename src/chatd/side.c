#include "chatd/side.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { LINGER_MS = 1000 };

struct side {
	struct loop *loop;
	struct conn_hub *hub;
	const struct side_kind *kind;
	void *owner;
	struct conn_handlers handlers;
	struct listener *listener, *fresh; /* fresh: not yet in its place */
	char *text, *fresh_text;           /* where they are; NULL: no listener */
	bool prepared;                     /* fresh is to take the place, maybe as none */
	LIST_HEAD(, side_conn) conns;
	uint32_t count;
};

void *side_owner(const struct side_conn *c)
{
	return c->side->owner;
}

uint32_t side_count(const struct side *s)
{
	return s->count;
}

const char *side_text(const struct side *s)
{
	return s->text;
}

static void conn_closed(struct conn *conn)
{
	struct side_conn *c = (struct side_conn *)conn;

	c->side->kind->end(c);
	LIST_REMOVE(c, next);
	c->side->count--;
	mem_free(c);
}

void side_conn_touch(struct side_conn *c)
{
	struct side *s = c->side;

	if (!conn_is_dead(&c->conn))
		loop_timer_set(s->loop, &c->deadline, loop_clock(s->loop)->mono_ms + s->kind->deadline_ms);
}

void side_conn_close(struct side_conn *c)
{
	loop_timer_stop(c->side->loop, &c->deadline);
	conn_close(&c->conn, LINGER_MS, conn_closed);
}

static void conn_ended(struct conn *conn, const char *reason)
{
	(void)reason;
	side_conn_close((struct side_conn *)conn);
}

static void time_is_up(struct timer *t)
{
	struct side_conn *c = (struct side_conn *)((char *)t - offsetof(struct side_conn, deadline));

	conn_kill(&c->conn, "Timed out");
}

static void on_accept(void *ctx, struct listener *l, int fd, const struct address *peer)
{
	struct side *s = ctx;
	struct side_conn *c = mem_zalloc(s->kind->size);
	bool busy = s->count >= SIDE_CONNS_MAX;

	(void)l;
	(void)peer;
	if (s->count >= 2 * SIDE_CONNS_MAX) { /* they do not even take the goodbye */
		close(fd);
		mem_free(c);
		return;
	}
	if (conn_init(&c->conn, s->hub, fd, &s->handlers, &s->kind->limits) < 0) {
		mem_free(c);
		return;
	}
	c->side = s;
	c->deadline.due = time_is_up;
	LIST_INSERT_HEAD(&s->conns, c, next);
	s->count++;
	side_conn_touch(c);
	s->kind->begin(c, busy);
	if (busy)
		side_conn_close(c);
}

struct side *side_new(struct loop *loop, struct conn_hub *hub, const struct side_kind *kind, void *owner)
{
	struct side *s = mem_zalloc(sizeof(*s));

	s->loop = loop;
	s->hub = hub;
	s->kind = kind;
	s->owner = owner;
	s->handlers = (struct conn_handlers){kind->line, kind->drained, conn_ended};
	LIST_INIT(&s->conns);
	return s;
}

static bool same_place(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int side_prepare(struct side *s, const char *text, const struct endpoint *at, char *why, size_t size)
{
	char reason[256];
	int err;

	if (same_place(s->text, text))
		return 0;
	if (text) {
		err = listener_open(&s->fresh, s->loop, at, reason, sizeof(reason));
		if (err < 0) {
			snprintf(why, size, "%s: %s", text, reason);
			return err;
		}
	}
	s->fresh_text = mem_strdup(text);
	s->prepared = true;
	return 0;
}

void side_commit(struct side *s)
{
	if (!s->prepared)
		return;
	side_shut(s);
	s->listener = s->fresh;
	s->text = s->fresh_text;
	s->fresh = NULL;
	s->fresh_text = NULL;
	s->prepared = false;
	if (!s->listener)
		return;
	log_event(EVENT_LISTENING, LOG_FIELDS({"CHATD_LISTENER", s->text}), "listening on %s for %s", s->text,
		  s->kind->what);
	listener_start(s->listener, on_accept, s);
}

void side_drop(struct side *s)
{
	listener_free(s->fresh);
	mem_free(s->fresh_text);
	s->fresh = NULL;
	s->fresh_text = NULL;
	s->prepared = false;
}

void side_shut(struct side *s)
{
	listener_free(s->listener);
	mem_free(s->text);
	s->listener = NULL;
	s->text = NULL;
}

void side_end(struct side *s)
{
	struct side_conn *c, *next;

	side_drop(s);
	side_shut(s);
	for (c = LIST_FIRST(&s->conns); c; c = next) {
		next = LIST_NEXT(c, next);
		loop_timer_stop(s->loop, &c->deadline);
		conn_close(&c->conn, 0, conn_closed);
	}
}

void side_free(struct side *s)
{
	mem_free(s);
}
