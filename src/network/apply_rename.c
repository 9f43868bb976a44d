#include "base/mem.h"
#include "network/apply.h"
#include "network/markers.h"
#include "network/rules.h"

/*
 * RECORD_RENAME: https://ircv3.net/specs/extensions/channel-rename
 * Members, modes, lists and invitations are the channel's own; what names it stands with accounts and users.
 */
enum { RANK_LETTERS = 16 };

static bool is_of(const struct network *net, const struct account_item *item, struct str channel)
{
	struct str name;
	uint8_t rank;

	return item->kind == ACCOUNT_CHANNEL && access_parse(item->text, &name, &rank) &&
	       casemap_eq(net->config.casemap, name, channel);
}

/* As the whole that it is: whoever is about to alter what it was before is refused. */
static void move_account(struct network *net, struct account *account, struct str from, struct str to)
{
	struct account_item items[RECORD_ACCOUNT_ITEMS_MAX];
	char *texts[RANK_LETTERS];
	struct record r;
	int n = 0;

	network_account_record(account, &r, items);
	for (uint32_t i = 0; i < r.account.nitems && n < RANK_LETTERS; i++) {
		struct buf b;

		if (!is_of(net, &items[i], from))
			continue;
		texts[n] = mem_alloc(to.n + 2);
		buf_init(&b, texts[n++], to.n + 2);
		buf_str(&b, to);
		buf_chr(&b, ' ');
		buf_chr(&b, items[i].text.p[items[i].text.n - 1]);
		items[i].text = buf_view(&b);
	}
	r.account.revision++;
	state_account_set(net, account, &r);
	while (n)
		mem_free(texts[--n]);
}

/* The list is made anew with each account. */
static void move_access(struct network *net, struct str from, struct str to)
{
	const struct vec *list = network_access_list(net, from);
	uint32_t n = list ? list->count : 0;
	struct account **accounts;

	if (!n)
		return;
	accounts = mem_alloc(n * sizeof(struct account *));
	for (uint32_t i = 0; i < n; i++)
		accounts[i] = list->items[i];
	for (uint32_t i = 0; i < n; i++)
		move_account(net, accounts[i], from, to);
	mem_free(accounts);
}

/* Of all accounts, for who is here is not known when it is applied again. */
static void move_markers(struct network *net, struct str from, struct str to)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX], other[NETWORK_FOLDED_MAX];

	from = casemap_fold(net->config.casemap, memory, from);
	to = casemap_fold(net->config.casemap, other, to);
	for (uint32_t i = 0; i < net->accounts.count; i++)
		markers_move(&((struct account *)net->accounts.items[i])->markers, from, to);
	for (uint32_t i = 0; i < net->users.count; i++)
		markers_move(&((struct user *)net->users.items[i])->markers, from, to);
}

/* By the server, for whoever renames may have no say there; those who are there hear it. */
static void tell_follows(const struct apply *a, const struct channel *c, const struct mode_op *ops, uint32_t nops)
{
	struct change change = apply_change(a, CHANGE_CHANNEL_MODES);

	change.by = change.user = NULL;
	change.channel = c;
	change.ops = ops;
	change.nops = nops;
	apply_tell(a, &change);
}

static void follow_list(const struct apply *a, struct channel *c, const struct chan_mode *mode)
{
	enum chan_list list = (enum chan_list)mode->bit;

	for (uint32_t i = 0; i < c->lists[list].count; i++) {
		struct list_entry *e = c->lists[list].items[i];
		struct mode_op ops[] = {{.set = false, .letter = mode->letter}, {.set = true, .letter = mode->letter}};
		char memory[NETWORK_MASK_MAX];
		struct buf mask;
		char *was = e->mask;

		buf_init(&mask, memory, sizeof(memory));
		if (!state_mask_renamed(a->net, &mask, str_of(was), a->r->rename.channel, a->r->rename.name) ||
		    str_eq(str_of(was), buf_view(&mask)))
			continue;
		ops[0].param = str_of(was);
		ops[1].param = buf_view(&mask);
		if (state_list_find(a->net, c, list, buf_view(&mask)) != NULL &&
		    !casemap_eq(a->net->config.casemap, str_of(was), buf_view(&mask))) {
			state_list_take(c, list, e);
			tell_follows(a, c, ops, 1);
			state_list_entry_free(e);
			i--;
			continue;
		}
		e->mask = mem_strndup(mask.p, mask.n);
		tell_follows(a, c, ops, 2);
		mem_free(was);
	}
}

static void follow_forward(const struct apply *a, struct channel *c)
{
	struct mode_op op = {.set = true, .letter = 'f', .param = a->r->rename.name};

	if (!c->extra || !c->extra->forward ||
	    !casemap_eq(a->net->config.casemap, str_of(c->extra->forward), a->r->rename.channel))
		return;
	if (state_param_set(c, CHAN_PARAM_FORWARD, op.param))
		tell_follows(a, c, &op, 1);
}

/*
 * What of other channels names this one. The old name is anybody's from now on: who takes it must not be let in where
 * its people were, nor be sent those who are turned away elsewhere.
 */
static void move_mentions(const struct apply *a)
{
	size_t count;
	const struct chan_mode *modes = chan_modes(&count);

	for (uint32_t i = 0; i < a->net->channels.count; i++) {
		struct channel *c = a->net->channels.items[i];

		for (size_t m = 0; m < count; m++)
			if (modes[m].type == CHAN_MODE_LIST)
				follow_list(a, c, &modes[m]);
		follow_forward(a, c);
	}
}

static enum refusal may_rename(const struct apply *a, const struct channel *c)
{
	const struct member *m = network_member(c, a->origin);
	const struct channel *there = state_channel(a->net, a->r->rename.name);
	struct str name = a->r->rename.name;

	if (!a->unchecked && !m)
		return REFUSAL_NOT_ON_CHANNEL;
	if (!a->unchecked && !rule_has_rank(m, c->flags & CHAN_REGISTERED ? RANK_OWNER : RANK_OP))
		return REFUSAL_NEED_RANK;
	if (!state_channel_name_fits(name) || str_eq(name, str_of(c->name)))
		return REFUSAL_CANNOT_RENAME;
	if (!a->unchecked && (network_channel_shut(a->net, name) || network_channel_shut(a->net, str_of(c->name))))
		return REFUSAL_FORBIDDEN;
	if (there)
		return there == c ? REFUSAL_NONE : REFUSAL_NAME_TAKEN;
	return network_access_list(a->net, name) ? REFUSAL_NAME_TAKEN : REFUSAL_NONE;
}

/* Those who stay may be there before the channel is: a snapshot is made of what is so while it is made. */
static void gather(struct network *net, struct channel *from, struct channel *to)
{
	for (uint32_t i = from->members.count; i-- > 0;) {
		struct member *m = from->members.items[i];
		struct user *u = m->user;
		uint8_t rank = m->rank;

		if (!network_member(to, u))
			state_member_add(to, u, rank);
		state_member_remove(net, m);
	}
}

/* False: it is done. What is registered under the new name can be nothing but the same channel as it was later. */
static bool is_due(const struct apply *a, struct channel *c)
{
	struct channel *there = state_channel(a->net, a->r->rename.name);

	if (there && there != c && (there->flags & CHAN_REGISTERED))
		return false;
	if (c && there && there != c)
		gather(a->net, there, c);
	return true;
}

void apply_rename(struct apply *a)
{
	struct change change = apply_change(a, CHANGE_RENAMED);
	struct str from = a->r->rename.channel, to = a->r->rename.name;
	struct channel *c;
	char *was = NULL;

	if (!state_channel_name_fits(from))
		return;
	c = a->origin ? apply_channel(a, from) : state_channel(a->net, from);
	if (a->origin && (!c || apply_refuse(a, may_rename(a, c), a->origin, c)))
		return;
	if (!a->origin && (!state_channel_name_fits(to) || !is_due(a, c)))
		return;
	move_access(a->net, from, to);
	move_markers(a->net, from, to);
	move_mentions(a);
	if (!c)
		return;
	was = state_channel_rename(a->net, c, to);
	change.channel = c;
	change.was = str_of(was);
	change.text = a->r->rename.reason;
	apply_tell(a, &change);
	mem_free(was);
}
