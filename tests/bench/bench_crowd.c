/*
 * bench_crowd [--users N] [--channels N] [--room N] [--count WHAT]: the server without sockets. The whole of it, from
 * the bytes of a line to the bytes of each answer, over transports that are memory, for crowds that no machine has the
 * descriptors for. Prints what a user, a membership, a join, a message and a quit cost. Run by hand.
 *
 * --count line|registration|delivery: does that N times and prints nothing; for who counts instructions.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/engine.h"
#include "loop/loop.h"
#include "memory_net.h"
#include "network/network.h"
#include "session/arrival.h"

enum { TURN = 256, TEXT = 96, SPARE = 16, LEFT = 10 };

struct crowd {
	struct loop *loop;
	struct config config;
	struct engine *engine;
	uint32_t users, channels, room;
	uint32_t here;      /* clients that were made */
	char (*text)[TEXT]; /* what each of a turn says */
};

static bool no_reload(void *ctx, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "not here");
	return false;
}

static void no_stop(void *ctx, const char *reason, bool restart)
{
	(void)ctx;
	(void)reason;
	(void)restart;
}

static void no_gone(void *ctx, const char *host)
{
	(void)ctx;
	(void)host;
}

static void no_log(void *ctx, const struct log_entry *e)
{
	(void)ctx;
	(void)e;
}

static void bad_config(void *ctx, const struct config_error *error)
{
	(void)ctx;
	fprintf(stderr, "%s\n", error->text);
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_crowd: %s\n", what);
	exit(1);
}

static void begin(struct crowd *c)
{
	static const struct engine_host host = {no_reload, no_stop, no_gone, NULL, NULL};
	static const struct config_source nowhere = {0};
	char why[256] = "";

	log_set_sink(no_log, NULL);
	memory_net_init(c->users + SPARE);
	c->text = calloc(TURN, sizeof(*c->text));
	if (!c->text || config_load(&c->config, &nowhere, bad_config, NULL) != 0)
		fail("no configuration");
	mem_free(c->config.server.name);
	c->config.server.name = mem_strdup("chat.example");
	c->config.server.no_limits = true;
	c->config.server.opers = mem_alloc(sizeof(*c->config.server.opers));
	*c->config.server.opers = (struct oper_block){.name = mem_strdup("root"), .mask = mem_strdup("*@*")};
	c->config.server.nopers = 1;
	c->config.server.ping_ms = INT64_C(1000) * 86400; /* nobody would answer */
	c->config.conn_limits.sendq_max = 64u << 20;
	server_build(&c->config.server);
	if (loop_new(&c->loop) != 0 || engine_new(&c->engine, c->loop, &c->config, &host) != 0 ||
	    engine_open(c->engine, NULL, why, sizeof(why)) != 0)
		fail("the engine did not start");
}

static void turn_all(struct crowd *c)
{
	do
		if (loop_turn(c->loop, 0) != 0)
			fail("the loop failed");
	while (memory_busy());
	(void)loop_turn(c->loop, 0);
}

/* One line, or a few, of each of the clients from..end, in turns of many: as text_of says. */
typedef void (*text_of_fn)(const struct crowd *c, uint32_t n, char text[TEXT]);

static void all_say(struct crowd *c, uint32_t from, uint32_t end, text_of_fn text_of)
{
	while (from < end) {
		for (uint32_t i = 0; i < TURN && from < end; i++, from++) {
			text_of(c, from, c->text[i]);
			memory_say(from, c->text[i], strlen(c->text[i]));
		}
		turn_all(c);
	}
}

static void accept_one(struct crowd *c)
{
	static const struct address here = {.ss.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
	struct arrival a;

	arrival_plain(&a, -1, &here);
	memory_transport(&a.transport, c->here++);
	if (!engine_accept(c->engine, &a))
		fail("a client was not let in");
}

static void registers(const struct crowd *c, uint32_t n, char text[TEXT])
{
	(void)c;
	snprintf(text, TEXT, "NICK user%u\r\nUSER user 0 * :Somebody\r\n", n);
}

static void joins_small(const struct crowd *c, uint32_t n, char text[TEXT])
{
	snprintf(text, TEXT, "JOIN #channel%u\r\n", n % c->channels);
}

static void joins_room(const struct crowd *c, uint32_t n, char text[TEXT])
{
	(void)c;
	(void)n;
	snprintf(text, TEXT, "JOIN #room\r\n");
}

static void says_small(const struct crowd *c, uint32_t n, char text[TEXT])
{
	snprintf(text, TEXT, "PRIVMSG #channel%u :something that is said in a channel\r\n", n % c->channels);
}

static void says_room(const struct crowd *c, uint32_t n, char text[TEXT])
{
	(void)c;
	(void)n;
	snprintf(text, TEXT, "PRIVMSG #room :something that is said in a channel\r\n");
}

static void quits(const struct crowd *c, uint32_t n, char text[TEXT])
{
	(void)c;
	(void)n;
	snprintf(text, TEXT, "QUIT :going\r\n");
}

static void pings(const struct crowd *c, uint32_t n, char text[TEXT])
{
	(void)c;
	(void)n;
	snprintf(text, TEXT, "PING :a word\r\n");
}

static void come(struct crowd *c, uint32_t count)
{
	while (count > 0) {
		uint32_t from = c->here, some = count < TURN ? count : TURN;

		for (uint32_t i = 0; i < some; i++)
			accept_one(c);
		all_say(c, from, c->here, registers);
		count -= some;
	}
}

/* What the allocator has given out. */
static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

struct stretch {
	int64_t began_us;
	size_t memory;
	struct memory_heard heard;
};

static struct stretch stretch_begin(void)
{
	return (struct stretch){clock_mono_us(), in_use(), memory_heard()};
}

static void report(const struct stretch *s, const char *what, uint32_t count, const char *unit)
{
	double us = (double)(clock_mono_us() - s->began_us);
	double bytes = (double)in_use() - (double)s->memory;
	uint64_t writes = memory_heard().writes - s->heard.writes;

	printf("| %-44s | %9u | %12.3f | %10.1f |", what, count, us / count, bytes / count);
	if (writes)
		printf(" %9.0f ", us * 1000 / (double)writes);
	else
		printf("           ");
	printf("| %s |\n", unit);
	fflush(stdout);
}

static void small_channels(struct crowd *c)
{
	struct stretch s = stretch_begin();

	come(c, c->users);
	report(&s, "register", c->users, "user");
	s = stretch_begin();
	all_say(c, 0, c->users, joins_small);
	report(&s, "join channels of a few", c->users, "membership");
	s = stretch_begin();
	all_say(c, 0, c->users, says_small);
	report(&s, "a message from each to a channel of a few", c->users, "message");
}

static void one_by_one(struct crowd *c, uint32_t from, text_of_fn text_of, const char *what)
{
	struct stretch s = stretch_begin();

	for (uint32_t i = from; i < from + LEFT; i++)
		all_say(c, i, i + 1, text_of);
	report(&s, what, LEFT, "time");
}

/* Filled while it shows nobody, for else each of those who come is told to all who are there. */
static void one_room(struct crowd *c)
{
	struct stretch s;

	all_say(c, 0, 1, joins_room);
	memory_say(0, "MODE #room +u\r\n", 15);
	turn_all(c);
	s = stretch_begin();
	all_say(c, 1, c->room, joins_room);
	report(&s, "join the room while it shows nobody", c->room - 1, "membership");
	memory_say(0, "MODE #room -u\r\n", 15);
	turn_all(c);
	one_by_one(c, c->room, joins_room, "join the room, told to all");
	one_by_one(c, 0, says_room, "a message to the room");
	one_by_one(c, c->room, quits, "quit from the room");
}

static void growth(struct crowd *c)
{
	static const uint32_t sizes[] = {10, 100, 1000, 10000};
	uint32_t at = c->users / 2;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && at + sizes[i] < c->users; i++) {
		uint32_t messages = 2000000 / sizes[i];
		char join[TEXT], what[TEXT], text[TEXT];
		struct stretch s;

		snprintf(join, sizeof(join), "JOIN #grow%u\r\n", sizes[i]);
		for (uint32_t n = at; n < at + sizes[i]; n++) {
			memory_say(n, join, strlen(join));
			if (n % TURN == 0)
				turn_all(c);
		}
		turn_all(c);
		snprintf(text, sizeof(text), "PRIVMSG #grow%u :something that is said in a channel\r\n", sizes[i]);
		s = stretch_begin();
		for (uint32_t n = 0; n < messages; n++) {
			memory_say(at, text, strlen(text));
			turn_all(c);
		}
		snprintf(what, sizeof(what), "messages to a channel of %u", sizes[i]);
		report(&s, what, messages, "message");
		at += sizes[i];
	}
}

/*
 * A long answer to somebody who does not read for a while. What it holds meanwhile is what the server keeps of it; the
 * longest turn is how long it makes others wait.
 */
static void answer(struct crowd *c, uint32_t asker, const char *line)
{
	uint64_t bytes = memory_heard().bytes, before;
	int64_t began, longest = 0, sum = 0;
	size_t memory = in_use(), held;

	memory_deafen(asker, true);
	memory_say(asker, line, strlen(line));
	turn_all(c);
	held = in_use() - memory;
	memory_deafen(asker, false);
	do {
		int64_t us;

		before = memory_heard().bytes;
		began = clock_mono_us();
		(void)loop_turn(c->loop, 0);
		us = clock_mono_us() - began;
		sum += us;
		longest = us > longest ? us : longest;
	} while (memory_heard().bytes > before || memory_busy());
	printf("| %-20.*s | %10.1f | %8.1f | %8.2f | %8.2f |\n", (int)strcspn(line, "\r"), line,
	       (double)(memory_heard().bytes - bytes) / 1024, (double)held / 1024, (double)sum / 1000, (double)longest / 1000);
	fflush(stdout);
}

/* As an operator, who sees all. */
static void answers(struct crowd *c)
{
	uint32_t asker = c->here - 1;

	printf("\n| answer | KiB in all | KiB held | ms | longest turn, ms |\n|---|---:|---:|---:|---:|\n");
	memory_say(asker, "OPER root none\r\n", 16);
	turn_all(c);
	for (uint32_t i = 0; i < c->channels; i++) {
		snprintf(c->text[0], TEXT, "DLINE 10.%u.%u.%u :unwanted\r\n", i >> 16, i >> 8 & 255, i & 255);
		memory_say(asker, c->text[0], strlen(c->text[0]));
		turn_all(c);
	}
	answer(c, asker, "LIST\r\n");
	answer(c, asker, "WHO *\r\n");
	answer(c, asker, "WHO #room\r\n");
	answer(c, asker, "NAMES #room\r\n");
	answer(c, asker, "STATS d\r\n");
}

/* Those who are in no room. */
static void leave(struct crowd *c)
{
	uint32_t count = c->users - c->room - LEFT;
	struct stretch s = stretch_begin();

	all_say(c, c->room + LEFT, c->users, quits);
	report(&s, "quit", count, "quit");
}

/* Two of these, of different numbers, tell what one costs: the rest is the same. */
static void count(struct crowd *c, const char *what, uint32_t times)
{
	if (strcmp(what, "registration") == 0) {
		come(c, times);
		return;
	}
	come(c, 100);
	c->channels = 1;
	all_say(c, 0, 100, joins_small);
	for (uint32_t i = 0; i < times; i++) {
		if (strcmp(what, "line") == 0)
			all_say(c, i % 100, i % 100 + 1, pings);
		else
			all_say(c, i % 100, i % 100 + 1, says_small);
	}
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct crowd c = {.users = 1000000, .channels = 100000, .room = 200000};
	const char *what = NULL;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--users") == 0)
			c.users = number(argv[i + 1]);
		else if (strcmp(argv[i], "--channels") == 0)
			c.channels = number(argv[i + 1]);
		else if (strcmp(argv[i], "--room") == 0)
			c.room = number(argv[i + 1]);
		else if (strcmp(argv[i], "--count") == 0)
			what = argv[i + 1];
		else
			fail("see the head of its source");
	}
	if (!c.channels || c.room + 100 > c.users)
		fail("there must be channels, and more users than the room has");
	begin(&c);
	if (what) {
		count(&c, what, c.users - 100);
		return 0;
	}
	printf("| what | how often | µs each | bytes each | ns a write | each is a |\n|---|---:|---:|---:|---:|---|\n");
	small_channels(&c);
	growth(&c);
	one_room(&c);
	answers(&c);
	leave(&c);
	return 0;
}
