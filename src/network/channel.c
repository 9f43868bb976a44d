#include <string.h>

#include "base/mem.h"
#include "network/metadata.h"
#include "network/state.h"

bool state_channel_name_fits(struct str name)
{
	return name.n > 0 && name.n <= NETWORK_TEXT_MAX;
}

static char *folded_copy(const struct network *net, struct str name)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX];
	struct str folded = casemap_fold(net->config.casemap, memory, name);

	return mem_strndup(folded.p, folded.n);
}

struct channel *state_channel_add(struct network *net, struct str name, uint32_t flags, int64_t time)
{
	struct channel *c = mem_zalloc(sizeof(*c));

	c->id = ++net->channel_id;
	c->name = mem_strndup(name.p, name.n);
	c->folded = folded_copy(net, name);
	c->flags = flags;
	c->created = time;
	map_put(&net->channels_by_name, c);
	c->at = vec_push(&net->channels, c);
	net->counts.channels++;
	return c;
}

char *state_channel_rename(struct network *net, struct channel *c, struct str name)
{
	char *was = c->name;

	map_del(&net->channels_by_name, str_of(c->folded));
	mem_free(c->folded);
	c->name = mem_strndup(name.p, name.n);
	c->folded = folded_copy(net, name);
	map_put(&net->channels_by_name, c);
	return was;
}

void state_list_entry_free(struct list_entry *e)
{
	if (!e)
		return;
	mem_free(e->mask);
	mem_free(e->by);
	mem_free(e);
}

void state_list_deinit(struct vec *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		state_list_entry_free(list->items[i]);
	vec_deinit(list);
}

/* The members must be gone, or go with the whole network. */
void state_channel_free(struct channel *c)
{
	for (int list = 0; list < CHAN_LIST_COUNT; list++)
		state_list_deinit(&c->lists[list]);
	for (uint32_t i = 0; i < c->members.count; i++)
		mem_free(c->members.items[i]);
	vec_deinit(&c->members);
	mem_free(c->name);
	mem_free(c->folded);
	mem_free(c->key);
	mem_free(c->metadata);
	state_settings_drop(c);
	state_extra_free(c->extra);
	mem_free(c->topic);
	mem_free(c->topic_by);
	mem_free(c);
}

static void leave_timed(struct network *net, struct channel *c)
{
	struct channel *moved;

	if (!c->timed_at)
		return;
	moved = vec_remove(&net->timed, c->timed_at - 1);
	if (moved)
		moved->timed_at = c->timed_at;
	c->timed_at = 0;
}

void state_list_note_ends(struct network *net, struct channel *c)
{
	if (!network_list_end(c))
		leave_timed(net, c);
	else if (!c->timed_at)
		c->timed_at = vec_push(&net->timed, c) + 1;
}

const struct vec *network_timed(const struct network *net)
{
	return &net->timed;
}

int64_t network_list_end(const struct channel *c)
{
	int64_t first = 0;

	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 0; i < c->lists[list].count; i++) {
			int64_t until = ((const struct list_entry *)c->lists[list].items[i])->until;

			if (until && (!first || until < first))
				first = until;
		}
	}
	return first;
}

int64_t network_lists_end(const struct network *net)
{
	int64_t first = 0;

	for (uint32_t i = 0; i < net->timed.count; i++) {
		int64_t until = network_list_end(net->timed.items[i]);

		if (until && (!first || until < first))
			first = until;
	}
	return first;
}

static char list_letter(int list)
{
	size_t count;
	const struct chan_mode *modes = chan_modes(&count);

	for (size_t i = 0; i < count; i++) {
		if (modes[i].type == CHAN_MODE_LIST && (int)modes[i].bit == list)
			return modes[i].letter;
	}
	return 'b';
}

uint32_t network_list_over(const struct channel *c, int64_t now, struct mode_op ops[RECORD_MODE_OPS_MAX])
{
	uint32_t n = 0;

	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 0; i < c->lists[list].count && n < RECORD_MODE_OPS_MAX; i++) {
			const struct list_entry *e = c->lists[list].items[i];

			if (e->until && e->until <= now)
				ops[n++] = (struct mode_op){.letter = list_letter(list), .param = str_of(e->mask)};
		}
	}
	return n;
}

void state_channel_drop_empty(struct network *net, struct channel *c)
{
	struct channel *moved;

	if (c->members.count || (c->flags & CHAN_REGISTERED))
		return;
	leave_timed(net, c);
	map_del(&net->channels_by_name, str_of(c->folded));
	moved = vec_remove(&net->channels, c->at);
	if (moved)
		moved->at = c->at;
	net->counts.channels--;
	state_channel_free(c);
}

struct member *state_member_add(struct channel *c, struct user *u, uint8_t rank)
{
	struct member *m = mem_zalloc(sizeof(*m));

	m->user = u;
	m->channel = c;
	m->rank = rank;
	m->at_channel = vec_push(&c->members, m);
	m->at_user = (uint16_t)vec_push(&u->memberships, m);
	return m;
}

void state_member_remove(struct network *net, struct member *m)
{
	struct channel *c = m->channel;
	struct member *moved = vec_remove(&c->members, m->at_channel);

	if (moved)
		moved->at_channel = m->at_channel;
	moved = vec_remove(&m->user->memberships, m->at_user);
	if (moved)
		moved->at_user = m->at_user;
	mem_free(m);
	state_channel_drop_empty(net, c);
}

struct list_entry *state_list_find(const struct network *net, const struct channel *c, enum chan_list list,
				   struct str mask)
{
	for (uint32_t i = 0; i < c->lists[list].count; i++) {
		struct list_entry *e = c->lists[list].items[i];

		if (casemap_eq(net->config.casemap, str_of(e->mask), mask))
			return e;
	}
	return NULL;
}

void state_list_add(struct vec *list, const struct list_item *item)
{
	struct list_entry *e = mem_alloc(sizeof(*e));

	e->mask = mem_strndup(item->mask.p, item->mask.n);
	e->by = item->by.n ? mem_strndup(item->by.p, item->by.n) : mem_strdup(STATE_SERVER_ACTOR);
	e->time = item->time;
	e->until = item->until;
	vec_push(list, e);
}

/* Oldest first must stay true, so the rest moves down, and the last place is what vec_remove takes. */
void state_list_take(struct channel *c, enum chan_list list, const struct list_entry *e)
{
	struct vec *v = &c->lists[list];
	uint32_t at = 0;

	while (v->items[at] != e)
		at++;
	memmove(v->items + at, v->items + at + 1, (v->count - at - 1) * sizeof(*v->items));
	vec_remove(v, v->count - 1);
}

uint32_t state_list_entries(const struct channel *c)
{
	uint32_t n = 0;

	for (int list = 0; list < CHAN_LIST_COUNT; list++)
		n += c->lists[list].count;
	return n;
}
