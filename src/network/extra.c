#include <string.h>

#include "base/mem.h"
#include "network/rules.h"
#include "network/state.h"

/* Of one channel; the oldest is forgotten for one more. */
enum { RECENT_MAX = 256, KNOCKS_MAX = 16, KNOCK_MS = 5 * 60 * 1000 };

static struct channel_extra *extra_of(struct channel *c)
{
	if (!c->extra)
		c->extra = mem_zalloc(sizeof(*c->extra));
	return c->extra;
}

void state_extra_free(struct channel_extra *x)
{
	if (!x)
		return;
	mem_free(x->forward);
	mem_free(x->spoke.items);
	mem_free(x->knocked.items);
	mem_free(x);
}

static struct str show(const struct buf *b)
{
	return b->full ? STR_NONE : buf_view(b);
}

static void show_pace(struct buf *out, const struct pace *p)
{
	if (p->count)
		buf_fmt(out, "%u:%u", p->count, p->seconds);
}

struct str channel_param(const struct channel *c, enum chan_param which, char memory[CHANNEL_PARAM_MAX])
{
	const struct channel_extra *x = c->extra;
	struct buf b;

	buf_init(&b, memory, CHANNEL_PARAM_MAX);
	if (which == CHAN_PARAM_KEY)
		return str_of(c->key);
	if (which == CHAN_PARAM_LIMIT && c->limit)
		buf_u64(&b, c->limit);
	if (!x)
		return show(&b);
	if (which == CHAN_PARAM_FORWARD)
		return str_of(x->forward);
	if (which == CHAN_PARAM_FLOOD)
		show_pace(&b, &x->flood);
	else if (which == CHAN_PARAM_JOINS)
		show_pace(&b, &x->joins);
	else if (which == CHAN_PARAM_SLOW && x->slow)
		buf_u64(&b, x->slow);
	else if (which == CHAN_PARAM_HISTORY)
		buf_cstr(&b, chan_history_name(x->history));
	return show(&b);
}

static void set_text(char **at, struct str value)
{
	mem_free(*at);
	*at = value.n ? mem_strndup(value.p, value.n) : NULL;
}

static void set_pace(struct pace *p, struct str value)
{
	if (!value.n || !chan_pace_parse(value, p))
		*p = (struct pace){0};
}

static void set_number(uint32_t *at, struct str value)
{
	unsigned long long n = 0;

	*at = value.n && str_u64(value, UINT32_MAX, &n) ? (uint32_t)n : 0;
}

bool state_param_set(struct channel *c, enum chan_param which, struct str value)
{
	char memory[CHANNEL_PARAM_MAX], whole[NETWORK_TEXT_MAX];
	struct buf b;

	buf_init(&b, whole, sizeof(whole));
	if (value.n && (!chan_param_normalise(&b, which, value) || b.full))
		return false;
	value = buf_view(&b);
	if (str_eq(channel_param(c, which, memory), value))
		return false;
	if (which == CHAN_PARAM_KEY)
		set_text(&c->key, value);
	else if (which == CHAN_PARAM_LIMIT)
		set_number(&c->limit, value);
	else if (which == CHAN_PARAM_FORWARD)
		set_text(&extra_of(c)->forward, value);
	else if (which == CHAN_PARAM_FLOOD)
		set_pace(&extra_of(c)->flood, value);
	else if (which == CHAN_PARAM_JOINS)
		set_pace(&extra_of(c)->joins, value);
	else if (which == CHAN_PARAM_SLOW)
		set_number(&extra_of(c)->slow, value);
	else
		extra_of(c)->history = chan_history_parse(value);
	return true;
}

struct str channel_params(const struct channel *c, char *memory, size_t size)
{
	char one[CHANNEL_PARAM_MAX];
	size_t count;
	const struct chan_mode *modes = chan_modes(&count);
	struct buf b;

	buf_init(&b, memory, size);
	for (size_t i = 0; c->extra && i < count; i++) {
		struct str value;

		if (!chan_mode_takes_value(&modes[i]) || modes[i].bit <= CHAN_PARAM_LIMIT)
			continue;
		value = channel_param(c, (enum chan_param)modes[i].bit, one);
		if (!value.n)
			continue;
		if (b.n)
			buf_chr(&b, ' ');
		buf_chr(&b, modes[i].letter);
		buf_str(&b, value);
	}
	return show(&b);
}

void state_params_take(struct channel *c, struct str params)
{
	struct str word;

	while (params.n && str_split(&params, ' ', &word)) {
		const struct chan_mode *mode = word.n > 1 ? chan_mode_find(word.p[0]) : NULL;

		if (mode && chan_mode_takes_value(mode) && mode->bit > CHAN_PARAM_LIMIT)
			state_param_set(c, (enum chan_param)mode->bit, (struct str){word.p + 1, word.n - 1});
	}
}

/* A clock that was set back holds nobody up. */
static bool is_over(int64_t since, int64_t now, int64_t ms)
{
	return now < since || now - since >= ms;
}

/* Those whose time is over are in front; there is room for one more afterwards. */
static void recent_forget(struct recent *r, int64_t now, int64_t ms, uint32_t max)
{
	uint32_t gone = 0;

	while (gone < r->count && (is_over(r->items[gone].last, now, ms) || r->count - gone >= max))
		gone++;
	r->count -= gone;
	if (gone)
		memmove(r->items, r->items + gone, r->count * sizeof(*r->items));
}

static struct recent_one *recent_find(const struct recent *r, uint64_t user)
{
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->items[i].user == user)
			return &r->items[i];
	}
	return NULL;
}

void state_recent_add(struct recent *r, const struct recent_one *one)
{
	struct recent_one *was = recent_find(r, one->user);
	struct recent_one copy = *one;

	if (was) {
		uint32_t at = (uint32_t)(was - r->items);

		memmove(was, was + 1, (r->count - at - 1) * sizeof(*was));
		r->count--;
	} else {
		r->items = mem_realloc(r->items, (r->count + 1) * sizeof(*r->items));
	}
	r->items[r->count++] = copy;
}

enum refusal state_pace_speak(struct channel *c, const struct user *u, int64_t now, uint32_t lines)
{
	struct channel_extra *x = c->extra;
	struct recent_one one = {u->id, now, now, 0};
	const struct recent_one *was;
	uint32_t seconds;

	if (!x || !(x->slow || x->flood.count) || rule_has_rank(network_member(c, u), RANK_VOICE))
		return REFUSAL_NONE;
	was = recent_find(&x->spoke, u->id);
	if (was && x->slow && !is_over(was->last, now, (int64_t)x->slow * 1000))
		return REFUSAL_SLOW;
	if (was && x->flood.count && !is_over(was->from, now, (int64_t)x->flood.seconds * 1000)) {
		one.from = was->from;
		one.count = was->count;
	}
	if (x->flood.count && one.count + lines > x->flood.count)
		return REFUSAL_FLOOD;
	one.count += lines;
	seconds = x->slow > x->flood.seconds ? x->slow : x->flood.seconds;
	recent_forget(&x->spoke, now, (int64_t)seconds * 1000, RECENT_MAX);
	state_recent_add(&x->spoke, &one);
	return REFUSAL_NONE;
}

enum refusal state_pace_knock(struct channel *c, const struct user *u, int64_t now)
{
	struct channel_extra *x = extra_of(c);

	recent_forget(&x->knocked, now, KNOCK_MS, UINT32_MAX);
	if (x->knocked.count >= KNOCKS_MAX || recent_find(&x->knocked, u->id))
		return REFUSAL_KNOCKED;
	state_recent_add(&x->knocked, &(struct recent_one){u->id, now, now, 1});
	return REFUSAL_NONE;
}

enum refusal state_pace_join(const struct channel *c, int64_t now)
{
	const struct channel_extra *x = c->extra;

	if (!x || !x->joins.count || is_over(x->joins_from, now, (int64_t)x->joins.seconds * 1000))
		return REFUSAL_NONE;
	return x->joins_count < x->joins.count ? REFUSAL_NONE : REFUSAL_JOINS;
}

void state_pace_joined(struct channel *c, int64_t now)
{
	struct channel_extra *x = c->extra;

	if (!x || !x->joins.count)
		return;
	if (!x->joins_count || is_over(x->joins_from, now, (int64_t)x->joins.seconds * 1000)) {
		x->joins_from = now;
		x->joins_count = 0;
	}
	x->joins_count++;
}
