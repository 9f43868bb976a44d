#include "network/access.h"

#include <string.h>

#include "base/mem.h"
#include "network/state.h"

/* A channel that somebody has a rank in. */
struct access {
	struct vec accounts;
	char folded[];
};

static struct str key_of_access(const void *item)
{
	return str_of(((const struct access *)item)->folded);
}

void state_access_init(struct network *net)
{
	map_init(&net->accounts_by_channel, key_of_access, &net->config.seed);
}

static void access_free(struct access *x)
{
	vec_deinit(&x->accounts);
	mem_free(x);
}

void state_access_deinit(struct network *net)
{
	uint32_t at = 0;
	struct access *x;

	while ((x = map_next(&net->accounts_by_channel, &at)))
		access_free(x);
	map_deinit(&net->accounts_by_channel);
}

bool access_parse(struct str text, struct str *channel, uint8_t *rank)
{
	const struct chan_mode *mode;

	if (text.n < 4 || text.p[0] != '#' || text.p[text.n - 2] != ' ')
		return false;
	mode = chan_mode_find(text.p[text.n - 1]);
	if (!mode || mode->type != CHAN_MODE_PREFIX)
		return false;
	*channel = (struct str){text.p, text.n - 2};
	*rank = (uint8_t)mode->bit;
	return true;
}

static struct str fold(const struct network *net, char memory[NETWORK_FOLDED_MAX], struct str name)
{
	return casemap_fold(net->config.casemap, memory, name);
}

static struct access *find(const struct network *net, struct str channel)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX];

	return channel.n <= NETWORK_TEXT_MAX ? map_get(&net->accounts_by_channel, fold(net, memory, channel)) : NULL;
}

static bool is_listed(const struct access *x, const struct account *a, uint32_t *at)
{
	for (*at = 0; *at < x->accounts.count; ++*at)
		if (x->accounts.items[*at] == a)
			return true;
	return false;
}

void state_access_add(struct network *net, struct account *a, struct str text)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX];
	struct str channel;
	struct access *x;
	uint8_t rank;
	uint32_t at;

	if (!access_parse(text, &channel, &rank))
		return;
	x = find(net, channel);
	if (!x) {
		channel = fold(net, memory, channel);
		x = mem_zalloc(sizeof(*x) + channel.n + 1);
		memcpy(x->folded, channel.p, channel.n);
		map_put(&net->accounts_by_channel, x);
	}
	if (!is_listed(x, a, &at))
		vec_push(&x->accounts, a);
}

void state_access_drop(struct network *net, const struct account *a, struct str text)
{
	struct str channel;
	struct access *x;
	uint8_t rank;
	uint32_t at;

	if (!access_parse(text, &channel, &rank))
		return;
	x = find(net, channel);
	if (!x || !is_listed(x, a, &at))
		return;
	vec_remove(&x->accounts, at);
	if (x->accounts.count)
		return;
	map_del(&net->accounts_by_channel, str_of(x->folded));
	access_free(x);
}

uint8_t network_access(const struct network *net, const struct account *a, struct str channel)
{
	uint8_t rank, best = 0;
	struct str name;

	for (uint32_t i = 0; a && i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind != ACCOUNT_CHANNEL || !access_parse(str_of(item->text), &name, &rank))
			continue;
		if (rank > best && casemap_eq(net->config.casemap, name, channel))
			best = rank;
	}
	return best;
}

const struct vec *network_access_list(const struct network *net, struct str channel)
{
	const struct access *x = find(net, channel);

	return x ? &x->accounts : NULL;
}

const struct account *network_founder(const struct network *net, struct str channel)
{
	const struct vec *list = network_access_list(net, channel);

	for (uint32_t i = 0; list && i < list->count; i++)
		if (network_access(net, list->items[i], channel) == RANK_OWNER)
			return list->items[i];
	return NULL;
}
