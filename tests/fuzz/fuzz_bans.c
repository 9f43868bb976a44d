#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "command/ban_order.h"
#include "command/filters.h"
#include "network/ban.h"
#include "network/network.h"
#include "proto/cidr.h"

/* Targets and orders of bans, and patterns of filters with texts for them: words of an operator, texts of strangers. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024, WORDS_MAX = 15 };

/* A network of addresses is the same when it is read again, and contains itself. */
static void check_cidr(struct str text)
{
	char shown[CIDR_TEXT_MAX], again[CIDR_TEXT_MAX];
	struct cidr c, d;

	if (!cidr_parse(&c, text))
		return;
	cidr_format(&c, shown);
	CHECK(shown[0] != ':' && cidr_parse(&d, str_of(shown)));
	cidr_format(&d, again);
	CHECK(strcmp(shown, again) == 0 && c.bits == d.bits && cidr_contains(&c, &d));
}

/* What is taken for a target is the same when it is taken once more, where the form says no more than the text. */
static void check_target(const char *text)
{
	struct ban_order o = {0}, p = {0};

	if (ban_target_parse(&o, BAN_FORM_ANY, text) || (o.kind != BAN_ADDRESS && o.kind != BAN_MASK))
		return;
	CHECK(o.mask[0] && !strchr(o.mask, ' '));
	CHECK(!ban_target_parse(&p, BAN_FORM_ANY, o.mask));
	CHECK(o.kind == p.kind && strcmp(o.mask, p.mask) == 0);
}

static void check_order(char *line)
{
	const char *words[WORDS_MAX];
	struct ban_order o = {0};
	size_t n = 0;

	for (char *rest = line, *word; n < WORDS_MAX && (word = strsep(&rest, " "));)
		words[n++] = word;
	if (!ban_order_parse(&o, BAN_FORM_ANY, words, n))
		CHECK(o.mask[0] && o.duration_ms >= 0 && o.kind < BAN_FILTER);
}

static void check_filter(struct str pattern, struct str text)
{
	const struct network_config config = {.casemap = CASEMAP_ASCII};
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};
	char why[128];
	struct network *net;
	struct filters *f;
	const struct ban *b;

	if (filter_pattern_check(pattern, why))
		return;
	net = network_new(&config);
	r.ban.kind = BAN_FILTER;
	r.ban.targets = FILTER_ALL;
	r.ban.mask = pattern;
	network_apply(net, &r, NULL);
	f = filters_new(net, NULL);
	b = filters_match(f, FILTER_CHANNEL, text);
	CHECK(!b || str_eq(str_of(b->mask), pattern));
	filters_free(f);
	network_free(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[INPUT_MAX + 1], *second;

	if (size > INPUT_MAX || memchr(data, '\0', size))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_cidr(str_of(text));
	check_target(text);
	second = strchr(text, '\n');
	if (second) {
		*second++ = '\0';
		check_filter(str_of(text), str_of(second));
	}
	check_order(text);
	return 0;
}
