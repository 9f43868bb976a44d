#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fd_count.h"
#include "loop/poller.h"
#include "net/conn.h"
#include "proto/line.h"

enum { OWNERS = 8, LOG_SIZE = 4 << 20, LINGER_MS = 2000, ENOUGH_TURNS = 20000 };

struct fixture;

/* One that owns a connection, and what it was told: its lines, each with '|' behind it. */
struct owner {
	struct conn c;
	struct fixture *f;
	int peer; /* the other end; -1 when it was closed */
	char *text;
	size_t text_n;
	int lines, too_long, ended, drained, closed;
	size_t too_long_n;
	char reason[64];
	int depth; /* of its handlers on the stack */
	bool in_use;
	bool keep;              /* does not close in `ended` */
	int64_t linger_ms;      /* for conn_close in `ended` */
	const char *last_words; /* written in `ended` */
	enum conn_line answer;  /* of `line` */
	void (*on_line)(struct owner *o, char *text, size_t n);
	void (*on_ended)(struct owner *o);
	void (*on_drained)(struct owner *o);
	void (*on_closed)(struct owner *o);
};

struct fixture {
	int before;
	struct loop *loop;
	struct conn_hub *hub;
	struct conn_limits limits;
	struct owner owners[OWNERS];
};

static inline struct owner *owner_of(struct conn *c)
{
	return (struct owner *)((char *)c - offsetof(struct owner, c));
}

static inline void note_text(struct owner *o, const char *text, size_t n)
{
	assert_true(o->text_n + n + 1 < LOG_SIZE);
	memcpy(o->text + o->text_n, text, n);
	o->text_n += n;
	o->text[o->text_n++] = '|';
	o->text[o->text_n] = '\0';
}

static inline enum conn_line on_line(struct conn *c, char *text, size_t n, bool too_long)
{
	struct owner *o = owner_of(c);
	assert_int_equal(o->depth, 0);
	assert_int_equal(o->ended, 0);
	o->depth++;
	o->lines++;
	if (too_long) {
		o->too_long++;
		o->too_long_n = n;
	} else {
		note_text(o, text, n);
	}
	if (o->on_line)
		o->on_line(o, text, n);
	/* The line is the handler's for as long as it runs, whatever it did. */
	if (!too_long)
		assert_memory_equal(text, o->text + o->text_n - n - 1, n);
	memset(text, '#', n);
	o->depth--;
	return o->answer;
}

static inline void on_drained(struct conn *c)
{
	struct owner *o = owner_of(c);
	assert_int_equal(o->depth, 0);
	o->depth++;
	o->drained++;
	if (o->on_drained)
		o->on_drained(o);
	o->depth--;
}

static inline void on_closed(struct conn *c)
{
	struct owner *o = owner_of(c);
	assert_int_equal(o->depth, 0);
	o->closed++;
	o->in_use = false;
	if (o->on_closed)
		o->on_closed(o);
}

static inline void on_ended(struct conn *c, const char *reason)
{
	struct owner *o = owner_of(c);
	assert_int_equal(o->depth, 0);
	assert_true(conn_is_dead(c));
	o->ended++;
	strlcpy(o->reason, reason, sizeof(o->reason));
	if (o->on_ended)
		o->on_ended(o);
	if (o->last_words)
		conn_write_str(c, str_of(o->last_words));
	if (!o->keep)
		conn_close(c, o->linger_ms, on_closed);
}

static const struct conn_handlers handlers = {.line = on_line, .drained = on_drained, .ended = on_ended};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->before = fd_count();
	f->limits = (struct conn_limits){.sendq_max = 256 << 10, .recvq_max = 16 << 10};
	assert_int_equal(loop_new(&f->loop), 0);
	assert_int_equal(conn_hub_new(&f->hub, f->loop), 0);
	*state = f;
	return 0;
}

static inline size_t lent(struct fixture *f)
{
	return ring_pool_lent(conn_hub_pool(f->hub));
}

/* What the hub counts is what there is. */
static inline void check_sendq(const struct fixture *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < OWNERS; i++)
		sum += f->owners[i].in_use ? conn_sendq(&f->owners[i].c) : 0;
	assert_int_equal(conn_hub_sendq(f->hub), sum);
}

static inline void turn(struct fixture *f)
{
	assert_int_equal(loop_turn(f->loop, 0), 0);
	check_sendq(f);
}

static inline void turns(struct fixture *f, int count)
{
	while (count-- > 0)
		turn(f);
}

/* Turns until *counter is at least want. */
static inline void turn_until(struct fixture *f, const int *counter, int want)
{
	for (int i = 0; i < ENOUGH_TURNS && *counter < want; i++)
		assert_int_equal(loop_turn(f->loop, 5), 0);
	assert_true(*counter >= want);
}

/* Closes what the test left; all descriptors and all memory must be back then. */
static inline int teardown(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < OWNERS; i++) {
		struct owner *o = &f->owners[i];
		bool open = o->in_use;
		if (open)
			conn_close(&o->c, 0, on_closed);
		if (o->f && o->peer >= 0)
			close(o->peer);
		if (open)
			turn_until(f, &o->closed, 1);
		if (o->f)
			assert_int_equal(o->closed, 1);
		assert_in_range(o->ended, 0, 1);
		free(o->text);
	}
	assert_int_equal(lent(f), 0);
	check_sendq(f);
	conn_hub_free(f->hub);
	loop_free(f->loop);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static inline struct owner *own(struct fixture *f, int i, int fd, int peer)
{
	struct owner *o = &f->owners[i];
	assert_null(o->f);
	*o = (struct owner){.f = f, .peer = peer, .in_use = true, .linger_ms = LINGER_MS};
	o->text = malloc(LOG_SIZE);
	assert_non_null(o->text);
	o->text[0] = '\0';
	assert_int_equal(conn_init(&o->c, f->hub, fd, &handlers, &f->limits), 0);
	return o;
}

static inline void set_nonblocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* A connection over a Unix socket. The peer's end does not block either. */
static inline struct owner *own_unix(struct fixture *f, int i)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	return own(f, i, ends[0], ends[1]);
}

static inline struct owner *own_tcp(struct fixture *f, int i)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int peer = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&in, len), 0);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fd >= 0);
	close(listener);
	set_nonblocking(peer);
	return own(f, i, fd, peer);
}

static inline void say_bytes(struct owner *o, const void *p, size_t n)
{
	assert_int_equal(send(o->peer, p, n, MSG_NOSIGNAL), n);
}

static inline void say(struct owner *o, const char *text)
{
	say_bytes(o, text, strlen(text));
}

static inline void peer_close(struct owner *o)
{
	close(o->peer);
	o->peer = -1;
}

/* Reads what is there for the peer. Returns the last result of recv: 0 at the end, -1 with errno. */
static inline ssize_t hear(struct owner *o, char *dst, size_t size, size_t *n)
{
	ssize_t got;
	while ((got = recv(o->peer, dst + *n, size - 1 - *n, 0)) > 0)
		*n += (size_t)got;
	dst[*n] = '\0';
	return got;
}

static inline void assert_heard(struct owner *o, const char *want, bool then_end)
{
	char text[4096];
	size_t n = 0;
	ssize_t last = hear(o, text, sizeof(text), &n);
	assert_string_equal(text, want);
	assert_int_equal(last, then_end ? 0 : -1);
}

/* Turns, the peer reading, until the stream ends for it. Returns how much it got; its end must not be a reset. */
static inline size_t hear_to_the_end(struct owner *o, char *dst, size_t size)
{
	size_t n = 0;
	for (int i = 0; i < ENOUGH_TURNS; i++) {
		ssize_t last = hear(o, dst, size, &n);
		if (last == 0)
			return n;
		assert_int_equal(errno, EAGAIN);
		loop_turn(o->f->loop, 1);
	}
	fail_msg("the stream does not end");
	return 0;
}

/* Nothing is to happen: the loop waits the whole time that it may. */
static inline void assert_sleeps(struct fixture *f)
{
	int woken = 0;
	turns(f, 3);
	int64_t start_us = clock_mono_us();
	while (clock_mono_us() - start_us < 60000) {
		assert_int_equal(loop_turn(f->loop, 70), 0);
		woken++;
	}
	assert_in_range(woken, 1, 2);
}

/* Fills the kernel's buffers on the way to the peer and some of the ring. */
static inline void fill_output(struct owner *o, size_t at_least)
{
	char block[1000];
	memset(block, 'c', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	while (conn_sendq(&o->c) < at_least) {
		assert_true(conn_write(&o->c, block, sizeof(block)));
		turn(o->f);
	}
}

static inline void answer_it(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_write_str(&o->c, STR("answer\n"));
}

static inline void tell_others(struct owner *o)
{
	for (int i = 0; i < OWNERS; i++)
		if (o->f->owners[i].in_use && &o->f->owners[i] != o)
			conn_write_str(&o->f->owners[i].c, STR("QUIT\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
