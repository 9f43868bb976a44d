#include "chatd/keep.h"

#include <stdio.h>
#include <string.h>

#include "journal/history.h"
#include "base/mem.h"
#include "command/login.h"
#include "network/account.h"
#include "network/metadata.h"
#include "network/settings.h"

/* How far a clock may step back without any record that does. */
enum { CLOCK_SLACK_MS = 1000 };

/* Between two guests nobody could read it afterwards. */
static bool keeps_talk(const struct keep *k, const struct record *r)
{
	return k->config->keep_direct && r->message.to.n && (r->message.account.n || r->message.to_account.n);
}

enum journal_class keep_class(const struct keep *k, const struct record *r)
{
	switch (record_class(r)) {
	case RECORD_PRESENCE:
		return JOURNAL_PASSING;
	case RECORD_KEPT_MESSAGE:
		if (r->type == RECORD_MESSAGE && r->message.channel.n == 0 && !keeps_talk(k, r))
			return JOURNAL_PASSING;
		return JOURNAL_MESSAGE;
	case RECORD_REMOVAL:
		return JOURNAL_REMOVAL;
	case RECORD_REVISION:
		return JOURNAL_REVISION;
	default:
		return JOURNAL_STATE;
	}
}

int64_t keep_time(struct keep *k, enum record_type type, int64_t now)
{
	if (now < k->time && k->time - now <= CLOCK_SLACK_MS)
		now = k->time;
	if ((type == RECORD_JOIN && now == k->said) || (type == RECORD_MESSAGE && now == k->noted))
		now++;
	if (type == RECORD_MESSAGE)
		k->said = now;
	if (type == RECORD_ACCOUNT)
		k->noted = now;
	k->time = now;
	return now;
}

void keep_author(struct keep *k, struct record *r, const struct user *u)
{
	if (r->type != RECORD_MESSAGE || !u)
		return;
	if (!r->message.relay.n) {
		snprintf(k->by, sizeof(k->by), "%s!%s@%s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
		r->message.by = str_of(k->by);
	}
	r->message.account = user_str(u, USER_ACCOUNT);
	if (r->message.channel.n)
		return;
	u = network_user(k->net, r->message.target);
	r->message.to = u ? user_str(u, USER_NICK) : STR_NONE;
	r->message.to_account = u ? user_str(u, USER_ACCOUNT) : STR_NONE;
}

/* Folded, as far as it can be that long. */
static struct str folded(const struct keep *k, char memory[KEEP_FOLDED_MAX], struct str name)
{
	return name.n <= KEEP_NAME_MAX ? casemap_fold(network_casemap(k->net), memory, name) : STR_NONE;
}

/* One side of a conversation: an account, or a guest by its nick. */
static struct str person(const struct keep *k, char memory[HISTORY_NAME_MAX], struct str account, struct str nick)
{
	BUF_MEMORY char name[KEEP_FOLDED_MAX];

	if (!account.n)
		return history_guest_name(memory, folded(k, name, nick));
	return folded(k, memory, account);
}

static struct str talk_of(struct keep *k, const struct record *r)
{
	char a[HISTORY_NAME_MAX], b[HISTORY_NAME_MAX];
	struct str nick = r->message.by;
	const char *bang = nick.n ? memchr(nick.p, '!', nick.n) : NULL;

	if (!bang || !r->message.to.n)
		return STR_NONE;
	nick.n = (size_t)(bang - nick.p);
	return history_talk_name(k->target, person(k, a, r->message.account, nick),
				 person(k, b, r->message.to_account, r->message.to));
}

/* What is filed under the old name goes along; see journal_about. */
static struct str move_of(struct keep *k, const struct record *r)
{
	BUF_MEMORY char name[KEEP_FOLDED_MAX];
	struct buf b;

	buf_init(&b, k->target, sizeof(k->target));
	buf_str(&b, folded(k, name, r->rename.channel));
	buf_chr(&b, ' ');
	buf_str(&b, folded(k, name, r->rename.name));
	return buf_view(&b);
}

static struct str target_of(struct keep *k, const struct record *r)
{
	BUF_MEMORY char name[KEEP_FOLDED_MAX];

	if (r->type == RECORD_RENAME)
		return move_of(k, r);

	if (r->type == RECORD_EVENT)
		return history_events_name(k->target, folded(k, name, r->event.channel));
	if (r->type != RECORD_MESSAGE)
		return STR_NONE;
	if (r->message.channel.n == 0) {
		struct str talk = talk_of(k, r);

		return r->message.kind == MESSAGE_TAGMSG ? history_events_name(k->events, talk) : talk;
	}
	if (r->message.min_rank)
		return history_rank_name(k->target, folded(k, name, r->message.channel), r->message.min_rank);
	if (r->message.kind == MESSAGE_TAGMSG)
		return history_events_name(k->target, folded(k, name, r->message.channel));
	return folded(k, k->target, r->message.channel);
}

/* Who had an account of that name before it was made had messages of their own. */
static int64_t forgotten_since(const struct keep *k, const struct record *r)
{
	const struct account *a = network_account(k->net, r->forget.account);

	return a ? a->created + 1 : r->time;
}

/* Its conversation with one whose nick that is, or was: as an account, and as a guest. */
static void put_talks(struct keep *k, struct buf *out, const struct record *r)
{
	const struct user *u = network_user_by_nick(k->net, r->forget.place);
	const struct account *a = u ? network_account(k->net, user_str(u, USER_ACCOUNT))
				    : network_account_of_nick(k->net, r->forget.place);
	char mine[KEEP_FOLDED_MAX], theirs[HISTORY_NAME_MAX], talk[HISTORY_NAME_MAX];
	struct str me = folded(k, mine, r->forget.account);

	if (a) {
		buf_chr(out, '\n');
		buf_str(out, history_talk_name(talk, me, account_str(a, ACCOUNT_FOLDED)));
	}
	buf_chr(out, '\n');
	buf_str(out, history_talk_name(talk, me, person(k, theirs, STR_NONE, r->forget.place)));
}

static struct str forgotten(struct keep *k, const struct record *r)
{
	char name[KEEP_FOLDED_MAX];
	struct buf b;

	buf_init(&b, k->forgotten, sizeof(k->forgotten));
	buf_str(&b, r->forget.account);
	if (r->forget.whole) {
		buf_cstr(&b, "\n*");
	} else if (str_starts(r->forget.place, STR("#"))) {
		buf_chr(&b, '\n');
		buf_str(&b, folded(k, name, r->forget.place));
	} else if (r->forget.place.n) {
		put_talks(k, &b, r);
	}
	return buf_view(&b);
}

/* The message that it makes of the one that it is about. */
static struct record edited(const struct record *r)
{
	const struct edition *e = &r->edit;
	struct record m = {.type = RECORD_MESSAGE, .time = e->of.said, .origin = e->of.author, .msgid = e->of.msgid};

	m.message.kind = e->kind;
	m.message.channel = e->of.channel;
	m.message.target = e->of.channel.n ? 0 : e->of.target;
	m.message.min_rank = e->of.min_rank;
	m.message.text = e->text;
	m.message.tags = e->tags;
	m.message.by = e->by;
	m.message.account = e->of.account;
	m.message.to = e->name;
	m.message.to_account = e->account;
	return m;
}

void keep_encode(struct keep *k, struct buf *out, const struct record *r, struct journal_about *about)
{
	struct record kept;

	if (r->type == RECORD_EDIT) {
		kept = edited(r);
		record_encode(out, &kept);
		*about = (struct journal_about){.time = kept.time, .msgid = kept.msgid};
		return;
	}
	if (r->type == RECORD_RENAME) {
		kept = *r;
		record_rename_kept(&kept);
		r = &kept;
	}
	record_encode(out, r);
	*about = (struct journal_about){.time = r->time, .msgid = r->msgid, .target = target_of(k, r)};
	if (r->type == RECORD_REDACT)
		about->msgid = r->redact.msgid;
	else if (r->type == RECORD_FORGET)
		*about = (struct journal_about){.time = forgotten_since(k, r), .target = forgotten(k, r)};
}

bool keep_text(struct str bytes, struct journal_text *out)
{
	struct record_room room;
	struct record r;
	const char *bang;

	if (!record_decode(&r, &room, bytes))
		return false;
	if (r.type == RECORD_EVENT || (r.type == RECORD_MESSAGE && !r.message.text.n)) {
		*out = (struct journal_text){
			.account = r.type == RECORD_EVENT ? r.event.account : r.message.account};
		return out->account.n > 0;
	}
	if (r.type != RECORD_MESSAGE)
		return false;
	*out = (struct journal_text){.text = r.message.text, .nick = r.message.by, .account = r.message.account};
	bang = out->nick.n ? memchr(out->nick.p, '!', out->nick.n) : NULL;
	if (bang)
		out->nick.n = (size_t)(bang - out->nick.p);
	return true;
}

/* set: it came, else it went. */
static bool alters_registration(const struct change *c, bool set)
{
	for (uint32_t i = 0; i < c->nops; i++) {
		const struct chan_mode *mode = chan_mode_find(c->ops[i].letter);

		if (mode && mode->type == CHAN_MODE_FLAG && mode->bit == CHAN_REGISTERED && c->ops[i].set == set)
			return true;
	}
	return false;
}

void keep_note_user(struct keep *k, const struct user *u)
{
	if (!u || (!u->kept && !login_stays(k->net, u)))
		return;
	for (uint32_t i = 0; i < k->nusers; i++) {
		if (k->users[i] == u->id)
			return;
	}
	k->users = mem_realloc(k->users, (k->nusers + 1) * sizeof(*k->users));
	k->users[k->nusers++] = u->id;
}

/* Of a channel that is kept by nobody but those who are in it, one of them says what it is. */
static void note_channel(struct keep *k, const struct channel *c)
{
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct user *u = channel_member(c, i)->user;

		if (!u->kept)
			continue;
		keep_note_user(k, u);
		return;
	}
}

static void note_modes(struct keep *k, const struct change *c)
{
	bool others = false;

	for (uint32_t i = 0; i < c->nops; i++) {
		if (c->ops[i].user)
			keep_note_user(k, network_user(k->net, c->ops[i].user));
		else
			others = true;
	}
	if (others && !(c->channel->flags & CHAN_REGISTERED))
		note_channel(k, c->channel);
}

/* One who logs out is kept no more, and what knows of it is the journal alone. */
static void note_logout(struct keep *k, const struct user *u)
{
	if (user_str(u, USER_ACCOUNT).n) {
		keep_note_user(k, u);
		return;
	}
	k->users = mem_realloc(k->users, (k->nusers + 1) * sizeof(*k->users));
	k->users[k->nusers++] = u->id;
}

static void note_users(struct keep *k, const struct change *c)
{
	switch (c->type) {
	case CHANGE_USER_ADDED:
	case CHANGE_NICK:
	case CHANGE_AWAY:
	case CHANGE_REALNAME:
	case CHANGE_HOST:
	case CHANGE_USER_MODES:
	case CHANGE_JOINED:
	case CHANGE_PARTED:
	case CHANGE_KICKED:
		keep_note_user(k, c->user);
		break;
	case CHANGE_QUIT:
		if (c->user->kept)
			keep_note_user(k, c->user);
		break;
	case CHANGE_ACCOUNT:
		note_logout(k, c->user);
		break;
	case CHANGE_CHANNEL_MODES:
		note_modes(k, c);
		break;
	default:
		break;
	}
}

bool keep_next_user(struct keep *k, struct record *r)
{
	const struct user *u;
	uint64_t id;

	while (k->nusers) {
		id = k->users[--k->nusers];
		u = network_user(k->net, id);
		if (u && user_str(u, USER_ACCOUNT).n) {
			if (!u->kept && !login_stays(k->net, u))
				continue;
			network_user_record(u, r, &k->room);
		} else {
			*r = (struct record){.type = RECORD_USER_STAY, .flags = RECORD_OVERRIDE, .origin = id};
		}
		return true;
	}
	return false;
}

void keep_forget(struct keep *k)
{
	mem_free(k->users);
}

void keep_begin(struct keep *k)
{
	k->touched[0] = '\0';
	k->altered = k->described = k->settled = false;
}

/* Ranks alone are not kept with the channel. */
static bool alters(const struct change *c)
{
	return (c->type == CHANGE_TOPIC || c->type == CHANGE_RENAMED || c->type == CHANGE_CHANNEL_MODES) && c->record->type != RECORD_JOIN &&
	       c->record->type != RECORD_USER_ACCOUNT;
}

/* One that is registered from now on keeps what was said of it before. */
static bool describes(const struct change *c)
{
	return c->type == CHANGE_METADATA || (c->type == CHANGE_RENAMED && c->channel->metadata) ||
	       (c->type == CHANGE_CHANNEL_MODES && c->channel->metadata);
}

void keep_note(struct keep *k, const struct change *c)
{
	note_users(k, c);
	if (c->record->type == RECORD_CHANNEL || !c->channel || (!alters(c) && c->type != CHANGE_METADATA))
		return;
	if (!(c->channel->flags & CHAN_REGISTERED) && !alters_registration(c, false))
		return;
	snprintf(k->touched, sizeof(k->touched), "%s", c->channel->name);
	k->altered |= alters(c);
	k->described |= describes(c);
	k->settled |= c->type == CHANGE_CHANNEL_MODES && alters_registration(c, true);
}

static void make_altered(struct keep *k, const struct channel *c, struct record *r)
{
	*r = (struct record){.type = RECORD_CHANNEL};
	if (c)
		network_channel_record(c, r, &k->room);
	else
		r->channel.name = str_of(k->touched);
	k->altered = false;
}

static void make_described(const struct channel *c, struct record *r)
{
	*r = (struct record){.type = RECORD_CHANNEL_METADATA};
	r->channel_metadata.channel = str_of(c->name);
	r->channel_metadata.text = metadata_text(c->metadata);
}

bool keep_touched(struct keep *k, struct record *r)
{
	const struct channel *c = k->touched[0] ? network_channel(k->net, str_of(k->touched)) : NULL;

	if (k->altered) {
		make_altered(k, c, r);
	} else if (k->described && c && (c->flags & CHAN_REGISTERED)) {
		make_described(c, r);
		k->described = false;
	} else if (k->settled && c && (c->flags & CHAN_REGISTERED)) {
		network_settings_record(c, r);
		k->settled = false;
	} else {
		return false;
	}
	r->flags = RECORD_OVERRIDE;
	return true;
}

/*
 * The level, channels, what is said of them, their settings, accounts, bans of each kind, users who stay, each from the last down to the
 * first: one that goes meanwhile is replaced by the last, which has been seen, and whatever comes or changes is in a
 * record behind the snapshot's position.
 */
enum {
	PART_CHANNELS,
	PART_METADATA,
	PART_SETTINGS,
	PART_ACCOUNTS,
	PART_MARKERS,
	PART_BANS,
	PART_USERS = PART_BANS + BAN_KIND_COUNT
};

static const struct vec *part_items(const struct keep *k)
{
	if (k->walked < PART_ACCOUNTS)
		return network_channels(k->net);
	if (k->walked == PART_ACCOUNTS || k->walked == PART_MARKERS)
		return network_accounts(k->net);
	if (k->walked == PART_USERS)
		return network_users(k->net);
	return k->walked < PART_USERS ? network_bans(k->net, (enum ban_kind)(k->walked - PART_BANS)) : NULL;
}

/* False: it is not kept. */
static bool make_channel(struct keep *k, const struct channel *c, struct record *r)
{
	if (!(c->flags & CHAN_REGISTERED) || (k->walked == PART_METADATA && !c->metadata) ||
	    (k->walked == PART_SETTINGS && !c->settings))
		return false;
	if (k->walked == PART_CHANNELS)
		network_channel_record(c, r, &k->room);
	else if (k->walked == PART_METADATA)
		make_described(c, r);
	else
		network_settings_record(c, r);
	r->flags = RECORD_OVERRIDE;
	return true;
}

static bool make_markers(const struct account *a, struct record *r)
{
	*r = (struct record){.type = RECORD_ACCOUNT_MARKERS, .flags = RECORD_OVERRIDE};
	r->account_markers.account = account_str(a, ACCOUNT_NAME);
	r->account_markers.text = str_of(a->markers);
	return a->markers;
}

static bool make_item(struct keep *k, const struct vec *items, struct record *r)
{
	const void *item = items->items[k->walk];

	if (k->walked < PART_ACCOUNTS)
		return make_channel(k, item, r);
	if (k->walked == PART_USERS) {
		if (!((const struct user *)item)->kept)
			return false;
		network_user_record(item, r, &k->room);
	} else if (k->walked >= PART_BANS) {
		network_ban_record(item, r);
	} else if (k->walked == PART_MARKERS) {
		return make_markers(item, r);
	} else {
		network_account_record(item, r, k->room.account_items);
	}
	return true;
}

static void encode_emergency(const struct keep *k, struct buf *out)
{
	struct record r = {.type = RECORD_EMERGENCY, .flags = RECORD_OVERRIDE};

	r.emergency.level = network_emergency(k->net);
	if (r.emergency.level)
		record_encode(out, &r);
}

bool keep_snapshot(struct keep *k, uint64_t nth, struct buf *out)
{
	const struct vec *items;
	struct record r;

	if (nth == 0) {
		k->walked = 0;
		k->walk = UINT32_MAX;
		encode_emergency(k, out);
		return true;
	}
	while ((items = part_items(k))) {
		if (k->walk > items->count)
			k->walk = items->count;
		if (k->walk > 0)
			break;
		k->walked++;
		k->walk = UINT32_MAX;
	}
	if (!items)
		return false;
	k->walk--;
	if (make_item(k, items, &r))
		record_encode(out, &r);
	return true;
}
