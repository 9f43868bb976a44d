#include "base/mem.h"
#include "network/apply.h"
#include "network/metadata.h"

/*
 * RECORD_CHANNEL: a registered channel made what the record says. The new state is complete before anything is told;
 * what stood in its place lives on beside it until then, and what is told is the difference of the two.
 */

/* Parameters of the modes told at once: as many as a line has room for, as where a client asks. */
enum { TOLD_BYTES_MAX = 400 };

struct telling {
	const struct apply *a;
	const struct channel *was, *c;
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	uint32_t nops;
	size_t bytes; /* of their parameters */
	char values[CHAN_PARAM_COUNT][CHANNEL_PARAM_MAX];
};

static void tell_modes(struct telling *t)
{
	struct change c = apply_change(t->a, CHANGE_CHANNEL_MODES);

	if (!t->nops)
		return;
	c.channel = t->c;
	c.ops = t->ops;
	c.nops = t->nops;
	apply_tell(t->a, &c);
	t->nops = 0;
	t->bytes = 0;
}

static void add_mode(struct telling *t, bool set, char letter, struct str param)
{
	if (t->nops == RECORD_MODE_OPS_MAX || t->bytes + param.n > TOLD_BYTES_MAX)
		tell_modes(t);
	t->ops[t->nops++] = (struct mode_op){set, letter, 0, param};
	t->bytes += param.n;
}

/* One list unaltered is the same memory in both. */
static bool same_list(const struct channel *was, const struct channel *c, int list)
{
	return was->lists[list].items == c->lists[list].items;
}

/* The masks that one has and the other has not. */
static void add_list(struct telling *t, const struct channel *has, const struct channel *other, char letter, int list)
{
	if (same_list(has, other, list))
		return;
	for (uint32_t i = 0; i < has->lists[list].count; i++) {
		const struct list_entry *e = has->lists[list].items[i];

		if (!state_list_find(t->a->net, other, (enum chan_list)list, str_of(e->mask)))
			add_mode(t, has == t->c, letter, str_of(e->mask));
	}
}

/* memory lives as long as what is told; where the value is in the channel, that does. */
static void add_value(struct telling *t, const struct chan_mode *mode)
{
	enum chan_param which = (enum chan_param)mode->bit;
	char memory[CHANNEL_PARAM_MAX];
	struct str value = channel_param(t->c, which, t->values[which]);

	if (str_eq(value, channel_param(t->was, which, memory)))
		return;
	if (!value.n && which == CHAN_PARAM_KEY)
		add_mode(t, false, mode->letter, STR("*"));
	else
		add_mode(t, value.n > 0, mode->letter, value);
}

static void add_row(struct telling *t, const struct chan_mode *mode)
{
	switch (mode->type) {
	case CHAN_MODE_LIST:
		add_list(t, t->was, t->c, mode->letter, (int)mode->bit);
		add_list(t, t->c, t->was, mode->letter, (int)mode->bit);
		break;
	case CHAN_MODE_PARAM:
	case CHAN_MODE_PARAM_SET:
		add_value(t, mode);
		break;
	case CHAN_MODE_FLAG:
		if ((t->c->flags ^ t->was->flags) & mode->bit)
			add_mode(t, t->c->flags & mode->bit, mode->letter, STR_NONE);
		break;
	case CHAN_MODE_PREFIX:
		break;
	}
}

/* Who set a topic and when is told with the next topic alone, for no message says it. */
static void tell_topic(const struct apply *a, const struct channel *was, const struct channel *now)
{
	struct change c = apply_change(a, CHANGE_TOPIC);

	if (str_eq(str_of(was->topic), str_of(now->topic)))
		return;
	c.channel = now;
	c.text = str_of(now->topic);
	apply_tell(a, &c);
}

/* At a start nobody listens, and a million channels are not compared for nothing. */
static void tell_difference(const struct apply *a, const struct channel *was, const struct channel *c)
{
	struct telling t = {.a = a, .was = was, .c = c};
	size_t n;
	const struct chan_mode *modes = chan_modes(&n);

	if (!a->sink)
		return;
	tell_topic(a, was, c);
	for (size_t i = 0; i < n; i++)
		add_row(&t, &modes[i]);
	tell_modes(&t);
}

/* The next item of that list from *at on that a list can hold; NULL: there is none. */
static const struct list_item *next_item(const struct record *r, int list, uint32_t *at)
{
	while (*at < r->channel.nitems && *at < RECORD_LIST_ITEMS_MAX) {
		const struct list_item *item = &r->channel.items[(*at)++];

		if ((int)item->list == list && item->mask.n)
			return item;
	}
	return NULL;
}

static bool same_entry(const struct list_entry *e, const struct list_item *item)
{
	struct str by = item->by.n ? item->by : STR(STATE_SERVER_ACTOR);

	return str_eq(str_of(e->mask), item->mask) && str_eq(str_of(e->by), by) && e->time == item->time &&
	       e->until == item->until;
}

static bool list_is(const struct vec *entries, const struct record *r, int list)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < entries->count; i++) {
		const struct list_item *item = next_item(r, list, &at);

		if (!item || !same_entry(entries->items[i], item))
			return false;
	}
	return !next_item(r, list, &at);
}

static void set_list(struct channel *c, const struct record *r, int list)
{
	const struct list_item *item;
	uint32_t at = 0;

	if (list_is(&c->lists[list], r, list))
		return;
	c->lists[list] = (struct vec){0};
	while ((item = next_item(r, list, &at)))
		state_list_add(&c->lists[list], item);
}

static void set_text(char **text, struct str s)
{
	if (!str_eq(str_of(*text), s))
		*text = s.n ? mem_strndup(s.p, s.n) : NULL;
}

/* Who spoke lately is forgotten with a value that is altered. */
static void set_params(struct channel *c, struct str params)
{
	char memory[RECORD_PARAMS_MAX];

	if (str_eq(channel_params(c, memory, sizeof(memory)), params))
		return;
	c->extra = NULL;
	state_params_take(c, params);
}

/*
 * What is not altered stays the same memory, and nothing of the old is released: the record may be made of views into
 * this very channel. The name is the same but for how it is written.
 */
static void set_kept(struct channel *c, const struct record *r)
{
	struct str by = r->channel.topic_by.n ? r->channel.topic_by : STR(STATE_SERVER_ACTOR);
	bool topic = r->channel.topic.n > 0;

	set_text(&c->name, r->channel.name);
	c->created = r->channel.created;
	c->flags = r->channel.flags & STATE_CHAN_FLAGS;
	c->limit = r->channel.limit;
	set_text(&c->key, r->channel.key);
	set_text(&c->topic, r->channel.topic);
	set_text(&c->topic_by, topic ? by : STR_NONE);
	c->topic_time = topic ? r->channel.topic_time : 0;
	for (int list = 0; list < CHAN_LIST_COUNT; list++)
		set_list(c, r, list);
	set_params(c, r->channel.params);
}

static void release_text(char *was, const char *now)
{
	if (was != now)
		mem_free(was);
}

static void release_kept(struct channel *was, const struct channel *c)
{
	release_text(was->name, c->name);
	release_text(was->key, c->key);
	release_text(was->topic, c->topic);
	release_text(was->topic_by, c->topic_by);
	if (was->extra != c->extra)
		state_extra_free(was->extra);
	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		if (!same_list(was, c, list))
			state_list_deinit(&was->lists[list]);
	}
}

static void unregister(struct apply *a, struct channel *c)
{
	struct channel was = *c;

	c->flags &= ~(uint32_t)CHAN_REGISTERED;
	state_settings_drop(c);
	tell_difference(a, &was, c);
	state_channel_drop_empty(a->net, c);
}

void apply_kept_channel(struct apply *a)
{
	const struct record *r = a->r;
	struct channel *c = state_channel(a->net, r->channel.name);
	struct channel was;

	if (!a->unchecked || (!c && !state_channel_name_fits(r->channel.name)))
		return;
	if (!(r->channel.flags & CHAN_REGISTERED)) {
		if (c)
			unregister(a, c);
		return;
	}
	if (!c)
		c = state_channel_add(a->net, r->channel.name, 0, r->channel.created);
	was = *c;
	/* What was said of it while nothing of it was kept is not kept either. */
	if (!(c->flags & CHAN_REGISTERED))
		metadata_take(&c->metadata, STR_NONE);
	set_kept(c, r);
	state_list_note_ends(a->net, c);
	tell_difference(a, &was, c);
	release_kept(&was, c);
}
