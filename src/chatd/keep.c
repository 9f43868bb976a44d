#include "chatd/keep.h"

#include <stdio.h>

#include "network/account.h"

enum journal_class keep_class(const struct keep *k, const struct record *r)
{
	switch (record_class(r)) {
	case RECORD_PRESENCE:
		return JOURNAL_PASSING;
	case RECORD_KEPT_MESSAGE:
		if (r->message.channel.n == 0 && !k->config->keep_direct)
			return JOURNAL_PASSING;
		return JOURNAL_MESSAGE;
	case RECORD_REMOVAL:
		return JOURNAL_REMOVAL;
	default:
		return JOURNAL_STATE;
	}
}

void keep_author(struct keep *k, struct record *r, const struct user *u)
{
	if (r->type != RECORD_MESSAGE || !u)
		return;
	snprintf(k->by, sizeof(k->by), "%s!%s@%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST));
	r->message.by = str_of(k->by);
	r->message.account = user_str(u, USER_ACCOUNT);
}

/* Messages between users have one place for all of them. */
static struct str target_of(struct keep *k, const struct record *r)
{
	struct str channel = r->message.channel;

	if (r->type != RECORD_MESSAGE)
		return STR_NONE;
	if (channel.n == 0 || channel.n > sizeof(k->target))
		return STR("@");
	casemap_fold(network_casemap(k->net), k->target, channel);
	return (struct str){k->target, channel.n};
}

void keep_encode(struct keep *k, struct buf *out, const struct record *r, struct journal_about *about)
{
	record_encode(out, r);
	*about = (struct journal_about){.time = r->time, .msgid = r->msgid, .target = target_of(k, r)};
	if (r->type == RECORD_REDACT)
		about->msgid = r->redact.msgid;
	else if (r->type == RECORD_FORGET)
		*about = (struct journal_about){.time = r->time, .target = r->forget.account};
}

static bool gave_up_registration(const struct change *c)
{
	for (uint32_t i = 0; i < c->nops; i++) {
		const struct chan_mode *mode = chan_mode_find(c->ops[i].letter);

		if (mode && mode->type == CHAN_MODE_FLAG && mode->bit == CHAN_REGISTERED && !c->ops[i].set)
			return true;
	}
	return false;
}

void keep_note(struct keep *k, const struct change *c)
{
	if (c->record->type == RECORD_CHANNEL)
		return;
	if (c->type != CHANGE_TOPIC && c->type != CHANGE_CHANNEL_MODES)
		return;
	/* Ranks alone, which are not kept with the channel. */
	if (c->record->type == RECORD_JOIN || c->record->type == RECORD_USER_ACCOUNT)
		return;
	if ((c->channel->flags & CHAN_REGISTERED) || gave_up_registration(c))
		snprintf(k->touched, sizeof(k->touched), "%s", c->channel->name);
}

bool keep_touched(struct keep *k, struct record *r)
{
	const struct channel *c;

	if (!k->touched[0])
		return false;
	c = network_channel(k->net, str_of(k->touched));
	*r = (struct record){.type = RECORD_CHANNEL};
	if (c)
		network_channel_record(c, r, &k->room);
	else
		r->channel.name = str_of(k->touched);
	r->flags = RECORD_OVERRIDE;
	return true;
}

/*
 * The level, channels, accounts, bans of each kind, each from the last down to the first: one that goes meanwhile is replaced by
 * the last, which has been seen, and whatever comes or changes is in a record behind the snapshot's position.
 */
enum { PART_CHANNELS, PART_ACCOUNTS, PART_BANS, PART_END = PART_BANS + BAN_KIND_COUNT };

static const struct vec *part_items(const struct keep *k)
{
	if (k->walked == PART_CHANNELS)
		return network_channels(k->net);
	if (k->walked == PART_ACCOUNTS)
		return network_accounts(k->net);
	return k->walked < PART_END ? network_bans(k->net, (enum ban_kind)(k->walked - PART_BANS)) : NULL;
}

/* False: it is not kept. */
static bool make_item(struct keep *k, const struct vec *items, struct record *r)
{
	const void *item = items->items[k->walk];

	if (k->walked >= PART_BANS)
		network_ban_record(item, r);
	else if (k->walked == PART_ACCOUNTS)
		network_account_record(item, r, k->room.account_items);
	else if (((const struct channel *)item)->flags & CHAN_REGISTERED)
		network_channel_record(item, r, &k->room);
	else
		return false;
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
