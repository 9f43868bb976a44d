#include "network/network.h"

#include "base/mem.h"
#include "network/state.h"

static struct str key_of_id(const void *item)
{
	const struct user *u = item;

	return (struct str){(const char *)&u->id, sizeof(u->id)};
}

static struct str key_of_nick(const void *item)
{
	return user_str(item, USER_NICK_FOLDED);
}

static struct str key_of_channel(const void *item)
{
	return str_of(((const struct channel *)item)->folded);
}

static void begin(struct network *net, const struct network_config *config)
{
	*net = (struct network){.config = *config};
	map_init(&net->users_by_id, key_of_id, &config->seed);
	map_init(&net->users_by_nick, key_of_nick, &config->seed);
	map_init(&net->channels_by_name, key_of_channel, &config->seed);
	state_accounts_init(net);
	state_bans_init(net);
	if (config->whowas_max)
		/* It is an array of pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
		net->whowas = mem_zalloc(config->whowas_max * sizeof(*net->whowas));
}

struct network *network_new(const struct network_config *config)
{
	struct network *net = mem_alloc(sizeof(*net));

	begin(net, config);
	return net;
}

static void end(struct network *net)
{
	for (uint32_t i = 0; i < net->channels.count; i++)
		state_channel_free(net->channels.items[i]);
	for (uint32_t i = 0; i < net->users.count; i++)
		state_user_free(net->users.items[i]);
	state_whowas_deinit(net);
	state_accounts_deinit(net);
	state_bans_deinit(net);
	vec_deinit(&net->channels);
	vec_deinit(&net->timed);
	vec_deinit(&net->users);
	vec_deinit(&net->opers);
	map_deinit(&net->channels_by_name);
	map_deinit(&net->users_by_nick);
	map_deinit(&net->users_by_id);
}

void network_free(struct network *net)
{
	if (!net)
		return;
	end(net);
	mem_free(net);
}

void state_clear(struct network *net)
{
	const struct network_config config = net->config;

	end(net);
	begin(net, &config);
}

void network_user_set_sessions(struct network *net, uint64_t id, void *sessions)
{
	struct user *u = state_user(net, id);

	if (u)
		u->sessions = sessions;
}

enum casemap network_casemap(const struct network *net)
{
	return net->config.casemap;
}

struct user *state_user(const struct network *net, uint64_t id)
{
	return map_get(&net->users_by_id, (struct str){(const char *)&id, sizeof(id)});
}

static void *get_folded(const struct network *net, const struct map *map, struct str name)
{
	BUF_MEMORY char folded[NETWORK_FOLDED_MAX];

	return name.n <= NETWORK_TEXT_MAX ? map_get(map, casemap_fold(net->config.casemap, folded, name)) : NULL;
}

struct user *state_user_by_nick(const struct network *net, struct str nick)
{
	return get_folded(net, &net->users_by_nick, nick);
}

struct channel *state_channel(const struct network *net, struct str name)
{
	return get_folded(net, &net->channels_by_name, name);
}

struct account *state_account(const struct network *net, struct str name)
{
	return get_folded(net, &net->accounts_by_name, name);
}

const struct account *network_account(const struct network *net, struct str name)
{
	return state_account(net, name);
}

const struct account *network_account_of_nick(const struct network *net, struct str nick)
{
	const struct account *a = state_account(net, nick);
	const struct account_key *grouped = a ? NULL : get_folded(net, &net->accounts_by_nick, nick);

	return grouped ? grouped->account : a;
}

const struct account *network_account_of_cert(const struct network *net, struct str certfp)
{
	const struct account_key *key = map_get(&net->accounts_by_cert, certfp);

	return key ? key->account : NULL;
}

const struct vec *network_accounts(const struct network *net)
{
	return &net->accounts;
}

const struct user *network_user(const struct network *net, uint64_t id)
{
	return state_user(net, id);
}

const struct user *network_user_by_nick(const struct network *net, struct str nick)
{
	return state_user_by_nick(net, nick);
}

const struct channel *network_channel(const struct network *net, struct str name)
{
	return state_channel(net, name);
}

static const struct member *member_of_user(const struct channel *c, const struct user *u)
{
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		if (m->channel == c)
			return m;
	}
	return NULL;
}

const struct member *network_member(const struct channel *c, const struct user *u)
{
	if (u->memberships.count <= c->members.count)
		return member_of_user(c, u);
	for (uint32_t i = 0; i < c->members.count; i++) {
		if (channel_member(c, i)->user == u)
			return channel_member(c, i);
	}
	return NULL;
}

const struct vec *network_users(const struct network *net)
{
	return &net->users;
}

const struct vec *network_opers(const struct network *net)
{
	return &net->opers;
}

const struct vec *network_channels(const struct network *net)
{
	return &net->channels;
}

void network_channel_record(const struct channel *c, struct record *out, struct record_room *room)
{
	uint32_t n = 0;

	*out = (struct record){.type = RECORD_CHANNEL};
	out->channel.name = str_of(c->name);
	out->channel.created = c->created;
	out->channel.flags = c->flags;
	out->channel.limit = c->limit;
	out->channel.key = str_of(c->key);
	out->channel.topic = str_of(c->topic);
	out->channel.topic_by = str_of(c->topic_by);
	out->channel.topic_time = c->topic_time;
	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 0; i < c->lists[list].count; i++) {
			const struct list_entry *e = c->lists[list].items[i];

			room->items[n++] = (struct list_item){(enum chan_list)list, str_of(e->mask), str_of(e->by),
							      e->time, e->until};
		}
	}
	out->channel.items = room->items;
	out->channel.nitems = n;
	out->channel.params = channel_params(c, room->params, sizeof(room->params));
}

struct network_counts network_counts(const struct network *net)
{
	return net->counts;
}
