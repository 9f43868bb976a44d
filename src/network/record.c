#include "network/record.h"

#include <stddef.h>
#include <string.h>

#include "base/wire.h"
#include "proto/modes.h"
#include "proto/tags.h"

/*
 * The stored form: length of all (4 bytes), version (1), type (1), flags (1), time (8), origin (8), session (8),
 * msgid, then the fields of the type in the order of the tables below. Text is its length (4) and its bytes, none of
 * them NUL. What each value may be is checked on the way in, so that a decoded record encodes to the same bytes again.
 */
enum { RECORD_VERSION = 2, LENGTH_SIZE = 4 };

enum field_kind {
	FIELD_END,
	FIELD_STR,
	FIELD_U32,
	FIELD_U64,
	FIELD_MESSAGE_KIND,
	FIELD_RANK, /* 0 or one RANK_ bit */
	FIELD_OPS,
	FIELD_ITEMS,
	FIELD_SECRET, /* text that is not shown */
	FIELD_ACCOUNT_ITEMS,
	FIELD_BAN_KIND,
	FIELD_BAN_ACTION,
	FIELD_U64_MORE, /* the last one, and there where it is not 0: records from before are without it */
	FIELD_PLACES,
	FIELD_CHANNEL_MORE, /* there where it says something: records from before are without it */
	FIELD_MESSAGE_TO,   /* the same */
	FIELD_EVENT_KIND,
};

struct field {
	enum field_kind kind;
	size_t at;        /* in struct record */
	const char *name; /* of the member, with that of its part */
};

#define AT(kind, member)                                                                                               \
	{                                                                                                              \
		kind, offsetof(struct record, member), #member                                                         \
	}

enum { FIELDS_MAX = 15 };

static const struct field fields[RECORD_TYPE_END][FIELDS_MAX + 1] = {
	[RECORD_USER_ADD] = {AT(FIELD_STR, user_add.nick), AT(FIELD_STR, user_add.username),
			     AT(FIELD_STR, user_add.host), AT(FIELD_STR, user_add.realname),
			     AT(FIELD_STR, user_add.address), AT(FIELD_STR, user_add.account),
			     AT(FIELD_STR, user_add.away), AT(FIELD_U32, user_add.modes),
			     AT(FIELD_STR, user_add.realhost), AT(FIELD_STR, user_add.metadata),
			     AT(FIELD_STR, user_add.cloaks), AT(FIELD_STR, user_add.gateway),
			     AT(FIELD_STR, user_add.country), AT(FIELD_U32, user_add.secure)},
	[RECORD_USER_NICK] = {AT(FIELD_STR, user_nick.nick)},
	[RECORD_USER_QUIT] = {AT(FIELD_STR, user_quit.reason)},
	[RECORD_USER_KILL] = {AT(FIELD_U64, user_kill.target), AT(FIELD_STR, user_kill.reason)},
	[RECORD_USER_AWAY] = {AT(FIELD_STR, user_away.text)},
	[RECORD_USER_REALNAME] = {AT(FIELD_STR, user_realname.realname)},
	[RECORD_USER_HOST] = {AT(FIELD_STR, user_host.username), AT(FIELD_STR, user_host.host)},
	[RECORD_USER_MODES] = {AT(FIELD_U32, user_modes.set), AT(FIELD_U32, user_modes.clear)},
	[RECORD_USER_ACCOUNT] = {AT(FIELD_STR, user_account.account)},
	[RECORD_JOIN] = {AT(FIELD_STR, join.channel), AT(FIELD_STR, join.key), AT(FIELD_U32, join.new_flags),
			 AT(FIELD_U32, join.channels_max)},
	[RECORD_PART] = {AT(FIELD_STR, part.channel), AT(FIELD_STR, part.reason)},
	[RECORD_KICK] = {AT(FIELD_STR, kick.channel), AT(FIELD_U64, kick.target), AT(FIELD_STR, kick.reason)},
	[RECORD_TOPIC] = {AT(FIELD_STR, topic.channel), AT(FIELD_STR, topic.text)},
	[RECORD_CHANNEL_MODES] = {AT(FIELD_STR, channel_modes.channel), AT(FIELD_OPS, channel_modes.ops),
				  AT(FIELD_U32, channel_modes.list_max), AT(FIELD_U64_MORE, channel_modes.until)},
	[RECORD_INVITE] = {AT(FIELD_STR, invite.channel), AT(FIELD_U64, invite.target)},
	[RECORD_MESSAGE] = {AT(FIELD_MESSAGE_KIND, message.kind), AT(FIELD_STR, message.channel),
			    AT(FIELD_U64, message.target), AT(FIELD_RANK, message.min_rank),
			    AT(FIELD_STR, message.text), AT(FIELD_STR, message.tags), AT(FIELD_STR, message.by),
			    AT(FIELD_STR, message.account), AT(FIELD_MESSAGE_TO, message.to)},
	[RECORD_WALLOPS] = {AT(FIELD_STR, wallops.text)},
	[RECORD_CHANNEL] = {AT(FIELD_STR, channel.name), AT(FIELD_U64, channel.created), AT(FIELD_U32, channel.flags),
			    AT(FIELD_U32, channel.limit), AT(FIELD_STR, channel.key), AT(FIELD_STR, channel.topic),
			    AT(FIELD_STR, channel.topic_by), AT(FIELD_U64, channel.topic_time),
			    AT(FIELD_ITEMS, channel.items), AT(FIELD_CHANNEL_MORE, channel.params)},
	[RECORD_USER_OPER] = {AT(FIELD_STR, user_oper.name), AT(FIELD_STR, user_oper.class_name),
			      AT(FIELD_STR, user_oper.title), AT(FIELD_U64, user_oper.privileges)},
	[RECORD_USER_NOTICES] = {AT(FIELD_U32, user_notices.mask)},
	[RECORD_ACCOUNT] = {AT(FIELD_STR, account.name), AT(FIELD_U64, account.revision),
			    AT(FIELD_U64, account.created), AT(FIELD_U32, account.flags),
			    AT(FIELD_SECRET, account.credentials), AT(FIELD_STR, account.email),
			    AT(FIELD_STR, account.vhost), AT(FIELD_STR, account.note),
			    AT(FIELD_ACCOUNT_ITEMS, account.items)},
	[RECORD_BAN_SET] = {AT(FIELD_U64, ban.id), AT(FIELD_BAN_KIND, ban.kind), AT(FIELD_BAN_ACTION, ban.action),
			    AT(FIELD_U32, ban.targets), AT(FIELD_U32, ban.max), AT(FIELD_STR, ban.mask),
			    AT(FIELD_STR, ban.by), AT(FIELD_STR, ban.reason), AT(FIELD_U64, ban.until),
			    AT(FIELD_U64, ban.ban_ms)},
	[RECORD_BAN_CLEAR] = {AT(FIELD_U64, ban_clear.id), AT(FIELD_STR, ban_clear.by)},
	[RECORD_MARKER] = {AT(FIELD_STR, marker.account), AT(FIELD_STR, marker.target), AT(FIELD_U64, marker.time)},
	[RECORD_ACCOUNT_MARKERS] = {AT(FIELD_STR, account_markers.account), AT(FIELD_STR, account_markers.text)},
	[RECORD_RENAME] = {AT(FIELD_STR, rename.channel), AT(FIELD_STR, rename.name), AT(FIELD_STR, rename.reason)},
	[RECORD_METADATA] = {AT(FIELD_STR, metadata.channel), AT(FIELD_U64, metadata.target),
			     AT(FIELD_STR, metadata.key), AT(FIELD_STR, metadata.value), AT(FIELD_U32, metadata.remove),
			     AT(FIELD_U32, metadata.max)},
	[RECORD_CHANNEL_METADATA] = {AT(FIELD_STR, channel_metadata.channel), AT(FIELD_STR, channel_metadata.text)},
	[RECORD_CHANNEL_SETTINGS] = {AT(FIELD_STR, channel_settings.channel), AT(FIELD_U32, channel_settings.what),
				     AT(FIELD_U32, channel_settings.flags), AT(FIELD_STR, channel_settings.entry),
				     AT(FIELD_U64, channel_settings.used)},
	[RECORD_KNOCK] = {AT(FIELD_STR, knock.channel), AT(FIELD_STR, knock.text)},
	[RECORD_EMERGENCY] = {AT(FIELD_U32, emergency.level), AT(FIELD_STR, emergency.by)},
	[RECORD_REDACT] = {AT(FIELD_STR, redact.channel), AT(FIELD_U64, redact.target), AT(FIELD_STR, redact.to),
			   AT(FIELD_RANK, redact.min_rank), AT(FIELD_STR, redact.msgid), AT(FIELD_STR, redact.reason),
			   AT(FIELD_U64, redact.author), AT(FIELD_STR, redact.account), AT(FIELD_U64, redact.said),
			   AT(FIELD_U64, redact.window_ms)},
	[RECORD_EDIT] = {AT(FIELD_STR, edit.of.channel), AT(FIELD_U64, edit.of.target), AT(FIELD_STR, edit.of.to),
			 AT(FIELD_RANK, edit.of.min_rank), AT(FIELD_STR, edit.of.msgid), AT(FIELD_U64, edit.of.author),
			 AT(FIELD_STR, edit.of.account), AT(FIELD_U64, edit.of.said), AT(FIELD_U64, edit.of.window_ms),
			 AT(FIELD_MESSAGE_KIND, edit.kind), AT(FIELD_STR, edit.text), AT(FIELD_STR, edit.tags),
			 AT(FIELD_STR, edit.by), AT(FIELD_STR, edit.name), AT(FIELD_STR, edit.account)},
	[RECORD_FORGET] = {AT(FIELD_STR, forget.account), AT(FIELD_STR, forget.place), AT(FIELD_U32, forget.whole)},
	[RECORD_EVENT] = {AT(FIELD_EVENT_KIND, event.kind), AT(FIELD_STR, event.channel), AT(FIELD_STR, event.by),
			  AT(FIELD_STR, event.account), AT(FIELD_STR, event.target), AT(FIELD_STR, event.text)},
	[RECORD_USER_STAY] = {AT(FIELD_STR, stay.account), AT(FIELD_STR, stay.nick), AT(FIELD_STR, stay.username),
			      AT(FIELD_STR, stay.host), AT(FIELD_STR, stay.realname), AT(FIELD_STR, stay.address),
			      AT(FIELD_STR, stay.realhost), AT(FIELD_STR, stay.away), AT(FIELD_U32, stay.modes),
			      AT(FIELD_U64, stay.signon), AT(FIELD_PLACES, stay.places)},
};

static void put_ops(struct wire_out *out, const struct record *r)
{
	wire_put_number(out, r->channel_modes.nops, 1);
	for (uint32_t i = 0; i < r->channel_modes.nops; i++) {
		const struct mode_op *op = &r->channel_modes.ops[i];

		wire_put_number(out, op->set, 1);
		wire_put_number(out, (unsigned char)op->letter, 1);
		wire_put_number(out, op->user, 8);
		wire_put_str(out, op->param);
	}
}

static void put_items(struct wire_out *out, const struct record *r)
{
	wire_put_number(out, r->channel.nitems, 2);
	for (uint32_t i = 0; i < r->channel.nitems; i++) {
		const struct list_item *item = &r->channel.items[i];

		wire_put_number(out, item->list, 1);
		wire_put_str(out, item->mask);
		wire_put_str(out, item->by);
		wire_put_number(out, (uint64_t)item->time, 8);
	}
}

static void put_account_items(struct wire_out *out, const struct record *r)
{
	wire_put_number(out, r->account.nitems, 2);
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		const struct account_item *item = &r->account.items[i];

		wire_put_number(out, item->kind, 1);
		wire_put_str(out, item->text);
		wire_put_number(out, (uint64_t)item->time, 8);
	}
}

static void put_places(struct wire_out *out, const struct record *r)
{
	wire_put_number(out, r->stay.nplaces, 2);
	for (uint32_t i = 0; i < r->stay.nplaces; i++) {
		const struct record_place *place = &r->stay.places[i];

		wire_put_str(out, place->channel);
		wire_put_str(out, place->key);
		wire_put_number(out, place->flags, 4);
		wire_put_number(out, (uint64_t)place->created, 8);
		wire_put_number(out, place->rank, 1);
	}
}

static uint32_t count_ends(const struct record *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->channel.nitems; i++)
		n += r->channel.items[i].until != 0;
	return n;
}

/* The values of modes, and which items end, each by its place and the time. */
static void put_channel_more(struct wire_out *out, const struct record *r)
{
	uint32_t ends = count_ends(r);

	if (!ends && !r->channel.params.n)
		return;
	wire_put_str(out, r->channel.params);
	wire_put_number(out, ends, 2);
	for (uint32_t i = 0; i < r->channel.nitems; i++) {
		if (!r->channel.items[i].until)
			continue;
		wire_put_number(out, i, 2);
		wire_put_number(out, (uint64_t)r->channel.items[i].until, 8);
	}
}

static void put_message_to(struct wire_out *out, const struct record *r)
{
	if (!r->message.to.n && !r->message.relay.n)
		return;
	wire_put_str(out, r->message.to);
	wire_put_str(out, r->message.to_account);
	if (r->message.relay.n)
		wire_put_str(out, r->message.relay);
}

static void put_field(struct wire_out *out, const struct record *r, const struct field *f)
{
	const void *at = (const char *)r + f->at;

	switch (f->kind) {
	case FIELD_END:
		break;
	case FIELD_STR:
	case FIELD_SECRET:
		wire_put_str(out, *(const struct str *)at);
		break;
	case FIELD_U32:
		wire_put_number(out, *(const uint32_t *)at, 4);
		break;
	case FIELD_U64:
		wire_put_number(out, *(const uint64_t *)at, 8);
		break;
	case FIELD_MESSAGE_KIND:
		wire_put_number(out, *(const enum message_kind *)at, 1);
		break;
	case FIELD_RANK:
		wire_put_number(out, *(const uint8_t *)at, 1);
		break;
	case FIELD_BAN_KIND:
		wire_put_number(out, *(const enum ban_kind *)at, 1);
		break;
	case FIELD_BAN_ACTION:
		wire_put_number(out, *(const enum ban_action *)at, 1);
		break;
	case FIELD_OPS:
		put_ops(out, r);
		break;
	case FIELD_ITEMS:
		put_items(out, r);
		break;
	case FIELD_ACCOUNT_ITEMS:
		put_account_items(out, r);
		break;
	case FIELD_PLACES:
		put_places(out, r);
		break;
	case FIELD_U64_MORE:
		if (*(const uint64_t *)at)
			wire_put_number(out, *(const uint64_t *)at, 8);
		break;
	case FIELD_CHANNEL_MORE:
		put_channel_more(out, r);
		break;
	case FIELD_MESSAGE_TO:
		put_message_to(out, r);
		break;
	case FIELD_EVENT_KIND:
		wire_put_number(out, *(const enum past_kind *)at, 1);
		break;
	}
}

static bool encodable(const struct record *r)
{
	switch (r->type) {
	case RECORD_CHANNEL_MODES:
		return r->channel_modes.nops <= RECORD_MODE_OPS_MAX;
	case RECORD_CHANNEL:
		return r->channel.nitems <= RECORD_LIST_ITEMS_MAX;
	case RECORD_ACCOUNT:
		return r->account.nitems <= RECORD_ACCOUNT_ITEMS_MAX;
	case RECORD_USER_STAY:
		return r->stay.nplaces <= RECORD_PLACES_MAX;
	default:
		return r->type > 0 && r->type < RECORD_TYPE_END;
	}
}

/* What does not fit leaves nothing behind. */
void record_encode(struct buf *room, const struct record *r)
{
	struct wire_out wire, *out = &wire;
	size_t start = room->n;
	struct buf length;

	if (!encodable(r)) {
		room->full = true;
		return;
	}
	wire_init_fixed(out, *room);
	wire_put_number(out, 0, LENGTH_SIZE);
	wire_put_number(out, RECORD_VERSION, 1);
	wire_put_number(out, r->type, 1);
	wire_put_number(out, r->flags & RECORD_OVERRIDE, 1);
	wire_put_number(out, (uint64_t)r->time, 8);
	wire_put_number(out, r->origin, 8);
	wire_put_number(out, r->session, 8);
	wire_put_str(out, r->msgid);
	for (const struct field *f = fields[r->type]; f->kind != FIELD_END; f++)
		put_field(out, r, f);
	*room = out->buf;
	if (room->full) {
		room->n = start;
		return;
	}
	buf_init(&length, room->p + start, LENGTH_SIZE);
	wire_init_fixed(out, length);
	wire_put_number(out, room->n - start, LENGTH_SIZE);
}

static struct str take_str(struct wire_in *in)
{
	struct str s = wire_str(in);

	if (s.n == 0)
		return STR_NONE;
	if (memchr(s.p, '\0', s.n))
		wire_fail(in);
	return s;
}

static void take_ops(struct wire_in *in, struct record_room *room, struct record *r)
{
	uint32_t nops = (uint32_t)wire_bounded(in, 1, RECORD_MODE_OPS_MAX);

	for (uint32_t i = 0; i < nops && !in->bad; i++) {
		struct mode_op *op = &room->ops[i];

		op->set = wire_bounded(in, 1, 1);
		op->letter = (char)wire_number(in, 1);
		if (!chan_mode_find(op->letter))
			wire_fail(in);
		op->user = wire_number(in, 8);
		op->param = take_str(in);
	}
	r->channel_modes.ops = room->ops;
	r->channel_modes.nops = nops;
}

static void take_items(struct wire_in *in, struct record_room *room, struct record *r)
{
	uint32_t nitems = (uint32_t)wire_bounded(in, 2, RECORD_LIST_ITEMS_MAX);

	for (uint32_t i = 0; i < nitems && !in->bad; i++) {
		struct list_item *item = &room->items[i];

		item->list = (enum chan_list)wire_bounded(in, 1, CHAN_LIST_COUNT - 1);
		item->mask = take_str(in);
		if (!item->mask.n)
			wire_fail(in);
		item->by = take_str(in);
		item->time = (int64_t)wire_number(in, 8);
		item->until = 0;
	}
	r->channel.items = room->items;
	r->channel.nitems = nitems;
}

static void take_channel_more(struct wire_in *in, struct record_room *room, struct record *r)
{
	uint32_t ends, next = 0;

	if (in->bad || in->rest.n == 0)
		return;
	r->channel.params = take_str(in);
	ends = (uint32_t)wire_bounded(in, 2, r->channel.nitems);
	if (!ends && !r->channel.params.n)
		wire_fail(in);
	for (uint32_t i = 0; i < ends && !in->bad; i++) {
		uint32_t at = (uint32_t)wire_number(in, 2);
		int64_t until = (int64_t)wire_number(in, 8);

		if (at < next || at >= r->channel.nitems || !until) {
			wire_fail(in);
			return;
		}
		room->items[at].until = until;
		next = at + 1;
	}
}

static void take_account_items(struct wire_in *in, struct record_room *room, struct record *r)
{
	uint32_t nitems = (uint32_t)wire_bounded(in, 2, RECORD_ACCOUNT_ITEMS_MAX);

	for (uint32_t i = 0; i < nitems && !in->bad; i++) {
		struct account_item *item = &room->account_items[i];

		item->kind = (enum account_item_kind)wire_bounded(in, 1, ACCOUNT_ITEM_KINDS - 1);
		item->text = take_str(in);
		if (!item->text.n)
			wire_fail(in);
		item->time = (int64_t)wire_number(in, 8);
	}
	r->account.items = room->account_items;
	r->account.nitems = nitems;
}

static void take_places(struct wire_in *in, struct record_room *room, struct record *r)
{
	uint32_t n = (uint32_t)wire_bounded(in, 2, RECORD_PLACES_MAX);

	for (uint32_t i = 0; i < n && !in->bad; i++) {
		struct record_place *place = &room->places[i];

		place->channel = take_str(in);
		place->key = take_str(in);
		place->flags = (uint32_t)wire_number(in, 4);
		place->created = (int64_t)wire_number(in, 8);
		place->rank = (uint8_t)wire_bounded(in, 1, 2 * RANK_OWNER - 1);
		if (!place->channel.n)
			wire_fail(in);
	}
	r->stay.places = room->places;
	r->stay.nplaces = n;
}

static uint8_t take_rank(struct wire_in *in)
{
	uint8_t rank = (uint8_t)wire_bounded(in, 1, RANK_OWNER);

	if (rank & (rank - 1))
		wire_fail(in);
	return rank;
}

static void take_message_to(struct wire_in *in, struct record *r)
{
	if (in->bad || in->rest.n == 0)
		return;
	r->message.to = take_str(in);
	r->message.to_account = take_str(in);
	if (in->rest.n && !(r->message.relay = take_str(in)).n)
		wire_fail(in);
	if (!r->message.to.n && !r->message.relay.n)
		wire_fail(in);
}

static void take_field(struct wire_in *in, struct record_room *room, struct record *r, const struct field *f)
{
	void *at = (char *)r + f->at;

	switch (f->kind) {
	case FIELD_END:
		break;
	case FIELD_STR:
	case FIELD_SECRET:
		*(struct str *)at = take_str(in);
		break;
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)wire_number(in, 4);
		break;
	case FIELD_U64:
		*(uint64_t *)at = wire_number(in, 8);
		break;
	case FIELD_MESSAGE_KIND:
		*(enum message_kind *)at = (enum message_kind)wire_bounded(in, 1, MESSAGE_TAGMSG);
		break;
	case FIELD_RANK:
		*(uint8_t *)at = take_rank(in);
		break;
	case FIELD_BAN_KIND:
		*(enum ban_kind *)at = (enum ban_kind)wire_bounded(in, 1, BAN_KIND_COUNT - 1);
		break;
	case FIELD_BAN_ACTION:
		*(enum ban_action *)at = (enum ban_action)wire_bounded(in, 1, BAN_ACTION_COUNT - 1);
		break;
	case FIELD_OPS:
		take_ops(in, room, r);
		break;
	case FIELD_ITEMS:
		take_items(in, room, r);
		break;
	case FIELD_ACCOUNT_ITEMS:
		take_account_items(in, room, r);
		break;
	case FIELD_PLACES:
		take_places(in, room, r);
		break;
	case FIELD_U64_MORE:
		if (in->rest.n && !(*(uint64_t *)at = wire_number(in, 8)))
			wire_fail(in);
		break;
	case FIELD_CHANNEL_MORE:
		take_channel_more(in, room, r);
		break;
	case FIELD_MESSAGE_TO:
		take_message_to(in, r);
		break;
	case FIELD_EVENT_KIND:
		*(enum past_kind *)at = (enum past_kind)wire_bounded(in, 1, PAST_KIND_COUNT - 1);
		break;
	}
}

static bool take_head(struct wire_in *in, struct record *r, size_t size)
{
	if (wire_number(in, LENGTH_SIZE) != size || wire_number(in, 1) != RECORD_VERSION)
		return false;
	r->type = (enum record_type)wire_bounded(in, 1, RECORD_TYPE_END - 1);
	r->flags = (uint8_t)wire_bounded(in, 1, RECORD_OVERRIDE);
	r->time = (int64_t)wire_number(in, 8);
	r->origin = wire_number(in, 8);
	r->session = wire_number(in, 8);
	r->msgid = take_str(in);
	return !in->bad && r->type > 0;
}

bool record_decode(struct record *out, struct record_room *room, struct str bytes)
{
	struct wire_in in = wire_read(bytes);

	memset(out, 0, sizeof(*out));
	if (!take_head(&in, out, bytes.n))
		return false;
	for (const struct field *f = fields[out->type]; f->kind != FIELD_END; f++)
		take_field(&in, room, out, f);
	return !in.bad && in.rest.n == 0;
}

bool record_tags_last(struct str tags)
{
	struct tag tag;

	if (tags_find(tags, STR("+draft/persist"), &tag))
		return true;
	if (!tags_find(tags, STR("+draft/react"), &tag) && !tags_find(tags, STR("+draft/unreact"), &tag))
		return false;
	return record_tags_reply(tags).n > 0;
}

/* Clients still say it in the name that it had as a draft. */
struct str record_tags_reply(struct str tags)
{
	struct tag tag = {0};

	if (!tags_find(tags, STR("+reply"), &tag) && !tags_find(tags, STR("+draft/reply"), &tag))
		return STR_NONE;
	return tag.value;
}

/*
 * Who is here and what they do is as the hour has it; what was said outlives the process. So does a registered channel,
 * as the whole that it is after each change: whether a topic or a mode changed one, only the network knows.
 */
enum record_class record_class(const struct record *r)
{
	switch (r->type) {
	case RECORD_MESSAGE:
		if (r->message.kind == MESSAGE_TAGMSG && !record_tags_last(r->message.tags))
			return RECORD_PRESENCE;
		return RECORD_KEPT_MESSAGE;
	case RECORD_EVENT:
		return RECORD_KEPT_MESSAGE;
	case RECORD_CHANNEL:
	case RECORD_CHANNEL_METADATA:
	case RECORD_CHANNEL_SETTINGS:
	case RECORD_RENAME:
		return RECORD_KEPT_CHANNEL;
	case RECORD_ACCOUNT:
	case RECORD_ACCOUNT_MARKERS:
		return RECORD_KEPT_ACCOUNT;
	case RECORD_MARKER:
		return r->marker.account.n ? RECORD_KEPT_ACCOUNT : RECORD_PRESENCE;
	case RECORD_BAN_SET:
	case RECORD_BAN_CLEAR:
	case RECORD_EMERGENCY:
		return RECORD_KEPT_NETWORK;
	case RECORD_REDACT:
	case RECORD_FORGET:
		return RECORD_REMOVAL;
	case RECORD_EDIT:
		return RECORD_REVISION;
	case RECORD_USER_STAY:
		return RECORD_KEPT_USER;
	default:
		return RECORD_PRESENCE;
	}
}

void record_rename_kept(struct record *r)
{
	r->origin = 0;
	r->flags |= RECORD_OVERRIDE;
}

static const char *const type_names[RECORD_TYPE_END] = {
	[RECORD_USER_ADD] = "user_add",
	[RECORD_USER_NICK] = "user_nick",
	[RECORD_USER_QUIT] = "user_quit",
	[RECORD_USER_KILL] = "user_kill",
	[RECORD_USER_AWAY] = "user_away",
	[RECORD_USER_REALNAME] = "user_realname",
	[RECORD_USER_HOST] = "user_host",
	[RECORD_USER_MODES] = "user_modes",
	[RECORD_USER_ACCOUNT] = "user_account",
	[RECORD_JOIN] = "join",
	[RECORD_PART] = "part",
	[RECORD_KICK] = "kick",
	[RECORD_TOPIC] = "topic",
	[RECORD_CHANNEL_MODES] = "channel_modes",
	[RECORD_INVITE] = "invite",
	[RECORD_MESSAGE] = "message",
	[RECORD_WALLOPS] = "wallops",
	[RECORD_CHANNEL] = "channel",
	[RECORD_USER_OPER] = "user_oper",
	[RECORD_USER_NOTICES] = "user_notices",
	[RECORD_KNOCK] = "knock",
	[RECORD_RENAME] = "rename",
	[RECORD_METADATA] = "metadata",
	[RECORD_MARKER] = "marker",
	[RECORD_ACCOUNT_MARKERS] = "account_markers",
	[RECORD_CHANNEL_METADATA] = "channel_metadata",
	[RECORD_CHANNEL_SETTINGS] = "channel_settings",
	[RECORD_ACCOUNT] = "account",
	[RECORD_BAN_SET] = "ban_set",
	[RECORD_BAN_CLEAR] = "ban_clear",
	[RECORD_EMERGENCY] = "emergency",
	[RECORD_REDACT] = "redact",
	[RECORD_EDIT] = "edit",
	[RECORD_FORGET] = "forget",
	[RECORD_EVENT] = "event",
	[RECORD_USER_STAY] = "user_stay",
};

const char *record_type_name(enum record_type type)
{
	return type_names[type];
}

static void show_ops(const struct record *r, const char *name, const struct record_viewer *v)
{
	char memory[1024];
	struct buf b;

	for (uint32_t i = 0; i < r->channel_modes.nops; i++) {
		const struct mode_op *op = &r->channel_modes.ops[i];

		buf_init(&b, memory, sizeof(memory));
		buf_fmt(&b, "%c%c", op->set ? '+' : '-', op->letter);
		if (op->user)
			buf_fmt(&b, " %llu", (unsigned long long)op->user);
		else if (op->param.n)
			buf_fmt(&b, " %.*s", STR_ARG(op->param));
		v->item(v->ctx, name, buf_view(&b));
	}
}

static void show_items(const struct record *r, const char *name, const struct record_viewer *v)
{
	static const char letters[CHAN_LIST_COUNT] = {
		[CHAN_LIST_BAN] = 'b', [CHAN_LIST_EXCEPT] = 'e', [CHAN_LIST_INVEX] = 'I'};
	char memory[2048];
	struct buf b;

	for (uint32_t i = 0; i < r->channel.nitems; i++) {
		const struct list_item *item = &r->channel.items[i];

		buf_init(&b, memory, sizeof(memory));
		buf_fmt(&b, "+%c %.*s %.*s %lld", letters[item->list], STR_ARG(item->mask), STR_ARG(item->by),
			(long long)item->time);
		if (item->until)
			buf_fmt(&b, " until %lld", (long long)item->until);
		v->item(v->ctx, name, buf_view(&b));
	}
}

static const char *const account_item_names[ACCOUNT_ITEM_KINDS] = {
	[ACCOUNT_CERTFP] = "certfp", [ACCOUNT_NICK] = "nick",       [ACCOUNT_MEMO] = "memo",
	[ACCOUNT_CODE] = "code",     [ACCOUNT_SETTING] = "setting", [ACCOUNT_SEEN] = "seen", [ACCOUNT_CHANNEL] = "channel",
	[ACCOUNT_METADATA] = "metadata", [ACCOUNT_TOTP] = "totp",    [ACCOUNT_RECOVERY] = "recovery",
	[ACCOUNT_LAST] = "last",         [ACCOUNT_PUSH] = "push",
};

static const struct str withheld = STR("(withheld)");

static struct str shown_secret(struct str secret)
{
	return secret.n ? withheld : STR_NONE;
}

/* What somebody wrote to somebody is not for tools either. */
static void show_account_items(const struct record *r, const char *name, const struct record_viewer *v)
{
	char memory[1024];
	struct buf b;

	for (uint32_t i = 0; i < r->account.nitems; i++) {
		const struct account_item *item = &r->account.items[i];
		bool secret = item->kind == ACCOUNT_CODE || item->kind == ACCOUNT_MEMO || item->kind == ACCOUNT_TOTP ||
			      item->kind == ACCOUNT_RECOVERY || item->kind == ACCOUNT_PUSH;

		buf_init(&b, memory, sizeof(memory));
		buf_fmt(&b, "%s %.*s %lld", account_item_names[item->kind],
			STR_ARG(secret ? shown_secret(item->text) : item->text), (long long)item->time);
		v->item(v->ctx, name, buf_view(&b));
	}
}

/* A key is a secret of the channel. */
static void show_places(const struct record *r, const char *name, const struct record_viewer *v)
{
	char memory[1024];
	struct buf b;

	for (uint32_t i = 0; i < r->stay.nplaces; i++) {
		buf_init(&b, memory, sizeof(memory));
		buf_fmt(&b, "%.*s %u", STR_ARG(r->stay.places[i].channel), r->stay.places[i].rank);
		v->item(v->ctx, name, buf_view(&b));
	}
}

static void show_field(const struct record *r, const struct field *f, const struct record_viewer *v)
{
	const void *at = (const char *)r + f->at;
	const char *dot = strchr(f->name, '.');
	const char *name = dot ? dot + 1 : f->name;

	switch (f->kind) {
	case FIELD_END:
		break;
	case FIELD_STR:
		v->text(v->ctx, name, *(const struct str *)at);
		break;
	case FIELD_U32:
		v->number(v->ctx, name, *(const uint32_t *)at);
		break;
	case FIELD_U64:
	case FIELD_U64_MORE:
		v->number(v->ctx, name, *(const uint64_t *)at);
		break;
	case FIELD_MESSAGE_KIND:
		v->number(v->ctx, name, *(const enum message_kind *)at);
		break;
	case FIELD_RANK:
		v->number(v->ctx, name, *(const uint8_t *)at);
		break;
	case FIELD_BAN_KIND:
		v->number(v->ctx, name, *(const enum ban_kind *)at);
		break;
	case FIELD_BAN_ACTION:
		v->number(v->ctx, name, *(const enum ban_action *)at);
		break;
	case FIELD_OPS:
		show_ops(r, name, v);
		break;
	case FIELD_ITEMS:
		show_items(r, name, v);
		break;
	case FIELD_SECRET:
		v->text(v->ctx, name, shown_secret(*(const struct str *)at));
		break;
	case FIELD_ACCOUNT_ITEMS:
		show_account_items(r, name, v);
		break;
	case FIELD_PLACES:
		show_places(r, name, v);
		break;
	case FIELD_CHANNEL_MORE:
		v->text(v->ctx, name, r->channel.params);
		break;
	case FIELD_MESSAGE_TO:
		v->text(v->ctx, "to", r->message.to);
		v->text(v->ctx, "to_account", r->message.to_account);
		v->text(v->ctx, "relay", r->message.relay);
		break;
	case FIELD_EVENT_KIND:
		v->number(v->ctx, name, *(const enum past_kind *)at);
		break;
	}
}

void record_show(const struct record *r, const struct record_viewer *v)
{
	for (const struct field *f = fields[r->type]; f->kind; f++)
		show_field(r, f, v);
}
