#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "session_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/ring.h"
#include "fd_count.h"
#include "proto/line.h"
#include "proto/utf8.h"
#include "session/arrival.h"
#include "session/monitor.h"
#include "valgrind.h"

enum { SETTLED_TURNS = 8, AWAIT_US = 20 * 1000 * 1000, AWAIT_TURN_MS = 20 };

static void note(struct stage *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct stage *st, const char *fmt, ...)
{
	size_t n = strlen(st->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(st->log + n, sizeof(st->log) - n, fmt, ap);
	va_end(ap);
}

static int number_of(const struct stage *st, const struct session *s)
{
	for (int i = 0; i < st->count; i++)
		if (st->clients[i].s == s)
			return i;
	fail_msg("a session that the test does not know");
	return -1;
}

static void note_command(struct stage *st, int i, const struct message *m)
{
	if (m->tags.n)
		note(st, "command %d @%.*s %s", i, STR_ARG(m->tags), m->command);
	else
		note(st, "command %d %s", i, m->command);
	for (size_t k = 0; k < m->nparams; k++)
		note(st, k + 1 == m->nparams ? " :%s" : " %s", m->params[k]);
	note(st, "; ");
}

static void host_command(void *ctx, struct session *s, const struct message *m)
{
	struct stage *st = ctx;
	int i = number_of(st, s);

	assert_false(s->flags & SESSION_CLOSED);
	note_command(st, i, m);
	if (st->command)
		st->command(st, s, m);
}

static void host_over(void *ctx, struct session *s, const char *reason)
{
	struct stage *st = ctx;

	note(st, "over %d %s; ", number_of(st, s), reason);
	session_close(s, reason);
}

static void host_gone(void *ctx, const struct session *s)
{
	struct stage *st = ctx;
	int i = number_of(st, s);

	note(st, "gone %d; ", i);
	st->clients[i].s = NULL;
}

static const char *nick_itself(const struct user *user)
{
	return (const char *)user;
}

void stage_init(struct stage *st, const char *(*nick)(const struct user *user))
{
	const struct session_host host = {host_command, host_over, nick ? nick : nick_itself, host_gone, st};
	const struct hash_key seed = {{1, 2}};

	signal(SIGPIPE, SIG_IGN);
	memset(st, 0, sizeof(*st));
	st->descriptors = fd_count();
	assert_int_equal(loop_new(&st->loop), 0);
	server_init(&st->server);
	mem_free(st->server.name);
	st->server.name = mem_strdup("chat.example");
	server_build(&st->server);
	assert_int_equal(session_hub_init(&st->hub, st->loop, &st->server, &host), 0);
	st->hub.monitor = monitor_new(CASEMAP_ASCII, &seed);
}

void stage_deinit(struct stage *st)
{
	for (int i = 0; i < st->count; i++) {
		if (st->clients[i].s)
			session_close(st->clients[i].s, "The test is over");
		stage_hang_up(st, i);
		free(st->clients[i].text);
		free(st->clients[i].shown);
	}
	stage_settle(st);
	for (int i = 0; i < st->count; i++)
		assert_null(st->clients[i].s);
	assert_int_equal(st->hub.count, 0);
	assert_int_equal(st->hub.unregistered, 0);
	assert_true(LIST_EMPTY(&st->hub.sessions));
	assert_true(LIST_EMPTY(&st->hub.held));
	assert_int_equal(ring_pool_lent(conn_hub_pool(st->hub.conns)), 0);
	monitor_free(st->hub.monitor);
	session_hub_deinit(&st->hub);
	server_deinit(&st->server);
	loop_free(st->loop);
	assert_int_equal(fd_count(), st->descriptors);
}

int stage_add(struct stage *st)
{
	const struct address here = {.ss.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
	struct arrival arrival;
	struct stage_client *c = &st->clients[st->count];
	int ends[2];

	assert_true(st->count < STAGE_CLIENTS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	c->fd = ends[1];
	c->text = malloc(STAGE_TEXT);
	c->shown = malloc(STAGE_TEXT);
	assert_true(c->text && c->shown);
	arrival_plain(&arrival, ends[0], &here);
	c->s = session_new(&st->hub, &arrival);
	assert_non_null(c->s);
	return st->count++;
}

struct session *stage_session(struct stage *st, int i)
{
	assert_non_null(st->clients[i].s);
	return st->clients[i].s;
}

void stage_register(struct stage *st, int i, const char *nick)
{
	session_register(stage_session(st, i), (const struct user *)nick);
}

void stage_caps(struct stage *st, int i, cap_set caps)
{
	stage_session(st, i)->caps = caps;
}

void stage_settle(struct stage *st)
{
	for (int i = 0; i < SETTLED_TURNS; i++)
		assert_int_equal(loop_turn(st->loop, 0), 0);
}

void stage_say_bytes(struct stage *st, int i, const void *p, size_t n)
{
	assert_int_equal(send(st->clients[i].fd, p, n, MSG_NOSIGNAL), n);
	stage_settle(st);
}

void stage_say(struct stage *st, int i, const char *text)
{
	stage_say_bytes(st, i, text, strlen(text));
}

void stage_hang_up(struct stage *st, int i)
{
	if (st->clients[i].fd >= 0)
		close(st->clients[i].fd);
	st->clients[i].fd = -1;
}

void stage_narrow(struct stage *st, int i)
{
	const int bytes = 2048;

	assert_int_equal(
		setsockopt(stage_session(st, i)->conn.transport.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
}

static void listen_to(struct stage *st, int i)
{
	struct stage_client *c = &st->clients[i];
	ssize_t got = -1;

	while (c->fd >= 0 && (got = recv(c->fd, c->text + c->n, STAGE_TEXT - 1 - c->n, 0)) > 0)
		c->n += (size_t)got;
	c->ended = c->ended || got == 0;
	c->text[c->n] = '\0';
}

static void show(struct stage_client *c, const char *p, size_t n)
{
	assert_true(c->shown_n + n < STAGE_TEXT);
	memcpy(c->shown + c->shown_n, p, n);
	c->shown_n += n;
	c->shown[c->shown_n] = '\0';
}

static void show_line(struct stage_client *c, struct str line)
{
	static const char stamp[] = "2026-01-31T12:34:56.789Z";
	struct str tags = STR_NONE, rest = line;
	const char *time;

	assert_true(utf8_valid(line));
	assert_null(memchr(line.p, '\0', line.n));
	assert_null(memchr(line.p, '\r', line.n));
	if (line.p[0] == '@')
		assert_true(str_split(&rest, ' ', &tags));
	assert_true(tags.n + 1 <= LINE_TAGS_MAX);
	assert_true(rest.n + 2 <= LINE_BODY_MAX);
	time = tags.n ? memmem(tags.p, tags.n, "time=", 5) : NULL;
	if (time && tags.p + tags.n >= time + 5 + sizeof(stamp) - 1) {
		show(c, line.p, (size_t)(time - line.p));
		show(c, "time=T", 6);
		time += 5 + sizeof(stamp) - 1;
		line = (struct str){time, (size_t)(line.p + line.n - time)};
	}
	show(c, line.p, line.n);
	show(c, "\n", 1);
}

const char *stage_heard(struct stage *st, int i)
{
	struct stage_client *c = &st->clients[i];
	struct str rest, line;
	size_t before;

	do {
		before = c->n;
		stage_settle(st);
		listen_to(st, i);
	} while (c->n != before);
	rest = (struct str){c->text, c->n};
	c->shown_n = 0;
	c->shown[0] = '\0';
	while (str_split(&rest, '\n', &line)) {
		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		show_line(c, (struct str){line.p, line.n - 1});
	}
	assert_true(c->n == 0 || c->text[c->n - 1] == '\n');
	c->n = 0;
	return c->shown;
}

void stage_await(struct stage *st, int i, const char *words)
{
	int64_t start_us = clock_mono_us();

	for (;;) {
		listen_to(st, i);
		if (strstr(st->clients[i].text, words))
			return;
		if (clock_mono_us() - start_us > patience(AWAIT_US))
			fail_msg("client %d never heard \"%s\"", i, words);
		assert_int_equal(loop_turn(st->loop, AWAIT_TURN_MS), 0);
	}
}

void stage_await_log(struct stage *st, const char *words)
{
	int64_t start_us = clock_mono_us();

	while (!strstr(st->log, words)) {
		if (clock_mono_us() - start_us > patience(AWAIT_US))
			fail_msg("\"%s\" never came; there was: %s", words, st->log);
		assert_int_equal(loop_turn(st->loop, AWAIT_TURN_MS), 0);
	}
}

const char *stage_log(struct stage *st)
{
	static char shown[sizeof(st->log)];

	memcpy(shown, st->log, sizeof(shown));
	st->log[0] = '\0';
	return shown;
}

unsigned stage_count(const char *text, const char *words)
{
	unsigned n = 0;

	for (; (text = strstr(text, words)); text += strlen(words))
		n++;
	return n;
}
