/*
 * sim [--seed N] [--histories N] [--steps N]: random histories of people who come, talk, move, are slow, vanish, while
 * the server is handed over and started anew; after each step all must be as it has to be. The same seed is the same
 * history: what goes wrong is named with it.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "chatd/engine.h"
#include "check_network.h"
#include "invariant.h"
#include "network/network.h"
#include "town.h"
#include "witness.h"

enum { WITNESSES = 10, KEPT_ONE_IN = 4 };

struct history {
	struct town town;
	struct witness *witnesses; /* WITNESSES */
	uint64_t random;
	uint32_t last_id;
	char state[64]; /* empty: nothing is kept */
};

/* Where it is, for whoever reads what went wrong. */
static struct place {
	uint64_t seed;
	unsigned step;
	const char *doing;
} place;

void broken(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "sim: seed %llu, step %u (%s): ", (unsigned long long)place.seed, place.step, place.doing);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

static void no_log(void *ctx, const struct log_entry *e)
{
	(void)ctx;
	(void)e;
}

/* splitmix64 */
static uint32_t below(struct history *h, uint32_t n)
{
	uint64_t z = h->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) % n);
}

static void come(struct history *h, struct witness *w)
{
	if (w->fd >= 0)
		return;
	witness_begin(w, town_connect(&h->town), ++h->last_id);
	witness_say(w, "NICK n%u", below(h, NICKS));
	if (below(h, 6))
		witness_say(w, "USER user 0 * :Somebody");
}

static void vanish(struct history *h, struct witness *w)
{
	(void)h;
	witness_end(w);
}

static void quit(struct history *h, struct witness *w)
{
	(void)h;
	witness_say(w, "QUIT :enough");
}

static void join(struct history *h, struct witness *w)
{
	witness_say(w, "JOIN #c%u", below(h, CHANNELS));
}

static void part(struct history *h, struct witness *w)
{
	witness_say(w, "PART #c%u :later", below(h, CHANNELS));
}

static void kick(struct history *h, struct witness *w)
{
	witness_say(w, "KICK #c%u n%u :out", below(h, CHANNELS), below(h, NICKS));
}

static void rename_self(struct history *h, struct witness *w)
{
	witness_say(w, "NICK n%u", below(h, NICKS));
}

static void talk(struct history *h, struct witness *w)
{
	uint32_t lines = 1 + below(h, 4);

	while (lines-- > 0)
		witness_say(w, "PRIVMSG #c%u :%u %u", below(h, CHANNELS), w->id, ++w->said);
}

/* Much, so that those who do not read have a queue. */
static void babble(struct history *h, struct witness *w)
{
	unsigned where = below(h, CHANNELS);

	for (int i = 0; i < 60; i++)
		witness_say(w, "PRIVMSG #c%u :%u %u %0200d", where, w->id, ++w->said, 0);
}

static void set_modes(struct history *h, struct witness *w)
{
	static const char *const some[] = {"+m", "-m", "+i", "-i", "+n", "+s", "-s", "+l 4", "-l", "+k key", "-k key"};
	unsigned where = below(h, CHANNELS), who = below(h, NICKS);

	switch (below(h, 4)) {
	case 0:
		witness_say(w, "MODE #c%u %s", where, some[below(h, sizeof(some) / sizeof(some[0]))]);
		break;
	case 1:
		witness_say(w, "MODE #c%u %co n%u", where, below(h, 3) ? '+' : '-', who);
		break;
	case 2:
		witness_say(w, "MODE #c%u %cb n%u!*@*", where, below(h, 3) ? '-' : '+', who);
		break;
	default:
		witness_say(w, "INVITE n%u #c%u", who, where);
	}
}

static void set_topic(struct history *h, struct witness *w)
{
	witness_say(w, "TOPIC #c%u :topic %u", below(h, CHANNELS), below(h, 9));
}

static void be_slow(struct history *h, struct witness *w)
{
	(void)h;
	w->slow = !w->slow;
}

static void half_a_line(struct history *h, struct witness *w)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "AWAY :half %u\r\nPI", below(h, 9));

	if (write(w->fd, text, (size_t)n) == n)
		witness_say(w, "NG :a");
}

static void hand_over(struct history *h, struct witness *w)
{
	(void)w;
	town_hand_over(&h->town);
}

static void reopen(struct history *h, struct witness *w)
{
	(void)w;
	town_settle(&h->town);
	town_reopen(&h->town);
	for (int i = 0; i < WITNESSES; i++)
		witness_end(&h->witnesses[i]);
}

static const struct deed {
	const char *name;
	uint32_t weight;
	void (*run)(struct history *h, struct witness *w);
	bool alone; /* needs nobody */
} deeds[] = {
	{"come", 5, come, true},         {"vanish", 2, vanish, false},      {"quit", 2, quit, false},
	{"join", 40, join, false},       {"part", 4, part, false},          {"kick", 6, kick, false},
	{"nick", 6, rename_self, false}, {"talk", 30, talk, false},         {"babble", 2, babble, false},
	{"modes", 12, set_modes, false}, {"topic", 3, set_topic, false},    {"slow", 4, be_slow, false},
	{"half", 4, half_a_line, false}, {"hand-over", 3, hand_over, true}, {"reopen", 1, reopen, true},
};

enum { DEEDS = sizeof(deeds) / sizeof(deeds[0]) };

static const struct deed *some_deed(struct history *h)
{
	uint32_t sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < DEEDS; k++)
		sum += deeds[k].weight;
	at = below(h, sum);
	while (at >= deeds[i].weight)
		at -= deeds[i++].weight;
	return &deeds[i];
}

/* Registered channels outlive everybody, and the start of another server. */
static void found(struct history *h)
{
	for (int i = 0; i < 2; i++) {
		struct record r = {.type = RECORD_CHANNEL, .flags = RECORD_OVERRIDE};
		char name[16];

		snprintf(name, sizeof(name), "#c%d", i);
		r.channel.name = str_of(name);
		r.channel.flags = CHAN_REGISTERED | CHAN_NO_EXTERNAL;
		invariant(engine_ask(h->town.engine, &r) == REFUSAL_NONE);
	}
}

static void check(struct history *h)
{
	const struct network *net;

	/* What one reads may let another one's answer go on. */
	for (int round = 0; round < 3; round++) {
		town_settle(&h->town);
		for (int i = 0; i < WITNESSES; i++)
			witness_read(&h->witnesses[i]);
	}
	net = engine_view(h->town.engine).net;
	check_network(net);
	for (uint32_t i = 0; i < network_users(net)->count; i++)
		invariant(((const struct user *)network_users(net)->items[i])->sessions);
	for (int i = 0; i < WITNESSES; i++)
		witness_check(&h->witnesses[i], net);
}

static void step(struct history *h)
{
	const struct deed *d = some_deed(h);
	struct witness *w = &h->witnesses[below(h, WITNESSES)];

	place.doing = d->name;
	/* A nick that was taken, or half of a registration, is tried again. */
	if (w->fd < 0 && below(h, 3))
		come(h, w);
	else if (w->fd >= 0 && w->nick < 0 && below(h, 2))
		witness_say(w, "NICK n%u\r\nUSER user 0 * :Somebody", below(h, NICKS));
	if (d->alone || w->fd >= 0)
		d->run(h, w);
	/* Not after each: what comes together is another case. */
	if (below(h, 3))
		check(h);
}

static void remove_state(struct history *h)
{
	char command[128];

	if (!h->state[0])
		return;
	snprintf(command, sizeof(command), "rm -rf %s", h->state);
	invariant(system(command) == 0);
}

static void run(uint64_t seed, unsigned steps)
{
	struct history h = {.random = seed, .witnesses = calloc(WITNESSES, sizeof(*h.witnesses))};

	place = (struct place){seed, 0, "beginning"};
	invariant(h.witnesses);
	for (int i = 0; i < WITNESSES; i++)
		witness_begin(&h.witnesses[i], -1, 0);
	if (below(&h, KEPT_ONE_IN) == 0) {
		snprintf(h.state, sizeof(h.state), "/tmp/chatd-sim.XXXXXX");
		invariant(mkdtemp(h.state));
	}
	town_begin(&h.town, h.state[0] ? h.state : NULL);
	found(&h);
	for (place.step = 1; place.step <= steps; place.step++)
		step(&h);
	check(&h);
	for (int i = 0; i < WITNESSES; i++)
		witness_end(&h.witnesses[i]);
	place.doing = "ending";
	town_settle(&h.town);
	check_network(engine_view(h.town.engine).net);
	invariant(network_users(engine_view(h.town.engine).net)->count == 0);
	town_end(&h.town);
	remove_state(&h);
	free(h.witnesses);
}

/* One in which nothing happens says nothing. */
static int summary(unsigned histories, unsigned steps, uint64_t seed)
{
	struct witnessed w = witnessed();

	printf("%u histories of %u steps, from seed %llu on: heard %llu joins, %llu parts and kicks, %llu nicks, %llu "
	       "quits, "
	       "%llu messages, and %llu ends\n",
	       histories, steps, (unsigned long long)seed, (unsigned long long)w.joins, (unsigned long long)w.leavings,
	       (unsigned long long)w.nicks, (unsigned long long)w.quits, (unsigned long long)w.messages,
	       (unsigned long long)w.ends);
	return w.joins > histories && w.leavings && w.nicks && w.quits && w.messages > histories && w.ends ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	unsigned histories = 1000, steps = 150;

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long long n = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			seed = n;
		else if (strcmp(argv[i], "--histories") == 0)
			histories = (unsigned)n;
		else if (strcmp(argv[i], "--steps") == 0)
			steps = (unsigned)n;
	}
	signal(SIGPIPE, SIG_IGN);
	unsetenv("STATE_DIRECTORY");
	log_set_sink(no_log, NULL);
	for (unsigned i = 0; i < histories; i++)
		run(seed + i, steps);
	return summary(histories, steps, seed);
}
