#include "network/account.h"

#include <string.h>

#include "base/mem.h"
#include "network/state.h"

static struct str key_of_account(const void *item)
{
	return account_str(item, ACCOUNT_FOLDED);
}

static struct str key_of_key(const void *item)
{
	return str_of(((const struct account_key *)item)->text);
}

void state_accounts_init(struct network *net)
{
	map_init(&net->accounts_by_name, key_of_account, &net->config.seed);
	map_init(&net->accounts_by_nick, key_of_key, &net->config.seed);
	map_init(&net->accounts_by_cert, key_of_key, &net->config.seed);
	state_access_init(net);
}

/* Its text has secrets in it. */
static void drop_text(struct account *a)
{
	if (a->text)
		explicit_bzero(a->text, a->text_at[ACCOUNT_TEXT_COUNT]);
	mem_free(a->text);
}

static void drop_items(struct account *a)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		struct account_kept *item = a->items.items[i];

		explicit_bzero(item->text, strlen(item->text));
		mem_free(item);
	}
	vec_deinit(&a->items);
}

static void account_free(struct account *a)
{
	drop_text(a);
	drop_items(a);
	mem_free(a->markers);
	mem_free(a);
}

static void keys_deinit(struct map *keys)
{
	uint32_t at = 0;
	struct account_key *key;

	while ((key = map_next(keys, &at)))
		mem_free(key);
	map_deinit(keys);
}

void state_accounts_deinit(struct network *net)
{
	keys_deinit(&net->accounts_by_nick);
	keys_deinit(&net->accounts_by_cert);
	state_access_deinit(net);
	for (uint32_t i = 0; i < net->accounts.count; i++)
		account_free(net->accounts.items[i]);
	vec_deinit(&net->accounts);
	map_deinit(&net->accounts_by_name);
}

static bool text_fits(struct str s)
{
	return s.n < NETWORK_TEXT_MAX;
}

bool state_account_fits(const struct record *r)
{
	if (!r->account.name.n || r->account.nitems > RECORD_ACCOUNT_ITEMS_MAX)
		return false;
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		const struct account_item *item = &r->account.items[i];

		if (item->kind >= ACCOUNT_ITEM_KINDS || !item->text.n || !text_fits(item->text))
			return false;
	}
	return text_fits(r->account.name) && text_fits(r->account.credentials) && text_fits(r->account.email) &&
	       text_fits(r->account.vhost) && text_fits(r->account.note);
}

static void pack(const struct network *net, struct account *a, const struct record *r)
{
	BUF_MEMORY char folded[NETWORK_FOLDED_MAX];
	const struct str text[ACCOUNT_TEXT_COUNT] = {
		[ACCOUNT_NAME] = r->account.name,   [ACCOUNT_FOLDED] = casemap_fold(net->config.casemap, folded, r->account.name),
		[ACCOUNT_EMAIL] = r->account.email, [ACCOUNT_CREDENTIALS] = r->account.credentials,
		[ACCOUNT_VHOST] = r->account.vhost, [ACCOUNT_NOTE] = r->account.note,
	};
	size_t size = 0;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		size += text[i].n + 1;
	a->text = mem_alloc(size);
	size = 0;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		a->text_at[i] = (uint16_t)size;
		if (text[i].n)
			memcpy(a->text + size, text[i].p, text[i].n);
		size += text[i].n;
		a->text[size++] = '\0';
	}
	a->text_at[ACCOUNT_TEXT_COUNT] = (uint16_t)size;
}

static struct account_kept *keep_item(const struct account_item *item)
{
	struct account_kept *kept = mem_alloc(sizeof(*kept) + item->text.n + 1);

	kept->kind = item->kind;
	kept->time = item->time;
	memcpy(kept->text, item->text.p, item->text.n);
	kept->text[item->text.n] = '\0';
	return kept;
}

/* Where an item of that kind is found by, and under which key. NULL: it is not looked for. */
static struct map *keys_of(struct network *net, enum account_item_kind kind, char memory[NETWORK_FOLDED_MAX],
			   struct str *text)
{
	switch (kind) {
	case ACCOUNT_NICK:
		*text = casemap_fold(net->config.casemap, memory, *text);
		return &net->accounts_by_nick;
	case ACCOUNT_CERTFP:
		return &net->accounts_by_cert;
	default:
		return NULL;
	}
}

/* What is there already stays whose it is: one nick named twice is one nick. */
static void add_key(struct network *net, struct account *a, enum account_item_kind kind, struct str text)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX];
	struct map *keys = keys_of(net, kind, memory, &text);
	struct account_key *key;

	if (!keys || map_get(keys, text))
		return;
	key = mem_alloc(sizeof(*key) + text.n + 1);
	key->account = a;
	memcpy(key->text, text.p, text.n);
	key->text[text.n] = '\0';
	map_put(keys, key);
}

static void drop_key(struct network *net, const struct account *a, enum account_item_kind kind, struct str text)
{
	BUF_MEMORY char memory[NETWORK_FOLDED_MAX];
	struct map *keys = keys_of(net, kind, memory, &text);
	struct account_key *key = keys ? map_get(keys, text) : NULL;

	if (!key || key->account != a)
		return;
	map_del(keys, text);
	mem_free(key);
}

static void drop_keys(struct network *net, const struct account *a)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		drop_key(net, a, item->kind, str_of(item->text));
		if (item->kind == ACCOUNT_CHANNEL)
			state_access_drop(net, a, str_of(item->text));
	}
}

static void fill(struct network *net, struct account *a, const struct record *r)
{
	pack(net, a, r);
	a->revision = r->account.revision;
	a->created = r->account.created;
	a->flags = r->account.flags & ACCOUNT_FLAGS;
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		vec_push(&a->items, keep_item(&r->account.items[i]));
		add_key(net, a, r->account.items[i].kind, r->account.items[i].text);
		if (r->account.items[i].kind == ACCOUNT_CHANNEL)
			state_access_add(net, a, r->account.items[i].text);
	}
}

/* The old is whole until the new is, for the record may be made of views into it. */
void state_account_set(struct network *net, struct account *a, const struct record *r)
{
	struct account was = a ? *a : (struct account){0};

	if (a) {
		drop_keys(net, a);
		map_del(&net->accounts_by_name, account_str(a, ACCOUNT_FOLDED));
		a->items = (struct vec){0};
	} else {
		a = mem_zalloc(sizeof(*a));
		a->at = vec_push(&net->accounts, a);
	}
	fill(net, a, r);
	map_put(&net->accounts_by_name, a);
	drop_text(&was);
	drop_items(&was);
}

void state_account_remove(struct network *net, struct account *a)
{
	struct account *moved;

	drop_keys(net, a);
	map_del(&net->accounts_by_name, account_str(a, ACCOUNT_FOLDED));
	moved = vec_remove(&net->accounts, a->at);
	if (moved)
		moved->at = a->at;
	account_free(a);
}

void network_account_record(const struct account *a, struct record *out,
			    struct account_item items[RECORD_ACCOUNT_ITEMS_MAX])
{
	*out = (struct record){.type = RECORD_ACCOUNT};
	out->account.name = account_str(a, ACCOUNT_NAME);
	out->account.revision = a->revision;
	out->account.created = a->created;
	out->account.flags = a->flags;
	out->account.credentials = account_str(a, ACCOUNT_CREDENTIALS);
	out->account.email = account_str(a, ACCOUNT_EMAIL);
	out->account.vhost = account_str(a, ACCOUNT_VHOST);
	out->account.note = account_str(a, ACCOUNT_NOTE);
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		items[i] = (struct account_item){item->kind, str_of(item->text), item->time};
	}
	out->account.items = items;
	out->account.nitems = a->items.count;
}

const struct account_kept *account_find(const struct account *a, enum account_item_kind kind, struct str text)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == kind && str_eq(str_of(item->text), text))
			return item;
	}
	return NULL;
}

uint32_t account_count(const struct account *a, enum account_item_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->items.count; i++)
		n += ((const struct account_kept *)a->items.items[i])->kind == kind;
	return n;
}
