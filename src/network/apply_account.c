#include "network/apply.h"

/* RECORD_ACCOUNT: an account made what the record says, or no account any more. */

static bool is_another(const struct apply *a, const struct account *own, struct str nick)
{
	const struct account *holder = network_account_of_nick(a->net, nick);

	return holder && holder != own;
}

/* A channel has one founder. */
static bool is_founded(const struct apply *a, const struct account *own, struct str text)
{
	const struct account *founder;
	struct str channel;
	uint8_t rank;

	if (!access_parse(text, &channel, &rank) || rank != RANK_OWNER)
		return false;
	founder = network_founder(a->net, channel);
	return founder && founder != own;
}

static bool is_taken(const struct apply *a, const struct account *own)
{
	const struct record *r = a->r;

	if (is_another(a, own, r->account.name))
		return true;
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		const struct account_item *item = &r->account.items[i];
		const struct account *holder;

		if (item->kind == ACCOUNT_CHANNEL && is_founded(a, own, item->text))
			return true;
		if (item->kind == ACCOUNT_NICK && is_another(a, own, item->text))
			return true;
		holder = item->kind == ACCOUNT_CERTFP ? network_account_of_cert(a->net, item->text) : NULL;
		if (holder && holder != own)
			return true;
	}
	return false;
}

void apply_kept_account(struct apply *a)
{
	const struct record *r = a->r;
	struct account *own = state_account(a->net, r->account.name);

	if (!a->unchecked || !state_account_fits(r))
		return;
	if (own && r->account.revision <= own->revision) {
		apply_refuse(a, REFUSAL_ACCOUNT_CHANGED, NULL, NULL);
		return;
	}
	if (!(r->account.flags & ACCOUNT_EXISTS)) {
		if (own)
			state_account_remove(a->net, own);
		return;
	}
	if (is_taken(a, own))
		apply_refuse(a, REFUSAL_ACCOUNT_TAKEN, NULL, NULL);
	else
		state_account_set(a->net, own, r);
}
