/*
 * bench_bans: what bans and filters cost, in nanoseconds: a message that passes so many filters, an address that is let
 * in, somebody who registers while there are ten thousand bans. Run by hand.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/filters.h"
#include "network/ban.h"
#include "network/network.h"

enum { FILTERS = 20, BANS = 10000, ROUNDS = 200000, SLOW_ROUNDS = 200 };

static void set(struct network *net, enum ban_kind kind, const char *mask)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};

	r.ban.kind = kind;
	r.ban.targets = FILTER_ALL;
	r.ban.mask = str_of(mask);
	network_apply(net, &r, NULL);
}

static void report(const char *what, int64_t began_us, long rounds)
{
	printf("%-44s %8.0f ns\n", what, (double)(clock_mono_us() - began_us) * 1000 / (double)rounds);
}

static void bench_filters(struct network *net, const char *what)
{
	static const char text[] = "has anybody seen how the second half of yesterday's game ended? I had to leave";
	struct filters *f = filters_new(net, NULL);
	unsigned met = 0;
	int64_t began;

	(void)filters_match(f, FILTER_CHANNEL, STR(text));
	began = clock_mono_us();
	for (int i = 0; i < ROUNDS; i++)
		met += filters_match(f, FILTER_CHANNEL, STR(text)) != NULL;
	report(what, began, ROUNDS);
	if (met)
		puts("a filter matched");
	filters_free(f);
}

static void filters(const struct network_config *config)
{
	struct network *net = network_new(config);
	char text[64];

	bench_filters(net, "message, no filter");
	for (int i = 0; i < FILTERS / 2; i++) {
		snprintf(text, sizeof(text), "unwanted%d", i);
		set(net, BAN_FILTER, text);
		snprintf(text, sizeof(text), "/(buy|sell|get)\\s+(cheap|free) \\w+%d/", i);
		set(net, BAN_FILTER, text);
	}
	bench_filters(net, "message, 20 filters (10 words, 10 expressions)");
	network_free(net);
}

static void slow(const struct network_config *config)
{
	struct network *net = network_new(config);
	struct filters *f = filters_new(net, NULL);
	char text[401];
	int64_t began;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 2] = '!';
	text[sizeof(text) - 1] = '\0';
	set(net, BAN_FILTER, "/^(a|aa)+$/");
	(void)filters_match(f, FILTER_CHANNEL, str_of(text));
	began = clock_mono_us();
	for (int i = 0; i < SLOW_ROUNDS; i++)
		(void)filters_match(f, FILTER_CHANNEL, str_of(text));
	report("message, a pattern that is given up", began, SLOW_ROUNDS);
	filters_free(f);
	network_free(net);
}

static void bans(const struct network_config *config)
{
	static const unsigned lengths[] = {16, 22, 24, 28, 32};
	struct network *net = network_new(config);
	const struct ban_subject who = {STR("nick"),        STR("user"), STR("host.example"),
					STR("203.0.113.9"), STR_NONE,    STR("A Person")};
	char text[64];
	struct cidr c;
	unsigned met = 0;
	int64_t began = clock_mono_us();

	for (unsigned i = 0; i < BANS; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.%u/%u", i >> 8 & 255, i & 255, i % 7 * 32, lengths[i % 5]);
		set(net, BAN_ADDRESS, text);
	}
	report("setting a ban of an address", began, BANS);
	(void)cidr_parse(&c, who.address);
	began = clock_mono_us();
	for (int i = 0; i < ROUNDS; i++)
		met += network_ban_address(net, &c) != NULL;
	report("accept, 10,000 bans of addresses", began, ROUNDS);
	for (unsigned i = 0; i < BANS; i++) {
		snprintf(text, sizeof(text), "*!bad%u@*.evil%u.example", i, i);
		set(net, BAN_MASK, text);
	}
	began = clock_mono_us();
	for (int i = 0; i < SLOW_ROUNDS; i++)
		met += network_ban_against(net, &who) != NULL;
	report("registration, 10,000 bans of masks beside", began, SLOW_ROUNDS);
	if (met)
		puts("a ban matched");
	network_free(net);
}

int main(void)
{
	const struct network_config config = {.casemap = CASEMAP_ASCII, .seed = {{1, 2}}};

	filters(&config);
	slow(&config);
	bans(&config);
	return 0;
}
