#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/line.h"
#include "session_fixture.h"
#include "valgrind.h"

#define LABELS (CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH))

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	stage_add(st);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	stage_deinit(*state);
	free(*state);
	return 0;
}

/* Lines */

static void lines_become_messages(void **state)
{
	struct stage *st = *state;

	stage_say(st, 0, "nick ann\r\n");
	stage_say(st, 0, "USER a b c :d e\n");
	stage_say(st, 0, "@a=b;label=x :src  PrivMsg   #a   ::-) \r\n");
	stage_say(st, 0, "X :\r\n");
	stage_say(st, 0, "Y 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\r\n");
	stage_say(st, 0, "\r\n   \r\n\n");
	assert_string_equal(stage_log(st), "command 0 NICK :ann; "
					   "command 0 USER a b c :d e; "
					   "command 0 @a=b;label=x PRIVMSG #a ::-) ; "
					   "command 0 X :; "
					   "command 0 Y 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16; ");
	assert_string_equal(stage_heard(st, 0), "");
}

static void count_bytes(struct stage *st, struct session *s, const struct message *m)
{
	(void)s;
	*(size_t *)st->ctx += m->bytes;
}

static void lines_are_measured(void **state)
{
	struct stage *st = *state;
	size_t bytes = 0;

	st->ctx = &bytes;
	st->command = count_bytes;
	stage_say(st, 0, "PING a\r\nPING b\n");
	assert_int_equal(bytes, strlen("PING a\r\nPING b\n"));
}

static void bytes_come_as_they_like(void **state)
{
	static const char text[] = "PING one\r\nPING two\r\n";
	struct stage *st = *state;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		stage_say_bytes(st, 0, text + i, 1);
	assert_string_equal(stage_log(st), "command 0 PING :one; command 0 PING :two; ");
}

static void forty_commands_in_one_segment(void **state)
{
	struct stage *st = *state;
	char text[1024] = "";

	for (int i = 0; i < 40; i++)
		strcat(text, "PING x\r\n");
	stage_say(st, 0, text);
	assert_int_equal(stage_count(stage_log(st), "command 0 PING :x; "), 40);
}

/* What is wrong with a line is said, with the label where it can be told, and nothing of it is done. */
static void bad_lines_are_refused(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		const char *want;
	} rows[] = {
#define ROW(line, want) {line "\r\n", sizeof(line) + 1, want}
		ROW("PING a\0b", ":chat.example 400 ann * :The line holds a NUL or a lone CR and was dropped\n"),
		ROW("PING a\rQUIT", ":chat.example 400 ann * :The line holds a NUL or a lone CR and was dropped\n"),
		ROW("@a=b", ":chat.example 400 ann * :The line is not a command and was dropped\n"),
		ROW(":src", ":chat.example 400 ann * :The line is not a command and was dropped\n"),
		ROW("@label=7 :src", "@label=7 :chat.example 400 ann * :The line is not a command and was dropped\n"),
		ROW("PRIVMSG #a :\xff", ":chat.example FAIL PRIVMSG INVALID_UTF8 :Message rejected, it is not valid UTF-8\n"),
		ROW("@label=7 PRIVMSG #a :\xc3",
		    "@label=7 :chat.example FAIL PRIVMSG INVALID_UTF8 :Message rejected, it is not valid UTF-8\n"),
		ROW("@label=\xff PRIVMSG #a :x",
		    ":chat.example FAIL PRIVMSG INVALID_UTF8 :Message rejected, it is not valid UTF-8\n"),
#undef ROW
	};
	struct stage *st = *state;

	stage_register(st, 0, "ann");
	stage_caps(st, 0, LABELS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_say_bytes(st, 0, rows[i].line, rows[i].n);
		assert_string_equal(stage_heard(st, 0), rows[i].want);
		assert_string_equal(stage_log(st), "");
	}
}

static void long_lines_are_refused(void **state)
{
	struct stage *st = *state;
	char text[3 * LINE_MAX_BYTES];

	stage_register(st, 0, "ann");
	stage_caps(st, 0, LABELS);
	memset(text, 'x', sizeof(text));
	memcpy(text, "@label=7 PING ", strlen("@label=7 PING "));
	memcpy(text + 9 + 511, "\n", 2);
	stage_say(st, 0, text);
	assert_string_equal(stage_heard(st, 0), "@label=7 :chat.example 417 ann :Input line was too long\n");
	memset(text, 'x', sizeof(text));
	memcpy(text, "@label=", strlen("@label="));
	memcpy(text + LINE_CLIENT_TAGS_MAX, " PING x\r\n", 10);
	stage_say(st, 0, text);
	assert_string_equal(stage_heard(st, 0), ":chat.example 417 ann :Input line was too long\n");
	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 20, "\r\nPING after\r\n", 15);
	stage_say(st, 0, text);
	assert_string_equal(stage_heard(st, 0), ":chat.example 417 ann :Input line was too long\n");
	assert_string_equal(stage_log(st), "command 0 PING :after; ");
}

/* Bytes without a line's end: one complaint, no growth. */
static void endless_lines_are_refused_once(void **state)
{
	struct stage *st = *state;
	char text[4096];

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 64; i++)
		stage_say_bytes(st, 0, text, sizeof(text));
	assert_string_equal(stage_heard(st, 0), ":chat.example 417 * :Input line was too long\n");
	stage_say(st, 0, "\nPING x\n");
	assert_string_equal(stage_log(st), "command 0 PING :x; ");
}

static void http_is_not_chat(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\nNICK ann\r\n",
		"POST /x HTTP/1.0\r\n\r\nNICK ann\r\n",
		"post /x y HTTP/1.0\r\n\r\nNICK ann\r\n",
		"CONNECT chat.example:6667 HTTP/1.1\r\n\r\nNICK ann\r\n",
		"OPTIONS * HTTP/1.1\r\n\r\nNICK ann\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nNICK ann\r\n",
		"GET HTTP/1.1\r\nNICK ann\r\n",
		"GET / x\r\nNICK ann\r\n",
		"GET /\r\nNICK ann\r\n",
	};
	struct stage *st = *state;
	int i = 0;

	for (size_t k = 0; k < sizeof(requests) / sizeof(requests[0]); k++) {
		stage_say(st, i, requests[k]);
		assert_string_equal(stage_heard(st, i), "ERROR :Closing link: (localhost) "
							"[This is a chat server, not a web server]\n");
		assert_null(strstr(stage_log(st), "command"));
		i = stage_add(st);
	}
	stage_say(st, i, "GET x\r\nGET\r\n");
	assert_string_equal(stage_log(st), "command 9 GET :x; command 9 GET; ");
	stage_register(st, i, "ann");
	stage_say(st, i, "GET / HTTP/1.1\r\n");
	assert_string_equal(stage_log(st), "command 9 GET / :HTTP/1.1; ");
}

/* Ends */

static void quit_at_quit(struct stage *st, struct session *s, const struct message *m)
{
	(void)st;
	if (strcmp(m->command, "QUIT") == 0)
		session_close(s, "Quit");
	else
		reply_notice(s, "%s", m->command);
}

/* What follows a command that ended it is not heard, however much of it there is. */
static void the_rest_is_discarded(void **state)
{
	struct stage *st = *state;
	static char text[64 << 10];

	st->command = quit_at_quit;
	strcpy(text, "PING x\r\nQUIT\r\n");
	for (size_t n = strlen(text); n < sizeof(text) - 16; n += 8)
		memcpy(text + n, "PING y\r\n", 9);
	stage_say(st, 0, text);
	assert_string_equal(stage_heard(st, 0), ":chat.example NOTICE * :PING\n"
						"ERROR :Closing link: (localhost) [Quit]\n");
	assert_true(st->clients[0].ended);
	stage_hang_up(st, 0);
	stage_await_log(st, "gone 0");
	assert_string_equal(stage_log(st), "command 0 PING :x; command 0 QUIT; gone 0; ");
}

static void closing_twice_is_closing_once(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	stage_register(st, 0, "ann");
	assert_int_equal(st->hub.count, 1);
	session_close(s, "one");
	session_close(s, "two");
	assert_null(s->user);
	assert_int_equal(st->hub.count, 0);
	session_charge(s, 1000000);
	assert_false(loop_timer_is_set(&s->timer));
	assert_string_equal(stage_heard(st, 0), "ERROR :Closing link: (localhost) [one]\n");
}

static void sessions_are_counted(void **state)
{
	struct stage *st = *state;

	stage_add(st);
	stage_add(st);
	assert_int_equal(st->hub.count, 3);
	assert_int_equal(st->hub.unregistered, 3);
	stage_register(st, 1, "ann");
	assert_int_equal(st->hub.unregistered, 2);
	session_close(stage_session(st, 0), "bye");
	session_close(stage_session(st, 1), "bye");
	assert_int_equal(st->hub.count, 1);
	assert_int_equal(st->hub.unregistered, 1);
	assert_true(stage_session(st, 1)->id > stage_session(st, 0)->id);
	assert_string_equal(stage_session(st, 2)->address, "localhost");
	assert_true(stage_session(st, 2)->flags & SESSION_LOCAL);
}

/* A peer that closes is heard out first. */
static void the_peer_leaves(void **state)
{
	struct stage *st = *state;

	assert_int_equal(send(st->clients[0].fd, "PING x\r\nPING half", 17, 0), 17);
	stage_hang_up(st, 0);
	stage_await_log(st, "gone 0");
	assert_string_equal(stage_log(st), "command 0 PING :x; over 0 Connection closed; gone 0; ");
}

static void the_peer_leaves_one_half(void **state)
{
	struct stage *st = *state;

	assert_int_equal(send(st->clients[0].fd, "PING x\r\n", 8, 0), 8);
	shutdown(st->clients[0].fd, SHUT_WR);
	assert_string_equal(stage_heard(st, 0), "ERROR :Closing link: (localhost) [Connection closed]\n");
	stage_await_log(st, "gone 0");
	assert_string_equal(stage_log(st), "command 0 PING :x; over 0 Connection closed; gone 0; ");
}

static void a_slow_reader_is_dropped(void **state)
{
	struct stage *st = *state;
	char line[400];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	stage_add(st);
	st->hub.limits.sendq_max = 32 << 10;
	for (int i = 0; i < 3000 && !strstr(st->log, "over 0"); i++) {
		reply_unasked(stage_session(st, 0), str_of(line));
		assert_int_equal(loop_turn(st->loop, 0), 0);
		assert_in_range(st->clients[0].s ? conn_sendq(&stage_session(st, 0)->conn) : 0, 0, 34 << 10);
	}
	assert_non_null(strstr(st->log, "over 0 SendQ exceeded; "));
	reply_notice(stage_session(st, 1), "well");
	assert_string_equal(stage_heard(st, 1), ":chat.example NOTICE * :well\n");
}

static void the_last_words_are_cut_on_a_code_point(void **state)
{
	struct stage *st = *state;
	char reason[3 * 400 + 3];

	for (int shift = 0; shift < 3; shift++) {
		int i = stage_add(st);
		size_t n;

		memset(reason, 'x', (size_t)shift);
		for (int k = 0; k < 400; k++)
			memcpy(reason + shift + 3 * k, "\xe2\x82\xac", 4);
		session_close(stage_session(st, i), reason);
		n = strlen(stage_heard(st, i));
		assert_in_range(n, 500, 511);
	}
}

/* Deadlines */

static void registration_has_a_deadline(void **state)
{
	struct stage *st = *state;
	int64_t start = loop_clock(st->loop)->mono_ms;
	int i;

	st->server.registration_ms = 400;
	i = stage_add(st);
	do {
		stage_say(st, i, "PING x\r\n");
		assert_string_equal(stage_log(st), "command 1 PING :x; ");
	} while (loop_clock(st->loop)->mono_ms < start + 20);
	stage_await_log(st, "over 1 Registration timed out");
	assert_in_range(loop_clock(st->loop)->mono_ms - start, 400, 10000);
	assert_string_equal(strrchr(stage_heard(st, i), 'E'),
			    "ERROR :Closing link: (localhost) [Registration timed out]\n");
}

static void registered_in_time(void **state)
{
	struct stage *st = *state;
	int64_t start = loop_clock(st->loop)->mono_ms;
	int i;

	st->server.registration_ms = 20;
	i = stage_add(st);
	stage_register(st, i, "ann");
	while (loop_clock(st->loop)->mono_ms < start + 30)
		assert_int_equal(loop_turn(st->loop, 5), 0);
	assert_string_equal(stage_log(st), "");
	assert_string_equal(stage_heard(st, i), "");
}

static void quiet_clients_are_asked(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);
	int64_t start = loop_clock(st->loop)->mono_ms;

	st->server.ping_ms = patience(40);
	stage_register(st, 0, "ann");
	stage_await(st, 0, ":chat.example PING chat.example\r\n");
	assert_in_range(loop_clock(st->loop)->mono_ms - start, 25, 10000);
	stage_heard(st, 0);
	stage_say(st, 0, "PONG x\r\n");
	stage_await(st, 0, ":chat.example PING chat.example\r\n");
	assert_null(strstr(st->log, "over"));
	assert_true(s->heard - start >= 25);
	stage_await_log(st, "over 0 Ping timeout: 0 seconds");
	assert_in_range(loop_clock(st->loop)->mono_ms - s->heard, 50, 20000);
	assert_int_equal(stage_count(stage_heard(st, 0), "PING"), 1);
}

static void the_longest_name_is_asked_with(void **state)
{
	static const char name[] = "a-server.with-a-name-that-is-as-long-as.names-may-be.in.example";
	struct stage *st = *state;
	char line[160];

	mem_free(st->server.name);
	st->server.name = mem_strdup(name);
	st->server.ping_ms = 10;
	stage_register(st, 0, "ann");
	snprintf(line, sizeof(line), ":%s PING %s\r\n", name, name);
	stage_await(st, 0, line);
	assert_string_equal(stage_log(st), "");
}

/* One who talks is not asked at all. */
static void talking_clients_are_not_asked(void **state)
{
	struct stage *st = *state;
	int64_t start = loop_clock(st->loop)->mono_ms, last = start;

	st->server.ping_ms = 2000;
	stage_register(st, 0, "ann");
	stage_session(st, 0)->heard -= 1990;
	loop_timer_set(st->loop, &stage_session(st, 0)->timer, start + 10);
	stage_say(st, 0, "HELLO\r\n");
	while (last < start + 30) {
		assert_int_equal(loop_turn(st->loop, 5), 0);
		last = loop_clock(st->loop)->mono_ms;
	}
	assert_string_equal(stage_heard(st, 0), "");
	assert_true(loop_timer_is_set(&stage_session(st, 0)->timer));
}

/* Flood control */

static void charge_one(struct stage *st, struct session *s, const struct message *m)
{
	(void)st;
	(void)m;
	session_charge(s, 1000);
}

static void too_fast_is_slowed_down(void **state)
{
	struct stage *st = *state;
	int64_t start = loop_clock(st->loop)->mono_ms;
	char text[256] = "";
	int i;

	st->server.flood_burst = 3;
	st->server.flood_rate = 100;
	st->command = charge_one;
	i = stage_add(st);
	for (int k = 0; k < 10; k++)
		strcat(text, "PING x\r\n");
	assert_int_equal(send(st->clients[i].fd, text, strlen(text), 0), strlen(text));
	assert_int_equal(loop_turn(st->loop, 0), 0);
	assert_int_equal(stage_count(st->log, "PING"), 4);
	assert_true(stage_session(st, i)->flags & SESSION_THROTTLED);
	while (stage_count(st->log, "PING") < 10)
		assert_int_equal(loop_turn(st->loop, 5), 0);
	/* three at once, then one each ten milliseconds */
	assert_in_range(loop_clock(st->loop)->mono_ms - start, 60, 10000);
	assert_null(strstr(st->log, "over"));
}

static void bad_lines_cost_as_well(void **state)
{
	struct stage *st = *state;
	int i;

	st->server.flood_burst = 2;
	st->server.flood_rate = 1;
	i = stage_add(st);
	stage_say(st, i, "@a\r\n@a\r\n@a\r\n@a\r\n@a\r\n");
	assert_int_equal(stage_count(stage_heard(st, i), " 400 "), 3);
	assert_true(stage_session(st, i)->flags & SESSION_THROTTLED);
}

static void empty_lines_cost_a_little(void **state)
{
	struct stage *st = *state;
	int i;

	st->server.flood_burst = 1;
	st->server.flood_rate = 1;
	i = stage_add(st);
	stage_say(st, i, "\r\n\n\r\n\n\r\n\n\r\n\n\r\n\n");
	assert_false(stage_session(st, i)->flags & SESSION_THROTTLED);
	stage_say(st, i, "\n");
	assert_true(stage_session(st, i)->flags & SESSION_THROTTLED);
	stage_say(st, i, "PING x\r\n");
	assert_string_equal(stage_log(st), "");
}

static void a_throttled_client_may_leave(void **state)
{
	struct stage *st = *state;
	int i;

	st->server.flood_burst = 1;
	st->server.flood_rate = 1000;
	st->command = charge_one;
	i = stage_add(st);
	assert_int_equal(send(st->clients[i].fd, "PING x\r\nPING x\r\nPING x\r\n", 24, 0), 24);
	stage_hang_up(st, i);
	stage_await_log(st, "gone 1");
	assert_string_equal(stage_log(st), "command 1 PING :x; command 1 PING :x; command 1 PING :x; "
					   "over 1 Connection closed; gone 1; ");
}

/* Throttled before registration: the deadline is not forgotten over it. */
static void throttle_keeps_the_other_deadlines(void **state)
{
	struct stage *st = *state;
	int i;

	st->server.registration_ms = 400;
	st->server.flood_burst = 1;
	st->server.flood_rate = 1000;
	st->command = charge_one;
	i = stage_add(st);
	stage_say(st, i, "PING x\r\nPING x\r\nPING x\r\nPING x\r\n");
	stage_await_log(st, "over 1 Registration timed out");
	assert_int_equal(stage_count(stage_log(st), "PING"), 4);
}

/* Whoever always has more to say is always held, and yet it must come in or go. */
static void a_flood_puts_off_no_registration(void **state)
{
	struct stage *st = *state;
	static const char more[] = "@a\r\n@a\r\n@a\r\n";
	int64_t start = loop_clock(st->loop)->mono_ms;
	int i;

	st->server.registration_ms = 30;
	st->server.flood_burst = 1;
	st->server.flood_rate = 1000;
	i = stage_add(st);
	do {
		/* As much as the kernel takes, which is nothing at times: what is held is not read. */
		send(st->clients[i].fd, more, sizeof(more) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		stage_settle(st);
		stage_heard(st, i);
		assert_true(loop_clock(st->loop)->mono_ms < start + 5000);
	} while (!strstr(st->log, "over 1 Registration timed out"));
}

/* Streams: what they say is test_reply's and test_held's; here, when they run. */

struct blocks {
	struct stream st;
	unsigned left;
	unsigned *steps;
	unsigned *freed;
};

static bool blocks_step(struct stream *stream, struct session *s)
{
	struct blocks *b = (struct blocks *)stream;
	char line[400];

	memset(line, 'b', sizeof(line));
	for (int i = 0; i < 4; i++)
		reply_line(s, STR_NONE, (struct str){line, sizeof(line)});
	++*b->steps;
	return --b->left == 0;
}

static void blocks_free(struct stream *stream)
{
	++*((struct blocks *)stream)->freed;
	mem_free(stream);
}

static void give(struct session *s, unsigned left, unsigned *steps, unsigned *freed)
{
	struct blocks *b = mem_zalloc(sizeof(*b));

	b->st.step = blocks_step;
	b->st.free = blocks_free;
	b->left = left;
	b->steps = steps;
	b->freed = freed;
	session_stream(s, &b->st);
}

struct counts {
	unsigned steps, freed;
};

static void stream_at_list(struct stage *st, struct session *s, const struct message *m)
{
	struct counts *c = st->ctx;

	if (strcmp(m->command, "LIST") == 0)
		give(s, 1000, &c->steps, &c->freed);
}

/* Turns until it goes no further. Returns how far it got. */
static unsigned step_on(struct stage *st, const unsigned *steps)
{
	unsigned before;

	do {
		before = *steps;
		stage_settle(st);
	} while (*steps != before);
	return before;
}

/* It writes as much as the client reads, and the client's input waits for its end. */
static void a_stream_goes_at_the_readers_pace(void **state)
{
	struct stage *st = *state;
	struct counts c = {0, 0};

	st->ctx = &c;
	st->command = stream_at_list;
	st->hub.limits.sendq_max = 32 << 10;
	stage_say(st, 0, "LIST\r\nPING x\r\n");
	assert_in_range(step_on(st, &c.steps), 1, 500);
	assert_in_range(conn_sendq(&stage_session(st, 0)->conn), 1, 32 << 10);
	assert_string_equal(stage_log(st), "command 0 LIST; ");
	assert_int_equal(stage_count(stage_heard(st, 0), "\n"), 4000);
	assert_int_equal(c.steps, 1000);
	assert_int_equal(c.freed, 1);
	assert_string_equal(stage_log(st), "command 0 PING :x; ");
}

static void streams_queue(void **state)
{
	struct stage *st = *state;
	struct counts one = {0, 0}, two = {0, 0};

	st->hub.limits.sendq_max = 32 << 10;
	give(stage_session(st, 0), 1000, &one.steps, &one.freed);
	give(stage_session(st, 0), 3, &two.steps, &two.freed);
	assert_int_equal(one.freed, 0);
	assert_int_equal(two.steps, 0);
	assert_int_equal(stage_count(stage_heard(st, 0), "\n"), 4012);
	assert_int_equal(one.freed, 1);
	assert_int_equal(two.freed, 1);
	assert_null(stage_session(st, 0)->stream);
}

static void streams_are_freed_with_the_session(void **state)
{
	struct stage *st = *state;
	struct counts one = {0, 0}, two = {0, 0}, late = {0, 0};

	st->hub.limits.sendq_max = 32 << 10;
	give(stage_session(st, 0), 1000, &one.steps, &one.freed);
	give(stage_session(st, 0), 3, &two.steps, &two.freed);
	session_close(stage_session(st, 0), "bye");
	assert_int_equal(one.freed, 1);
	assert_int_equal(two.freed, 1);
	assert_int_equal(two.steps, 0);
	give(stage_session(st, 0), 3, &late.steps, &late.freed);
	assert_int_equal(late.freed, 1);
	assert_int_equal(late.steps, 0);
}

static bool silent_step(struct stream *stream, struct session *s)
{
	struct blocks *b = (struct blocks *)stream;

	(void)s;
	++*b->steps;
	return --b->left == 0;
}

/* Nothing that it says holds it up: it must stop by itself, and go on when all others have had their turn. */
static void a_silent_stream_gives_others_their_turn(void **state)
{
	struct stage *st = *state;
	struct blocks *b = mem_zalloc(sizeof(*b));
	struct counts c = {0, 0};
	unsigned before;

	*b = (struct blocks){{.step = silent_step, .free = blocks_free}, 1000, &c.steps, &c.freed};
	session_stream(stage_session(st, 0), &b->st);
	assert_in_range(c.steps, 1, 100);
	while (!c.freed) {
		before = c.steps;
		assert_int_equal(loop_turn(st->loop, -1), 0);
		assert_in_range(c.steps - before, 1, 100);
	}
	assert_int_equal(c.steps, 1000);
	assert_null(stage_session(st, 0)->stream);
	stage_say(st, 0, "PING x\r\n");
	assert_string_equal(stage_log(st), "command 0 PING :x; ");
}

/* One who never reads does not make it grow, and is let go when the peer goes. */
static void a_stream_to_nobody(void **state)
{
	struct stage *st = *state;
	struct counts c = {0, 0};

	st->hub.limits.sendq_max = 32 << 10;
	give(stage_session(st, 0), 100000, &c.steps, &c.freed);
	assert_in_range(step_on(st, &c.steps), 1, 500);
	stage_hang_up(st, 0);
	stage_await_log(st, "gone 0");
	assert_int_equal(c.freed, 1);
}

/* A stream and flood control: each holds the input, and the later of the two lets it go. */
static void a_stream_under_flood_control(void **state)
{
	struct stage *st = *state;
	struct counts c = {0, 0};
	int i;

	st->ctx = &c;
	st->command = stream_at_list;
	st->hub.limits.sendq_max = 32 << 10;
	st->server.flood_burst = 1;
	st->server.flood_rate = 1000;
	i = stage_add(st);
	stage_say(st, i, "LIST\r\nPING x\r\n");
	session_charge(stage_session(st, i), 5000);
	while (stage_session(st, i)->flags & SESSION_THROTTLED)
		assert_int_equal(loop_turn(st->loop, -1), 0);
	stage_settle(st);
	assert_string_equal(stage_log(st), "command 1 LIST; ");
	session_charge(stage_session(st, i), 3000);
	stage_heard(st, i);
	stage_await_log(st, "PING");
	assert_int_equal(c.freed, 1);
	assert_false(stage_session(st, i)->flags & SESSION_THROTTLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_become_messages),
		TEST(lines_are_measured),
		TEST(bytes_come_as_they_like),
		TEST(forty_commands_in_one_segment),
		TEST(bad_lines_are_refused),
		TEST(long_lines_are_refused),
		TEST(endless_lines_are_refused_once),
		TEST(http_is_not_chat),
		TEST(the_rest_is_discarded),
		TEST(closing_twice_is_closing_once),
		TEST(sessions_are_counted),
		TEST(the_peer_leaves),
		TEST(the_peer_leaves_one_half),
		TEST(a_slow_reader_is_dropped),
		TEST(the_last_words_are_cut_on_a_code_point),
		TEST(registration_has_a_deadline),
		TEST(registered_in_time),
		TEST(quiet_clients_are_asked),
		TEST(the_longest_name_is_asked_with),
		TEST(talking_clients_are_not_asked),
		TEST(too_fast_is_slowed_down),
		TEST(bad_lines_cost_as_well),
		TEST(empty_lines_cost_a_little),
		TEST(a_throttled_client_may_leave),
		TEST(throttle_keeps_the_other_deadlines),
		TEST(a_flood_puts_off_no_registration),
		TEST(a_stream_goes_at_the_readers_pace),
		TEST(streams_queue),
		TEST(streams_are_freed_with_the_session),
		TEST(a_silent_stream_gives_others_their_turn),
		TEST(a_stream_to_nobody),
		TEST(a_stream_under_flood_control),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
