#include "network/apply.h"
#include "network/metadata.h"
#include "network/rules.h"

static void tell(const struct apply *a, const struct user *u, const struct channel *channel, const struct metadata *m,
		 struct str key)
{
	struct change c = apply_change(a, CHANGE_METADATA);

	c.user = u;
	c.channel = channel;
	c.key = key;
	c.removed = !metadata_get(m, key, &c.text);
	apply_tell(a, &c);
}

static struct metadata **find(const struct apply *a, struct user **u, struct channel **c)
{
	if (a->r->metadata.channel.n) {
		*c = apply_channel(a, a->r->metadata.channel);
		return *c ? &(*c)->metadata : NULL;
	}
	*u = apply_target(a, a->r->metadata.target, NULL);
	return *u ? &(*u)->metadata : NULL;
}

static enum refusal may_set(const struct apply *a, const struct user *u, const struct channel *c)
{
	if (a->unchecked || (u && u == a->origin))
		return REFUSAL_NONE;
	return c && rule_has_rank(network_member(c, a->origin), RANK_OP) ? REFUSAL_NONE : REFUSAL_METADATA;
}

/* Told even when nothing is new, for the origin is owed an answer. */
void apply_metadata(struct apply *a)
{
	const struct record *r = a->r;
	struct channel *c = NULL;
	struct user *u = NULL;
	struct metadata **m = find(a, &u, &c);
	struct str now;

	if (!m || !metadata_key_fits(r->metadata.key) || !metadata_value_fits(r->metadata.value) ||
	    apply_refuse(a, may_set(a, u, c), u, c))
		return;
	if (r->metadata.remove)
		(void)metadata_remove(m, r->metadata.key);
	else if (r->metadata.max && metadata_count(*m) >= r->metadata.max && !metadata_get(*m, r->metadata.key, &now))
		apply_refuse(a, REFUSAL_METADATA_FULL, u, c);
	else
		(void)metadata_set(m, r->metadata.key, r->metadata.value);
	if (r->metadata.remove || metadata_get(*m, r->metadata.key, &now))
		tell(a, u, c, *m, r->metadata.key);
}

/* All that is kept of a registered channel's: at a start, when nobody is there to be told. */
void apply_kept_metadata(struct apply *a)
{
	struct channel *c = state_channel(a->net, a->r->channel_metadata.channel);

	if (a->unchecked && c && (c->flags & CHAN_REGISTERED))
		metadata_take(&c->metadata, a->r->channel_metadata.text);
}

/* What was the account's goes with it. */
static void forget(const struct apply *a, struct user *u, struct str name)
{
	const struct account *was = network_account(a->net, name);

	for (uint32_t i = 0; was && i < was->items.count; i++) {
		const struct account_kept *item = was->items.items[i];
		struct str text = str_of(item->text), key;

		if (item->kind == ACCOUNT_METADATA && str_split(&text, ' ', &key) && metadata_remove(&u->metadata, key))
			tell(a, u, NULL, u->metadata, key);
	}
}

static void take(const struct apply *a, struct user *u, bool told)
{
	const struct account *now = network_account(a->net, user_str(u, USER_ACCOUNT));

	for (uint32_t i = 0; now && i < now->items.count; i++) {
		const struct account_kept *item = now->items.items[i];
		struct str text = str_of(item->text), key;

		if (item->kind == ACCOUNT_METADATA && str_split(&text, ' ', &key) &&
		    metadata_set(&u->metadata, key, text) && told)
			tell(a, u, NULL, u->metadata, key);
	}
}

void apply_newcomer_metadata(const struct apply *a, struct user *u, struct str said)
{
	metadata_take(&u->metadata, said);
	take(a, u, false);
}

void apply_account_metadata(const struct apply *a, struct user *u, struct str was)
{
	forget(a, u, was);
	take(a, u, true);
}
