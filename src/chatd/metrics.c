#include "chatd/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "chatd/http_head.h"
#include "chatd/metrics_text.h"
#include "chatd/push.h"
#include "chatd/side.h"
#include "proto/line.h"
#include "session/session.h"

enum { DEADLINE_MS = 10000, SENDQ_MAX = 128 << 10 };

struct metrics {
	struct loop *loop;
	struct metrics_host host;
	struct side *side;
	struct turn_hook hook; /* registered while somebody may ask */
	bool measuring;
	uint64_t lines; /* of the clients, at the end of the turn before */
	struct histogram turn;
	struct histogram delivery;
};

struct metrics_conn {
	struct side_conn base; /* first */
	struct http_head head;
};

/*
 * The clients' output has been flushed. A line counts with the time since its turn began, which is before it was read:
 * one clock reading for a turn is all that this costs.
 */
static void end_turn(struct turn_hook *hook)
{
	struct metrics *m = (struct metrics *)((char *)hook - offsetof(struct metrics, hook));
	int64_t us = clock_mono_us() - loop_clock(m->loop)->mono_us;
	uint64_t lines = conn_hub_counts(engine_view(m->host.engine).hub->conns)->lines;

	histogram_add(&m->turn, us, 1);
	if (lines != m->lines)
		histogram_add(&m->delivery, us, lines - m->lines);
	m->lines = lines;
}

static void measure(struct metrics *m, bool on)
{
	if (on == m->measuring)
		return;
	m->measuring = on;
	m->lines = conn_hub_counts(engine_view(m->host.engine).hub->conns)->lines;
	if (on)
		loop_hook_add(m->loop, &m->hook);
	else
		loop_hook_remove(m->loop, &m->hook);
}

static const char *status_text(int status)
{
	switch (status) {
	case HTTP_OK:
		return "200 OK";
	case HTTP_NOT_FOUND:
		return "404 Not Found";
	case HTTP_NOT_ALLOWED:
		return "405 Method Not Allowed\r\nAllow: GET";
	case HTTP_BAD:
		return "400 Bad Request";
	default:
		return "500 Internal Server Error";
	}
}

static void say(struct metrics_conn *c, int status, const char *type, struct str body)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
			 "Connection: close\r\n\r\n",
			 status_text(status), type, body.n);

	conn_write(&c->base.conn, head, (size_t)n);
	conn_write_str(&c->base.conn, body);
	side_conn_close(&c->base);
}

static void say_status(struct metrics_conn *c, int status)
{
	const char *text = status_text(status);
	char body[64];
	int n = snprintf(body, sizeof(body), "%.*s\n", (int)strcspn(text, "\r"), text);

	say(c, status, "text/plain; charset=utf-8", (struct str){body, (size_t)n});
}

static void say_metrics(struct metrics_conn *c)
{
	struct metrics *m = side_owner(&c->base);
	struct metrics_view v = {
		.engine = engine_view(m->host.engine),
		.doors = doors_counts(m->host.doors),
		.hooks = hooks_counts(m->host.hooks),
		.outgoing = m->host.outgoing,
		.push = push_counts(m->host.push),
		.turns = loop_turns(m->loop),
		.started_ms = engine_view(m->host.engine).hub->server->started_ms,
		.turn = &m->turn,
		.delivery = &m->delivery,
	};
	char *memory = mem_alloc(METRICS_TEXT_MAX);
	struct buf text;

	buf_init(&text, memory, METRICS_TEXT_MAX);
	metrics_text(&text, &v);
	if (text.full)
		say_status(c, 500);
	else
		say(c, HTTP_OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", buf_view(&text));
	mem_free(memory);
}

static enum conn_line on_line(struct conn *conn, char *text, size_t n, bool too_long)
{
	struct metrics_conn *c = (struct metrics_conn *)conn;
	int status = too_long ? HTTP_BAD : http_head_line(&c->head, (struct str){text, n}, "/metrics");

	if (status == HTTP_OK)
		say_metrics(c);
	else if (status != HTTP_MORE)
		say_status(c, status);
	return CONN_NEXT;
}

/* One too many is closed without a word. */
static void begin(struct side_conn *base, bool busy)
{
	(void)base;
	(void)busy;
}

static void end(struct side_conn *base)
{
	(void)base;
}

static const struct side_kind kind = {
	.what = "metrics",
	.size = sizeof(struct metrics_conn),
	.line = on_line,
	.limits = {.sendq_max = SENDQ_MAX, .recvq_max = LINE_MAX_BYTES},
	.deadline_ms = DEADLINE_MS,
	.begin = begin,
	.end = end,
};

struct metrics *metrics_new(struct loop *loop, struct conn_hub *hub, const struct metrics_host *host)
{
	struct metrics *m = mem_zalloc(sizeof(*m));

	m->loop = loop;
	m->host = *host;
	m->hook.run = end_turn;
	m->side = side_new(loop, hub, &kind, m);
	return m;
}

int metrics_prepare(struct metrics *m, const struct config *config, char *why, size_t size)
{
	return side_prepare(m->side, config->metrics.text, &config->metrics.at, why, size);
}

void metrics_commit(struct metrics *m)
{
	side_commit(m->side);
	measure(m, side_text(m->side) != NULL);
}

void metrics_drop(struct metrics *m)
{
	side_drop(m->side);
}

void metrics_shut(struct metrics *m)
{
	side_shut(m->side);
}

void metrics_end(struct metrics *m)
{
	side_end(m->side);
	measure(m, false);
}

uint32_t metrics_count(const struct metrics *m)
{
	return side_count(m->side);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	side_free(m->side);
	mem_free(m);
}
