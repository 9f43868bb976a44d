#include <string.h>

#include "base/mem.h"
#include "command/answers.h"
#include "command/cursor.h"
#include "command/families.h"
#include "command/names.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/mask.h"

enum {
	LIST_MASKS_MAX = 64,
	LIST_LINE_MAX = 2 * LINE_BODY_MAX, /* both parameters */
	MINUTE_MS = 60 * 1000,
	LIST_MINUTES_MAX = 100 * 366 * 24 * 60,
	NAMES_MAX = LINE_BODY_MAX, /* more than a line can hold */
	COST_NAMES_MORE = 1000,    /* thousandths of a token, for each channel but the first */
};

/* What ELIST=CMNTU of modern.ircdocs.horse offers; all conditions must hold, of the plain masks one. */
struct list_filter {
	int64_t users_above, users_below;      /* exclusive */
	int64_t created_after, created_before; /* ms since 1970, exclusive */
	int64_t topic_after, topic_before;
	struct str wanted[LIST_MASKS_MAX], unwanted[LIST_MASKS_MAX];
	uint32_t nwanted, nunwanted;
	bool topic;               /* only channels with one */
	bool nothing;             /* a condition that makes no sense */
	bool wildcard;            /* one of the wanted is a mask */
	bool too_many;            /* some masks were left out */
	char text[LIST_LINE_MAX]; /* what the masks point into */
	size_t used;
};

struct list {
	struct stream st;
	const struct network *net;
	struct list_filter filter;
	struct cursor channels;
};

static struct str filter_keep(struct list_filter *f, struct str term)
{
	char *at = f->text + f->used;

	if (term.n > sizeof(f->text) - f->used)
		return STR_NONE;
	memcpy(at, term.p, term.n);
	f->used += term.n;
	return (struct str){at, term.n};
}

static void filter_mask(struct list_filter *f, struct str mask, bool wanted)
{
	uint32_t *count = wanted ? &f->nwanted : &f->nunwanted;

	if (*count == LIST_MASKS_MAX || mask.n == 0) {
		f->too_many |= mask.n > 0;
		f->nothing |= mask.n == 0;
		return;
	}
	if (wanted)
		f->wanted[*count] = filter_keep(f, mask);
	else
		f->unwanted[*count] = filter_keep(f, mask);
	(*count)++;
}

static void at_least(int64_t *bound, int64_t value)
{
	if (value > *bound)
		*bound = value;
}

static void at_most(int64_t *bound, int64_t value)
{
	if (value < *bound)
		*bound = value;
}

/* "C>10": made more than ten minutes ago; "T<10": topic set less than ten minutes ago. */
static void filter_age(struct list_filter *f, struct str term, int64_t now)
{
	bool topic = term.p[0] == 'T' || term.p[0] == 't';
	bool older = term.p[1] == '>';
	unsigned long long minutes;
	int64_t then;

	if (!str_u64((struct str){term.p + 2, term.n - 2}, LIST_MINUTES_MAX, &minutes)) {
		f->nothing = true;
		return;
	}
	then = now - (int64_t)minutes * MINUTE_MS;
	f->topic |= topic;
	if (older)
		at_most(topic ? &f->topic_before : &f->created_before, then);
	else
		at_least(topic ? &f->topic_after : &f->created_after, then);
}

static void filter_users(struct list_filter *f, struct str term)
{
	unsigned long long users;

	if (!str_u64((struct str){term.p + 1, term.n - 1}, UINT32_MAX, &users))
		f->nothing = true;
	else if (term.p[0] == '>')
		at_least(&f->users_above, (int64_t)users);
	else
		at_most(&f->users_below, (int64_t)users);
}

static bool is_age(struct str term)
{
	return term.n > 2 && strchr("CcTt", term.p[0]) && (term.p[1] == '<' || term.p[1] == '>');
}

static void filter_term(struct list_filter *f, struct str term, int64_t now)
{
	if (is_age(term)) {
		filter_age(f, term, now);
	} else if (term.p[0] == '<' || term.p[0] == '>') {
		filter_users(f, term);
	} else if (term.p[0] == '!') {
		filter_mask(f, (struct str){term.p + 1, term.n - 1}, false);
	} else {
		f->wildcard |= memchr(term.p, '*', term.n) || memchr(term.p, '?', term.n);
		filter_mask(f, term, true);
	}
}

static void filter_init(struct list_filter *f)
{
	f->users_above = f->created_after = f->topic_after = INT64_MIN;
	f->users_below = f->created_before = f->topic_before = INT64_MAX;
}

static void filter_parse(struct list_filter *f, const char *text, int64_t now)
{
	struct str rest = str_of(text), term;

	while (str_split(&rest, ',', &term)) {
		if (term.n)
			filter_term(f, term, now);
	}
}

static bool masks_match(const struct network *net, const struct str *masks, uint32_t count, const struct channel *c)
{
	for (uint32_t i = 0; i < count; i++) {
		if (mask_match(network_casemap(net), masks[i], str_of(c->name)))
			return true;
	}
	return false;
}

/* All but the plain masks. */
static bool filter_conditions(const struct list_filter *f, const struct network *net, const struct channel *c)
{
	int64_t users = c->members.count;

	if (users <= f->users_above || users >= f->users_below)
		return false;
	if (c->created <= f->created_after || c->created >= f->created_before)
		return false;
	if (f->topic && (!c->topic || c->topic_time <= f->topic_after || c->topic_time >= f->topic_before))
		return false;
	return !masks_match(net, f->unwanted, f->nunwanted, c);
}

static void list_show(const struct list *l, struct session *s, const struct channel *c)
{
	if (!rule_sees_channel(c, s->user) || !filter_conditions(&l->filter, l->net, c))
		return;
	reply(s, RPL_LIST, c->name, c->members.count, c->topic ? c->topic : "");
}

static bool list_step(struct stream *st, struct session *s)
{
	struct list *l = (struct list *)st;
	const struct list_filter *f = &l->filter;
	const struct vec *channels = network_channels(l->net);
	struct cursor_block b;

	if (!s->user)
		return true;
	if (!st->cut && cursor_next(&l->channels, channels->count, CURSOR_LINES, &b)) {
		for (uint32_t i = b.from; i < b.end; i++) {
			const struct channel *c = channels->items[i];

			if (f->nwanted == 0 || masks_match(l->net, f->wanted, f->nwanted, c))
				list_show(l, s, c);
		}
	}
	if (!st->cut && l->channels.left > 0)
		return false;
	reply(s, RPL_LISTEND);
	return true;
}

static void list_free(struct stream *st)
{
	mem_free(st);
}

/* Names alone are looked up, and the list is at its end. */
static void list_named(struct list *l, struct session *s)
{
	for (uint32_t i = 0; i < l->filter.nwanted; i++) {
		const struct channel *c = network_channel(l->net, l->filter.wanted[i]);

		if (c)
			list_show(l, s, c);
	}
}

static void run_list(struct call *call)
{
	struct session *s = call->session;
	struct list *l = mem_zalloc(sizeof(*l));
	int64_t now = loop_clock(s->hub->loop)->real_ms;

	l->st.step = list_step;
	l->st.free = list_free;
	l->net = call->env->net;
	filter_init(&l->filter);
	filter_parse(&l->filter, call_param(call, 0), now);
	filter_parse(&l->filter, call_param(call, 1), now);
	if (l->filter.too_many)
		reply(s, ERR_TOOMANYTARGETS, "*", (unsigned)LIST_MASKS_MAX, call->row->name);
	reply(s, RPL_LISTSTART);
	if (!l->filter.nothing) {
		if (l->filter.nwanted && !l->filter.wildcard)
			list_named(l, s);
		else
			l->channels.left = network_channels(l->net)->count;
	}
	session_stream(s, &l->st);
}

static void run_names(struct call *call)
{
	struct targets t;

	if (!call_word(call, 0)) {
		names_all(call->env, call->session);
		return;
	}
	targets_init(&t, call_param(call, 0), NULL, NAMES_MAX);
	t.cost = COST_NAMES_MORE;
	while (targets_next(&t, call)) {
		const struct channel *c = network_channel(call->env->net, str_of(t.word));

		answer_names(call->env, call->session, c, target_shown(t.word));
	}
}

static const struct command rows[] = {
	{"NAMES", ROLE_USER, 0, 20, -1, run_names},
	{"LIST", ROLE_USER, 0, 40, -1, run_list},
};

const struct command *command_family_list(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
