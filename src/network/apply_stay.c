#include "network/apply.h"

/*
 * RECORD_USER_STAY: a user made what the record says. While the process runs it always says what is so, and then it
 * alters nothing, for it is made of views into what it would alter; at a start it makes the users that stayed.
 */

void network_user_record(const struct user *u, struct record *out, struct record_room *room)
{
	uint32_t n = 0;

	*out = (struct record){.type = RECORD_USER_STAY, .flags = RECORD_OVERRIDE, .origin = u->id};
	out->stay.account = user_str(u, USER_ACCOUNT);
	out->stay.nick = user_str(u, USER_NICK);
	out->stay.username = user_str(u, USER_NAME);
	out->stay.host = user_str(u, USER_HOST);
	out->stay.realname = user_str(u, USER_REALNAME);
	out->stay.address = user_str(u, USER_ADDRESS);
	out->stay.realhost = user_str(u, USER_REALHOST);
	out->stay.away = str_of(u->away);
	out->stay.modes = u->modes & ~USER_OPER_MODES;
	out->stay.signon = u->signon;
	for (; n < u->memberships.count && n < RECORD_PLACES_MAX; n++) {
		const struct member *m = u->memberships.items[n];
		const struct channel *c = m->channel;

		room->places[n] = (struct record_place){str_of(c->name), str_of(c->key), c->flags, c->created, m->rank};
	}
	out->stay.places = room->places;
	out->stay.nplaces = n;
}

/* A registered one is as its own record says. */
static void set_channel(struct channel *c, const struct record_place *p)
{
	if (c->flags & CHAN_REGISTERED)
		return;
	c->flags = p->flags & STATE_CHAN_FLAGS & ~(uint32_t)CHAN_REGISTERED;
	c->created = p->created;
	if (!str_eq(str_of(c->key), p->key))
		state_param_set(c, CHAN_PARAM_KEY, p->key);
}

static struct channel *place_channel(const struct apply *a, const struct record_place *p)
{
	struct channel *c = state_channel(a->net, p->channel);

	if (!c && state_channel_name_fits(p->channel))
		c = state_channel_add(a->net, p->channel, 0, p->created);
	if (c)
		set_channel(c, p);
	return c;
}

static bool is_place(const struct apply *a, const struct channel *c)
{
	for (uint32_t i = 0; i < a->r->stay.nplaces; i++) {
		if (state_channel(a->net, a->r->stay.places[i].channel) == c)
			return true;
	}
	return false;
}

/* Into all places first: a channel that loses its last member is gone. */
static void set_places(const struct apply *a, struct user *u)
{
	uint32_t inside = 0;

	for (uint32_t i = 0; i < a->r->stay.nplaces; i++) {
		const struct record_place *p = &a->r->stay.places[i];
		struct channel *c = place_channel(a, p);
		struct member *m = c ? (struct member *)network_member(c, u) : NULL;

		if (!c)
			continue;
		if (m)
			m->rank = p->rank;
		else
			state_member_add(c, u, p->rank);
		inside++;
	}
	/* One with more places than are kept has left none. */
	if (a->r->stay.nplaces == RECORD_PLACES_MAX || u->memberships.count <= inside)
		return;
	for (uint32_t i = u->memberships.count; i-- > 0;) {
		struct member *m = u->memberships.items[i];

		if (!is_place(a, m->channel))
			state_member_remove(a->net, m);
	}
}

static void set_texts(const struct apply *a, struct user *u)
{
	const struct record *r = a->r;
	const struct {
		enum user_text which;
		struct str text;
	} rows[] = {
		{USER_NICK, r->stay.nick},         {USER_NAME, r->stay.username},   {USER_HOST, r->stay.host},
		{USER_REALNAME, r->stay.realname}, {USER_ADDRESS, r->stay.address}, {USER_ACCOUNT, r->stay.account},
		{USER_REALHOST, r->stay.realhost},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_eq(user_str(u, rows[i].which), state_text_cut(rows[i].text)))
			state_user_set_text(a->net, u, rows[i].which, rows[i].text);
	}
	if (!str_eq(str_of(u->away), r->stay.away))
		state_user_set_away(u, r->stay.away);
}

static struct user *make(const struct apply *a)
{
	const struct str text[USER_TEXT_COUNT] = {[USER_NICK] = a->r->stay.nick};
	struct user *u = state_user_add(a->net, a->r->origin, text);

	u->signon = a->r->stay.signon;
	u->spoke = a->r->stay.signon;
	state_user_set_text(a->net, u, USER_ACCOUNT, a->r->stay.account);
	apply_newcomer_metadata(a, u, STR_NONE);
	return u;
}

void apply_user_stay(struct apply *a)
{
	const struct record *r = a->r;
	struct user *u = state_user(a->net, r->origin);
	const struct user *holder = state_user_by_nick(a->net, state_text_cut(r->stay.nick));
	uint32_t modes = r->stay.modes & STATE_USER_MODES & ~(USER_OPER_MODES | (uint32_t)USER_REGISTERED);

	if (!a->unchecked || !r->origin)
		return;
	if (!r->stay.nick.n) {
		if (u && u->kept)
			state_user_remove(a->net, u);
		return;
	}
	if (!r->stay.account.n || apply_refuse(a, holder && holder != u ? REFUSAL_NICK_IN_USE : REFUSAL_NONE, u, NULL))
		return;
	if (!u)
		u = make(a);
	set_texts(a, u);
	state_user_set_modes(a->net, u, modes | USER_REGISTERED | (u->modes & USER_OPER_MODES));
	set_places(a, u);
	u->kept = true;
}
