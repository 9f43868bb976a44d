#include "chatd/past_events.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "network/network.h"
#include "network/rules.h"

/* Of one line of modes; a parameter that is longer is a mask that nobody reads to its end. */
enum { MODES_MAX = 380 };

struct past_event {
	struct record r;
	char memory[];
};

struct making {
	struct past_events *p;
	const struct change *c;
	char by[512];
};

static void by_of(struct making *m)
{
	const struct user *u = m->c->type == CHANGE_QUIT ? m->c->user : m->c->by;

	if (!u)
		return;
	/* A new nick is told when the user has it already. */
	if (m->c->type == CHANGE_NICK)
		snprintf(m->by, sizeof(m->by), "%.*s!%s@%s", STR_ARG(m->c->was), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
	else
		snprintf(m->by, sizeof(m->by), "%s!%s@%s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
}

static struct str copied(char **at, struct str s)
{
	struct str out = {*at, s.n};

	memcpy(*at, s.p ? s.p : "", s.n);
	*at += s.n;
	return out;
}

static void add(struct making *m, enum past_kind kind, const struct channel *channel, struct str text)
{
	const struct record *from = m->c->record;
	const struct user *u = m->c->by ? m->c->by : m->c->type == CHANGE_QUIT ? m->c->user : NULL;
	struct str name = str_of(channel->name), by = str_of(m->by);
	struct str account = u ? user_str(u, USER_ACCOUNT) : STR_NONE;
	struct str target = kind == PAST_KICK ? user_str(m->c->user, USER_NICK) : STR_NONE;
	struct past_event *e = mem_zalloc(sizeof(*e) + from->msgid.n + name.n + by.n + account.n + target.n + text.n);
	char *at = e->memory;

	e->r.type = RECORD_EVENT;
	e->r.time = from->time;
	e->r.origin = from->origin;
	e->r.msgid = copied(&at, from->msgid);
	e->r.event.kind = kind;
	e->r.event.channel = copied(&at, name);
	e->r.event.by = copied(&at, by);
	e->r.event.account = copied(&at, account);
	e->r.event.target = copied(&at, target);
	e->r.event.text = copied(&at, text);
	vec_push(&m->p->list, e);
}

/* Those who come later are told of no more than those who were there. */
static bool is_shown(const struct channel *c, const struct member *member)
{
	return !(c->flags & CHAN_AUDITORIUM) || rule_has_rank(member, RANK_VOICE);
}

static void add_everywhere(struct making *m, enum past_kind kind, struct str text)
{
	const struct vec *memberships = &m->c->user->memberships;

	for (uint32_t i = 0; i < memberships->count; i++) {
		const struct member *member = memberships->items[i];

		if (is_shown(member->channel, member))
			add(m, kind, member->channel, text);
	}
}

/* Modes of one line while it grows. */
struct mode_text {
	struct buf letters, params;
	char sign;
	char letters_memory[2 * RECORD_MODE_OPS_MAX + 2];
	char params_memory[MODES_MAX];
	char text[MODES_MAX + 2 * RECORD_MODE_OPS_MAX + 2];
};

static void modes_begin(struct mode_text *t)
{
	buf_init(&t->letters, t->letters_memory, sizeof(t->letters_memory));
	buf_init(&t->params, t->params_memory, sizeof(t->params_memory));
	t->sign = 0;
}

static void modes_end(struct making *m, struct mode_text *t)
{
	struct buf b;

	if (!t->letters.n)
		return;
	buf_init(&b, t->text, sizeof(t->text));
	buf_str(&b, buf_view(&t->letters));
	buf_str(&b, buf_view(&t->params));
	add(m, PAST_MODE, m->c->channel, buf_view(&b));
	modes_begin(t);
}

/* What the channel's key was is nothing for those who come later. */
static void add_modes(struct making *m, const struct mode_op *ops, uint32_t nops, const struct user *target)
{
	struct mode_text t;

	modes_begin(&t);
	for (uint32_t i = 0; i < nops; i++) {
		struct str param = target && ops[i].user == target->id ? user_str(target, USER_NICK) : ops[i].param;
		char sign = ops[i].set ? '+' : '-';

		if (ops[i].letter == 'k')
			param = STR("*");
		if (t.params.n + param.n + 1 > MODES_MAX)
			modes_end(m, &t);
		if (t.sign != sign)
			buf_chr(&t.letters, sign);
		t.sign = sign;
		buf_chr(&t.letters, ops[i].letter);
		if (param.n && param.n < MODES_MAX) {
			buf_chr(&t.params, ' ');
			buf_str(&t.params, param);
		}
	}
	modes_end(m, &t);
}

static const struct user *member_of(const struct channel *c, uint64_t id)
{
	for (uint32_t i = 0; i < c->members.count; i++)
		if (channel_member(c, i)->user->id == id)
			return channel_member(c, i)->user;
	return NULL;
}

/* One step at a time where it gives or takes ranks, for each is of somebody else. */
static void note_modes(struct making *m)
{
	const struct change *c = m->c;
	uint32_t plain = 0;

	for (uint32_t i = 0; i < c->nops; i++) {
		if (!c->ops[i].user)
			continue;
		add_modes(m, c->ops + plain, i - plain, NULL);
		add_modes(m, c->ops + i, 1, member_of(c->channel, c->ops[i].user));
		plain = i + 1;
	}
	add_modes(m, c->ops + plain, c->nops - plain, NULL);
}

void past_events_note(struct past_events *p, const struct change *c)
{
	struct making m = {.p = p, .c = c};

	/* What restores a registered channel is no event. */
	if (c->record->type == RECORD_CHANNEL)
		return;
	switch (c->type) {
	case CHANGE_JOINED:
	case CHANGE_PARTED:
	case CHANGE_KICKED:
		by_of(&m);
		if (!is_shown(c->channel, c->member))
			return;
		if (c->type == CHANGE_JOINED)
			add(&m, PAST_JOIN, c->channel, user_str(c->user, USER_REALNAME));
		else
			add(&m, c->type == CHANGE_PARTED ? PAST_PART : PAST_KICK, c->channel, c->text);
		return;
	case CHANGE_TOPIC:
		by_of(&m);
		add(&m, PAST_TOPIC, c->channel, c->text);
		return;
	case CHANGE_CHANNEL_MODES:
		by_of(&m);
		note_modes(&m);
		return;
	case CHANGE_QUIT:
	case CHANGE_NICK:
		by_of(&m);
		add_everywhere(&m, c->type == CHANGE_QUIT ? PAST_QUIT : PAST_NICK,
			       c->type == CHANGE_QUIT ? c->text : user_str(c->user, USER_NICK));
		return;
	default:
		return;
	}
}

struct past_event *past_events_take(struct past_events *p)
{
	struct past_event *e;

	if (!p->list.count)
		return NULL;
	e = p->list.items[0];
	memmove(p->list.items, p->list.items + 1, --p->list.count * sizeof(*p->list.items));
	return e;
}

const struct record *past_event_record(const struct past_event *e)
{
	return &e->r;
}

void past_event_free(struct past_event *e)
{
	mem_free(e);
}

void past_events_deinit(struct past_events *p)
{
	struct past_event *e;

	while ((e = past_events_take(p)))
		past_event_free(e);
	vec_deinit(&p->list);
}
