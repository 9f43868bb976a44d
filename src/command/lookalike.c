#include "command/lookalike.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "network/account.h"
#include "network/network.h"

enum { FIRST_SWEEP = 64 };

/* All names of one skeleton: char *, folded. */
struct look {
	struct vec names;
	char skeleton[];
};

struct lookalikes {
	const struct network *net;
	struct skeletons *skeletons; /* made when a name asks for it first; NULL: none did, or there is no such data */
	bool tried;
	struct map looks; /* struct look * */
	uint32_t count;   /* names */
	uint32_t sweep;   /* at so many, those are looked for that nobody has any more */
};

static struct str key_of_look(const void *item)
{
	return str_of(((const struct look *)item)->skeleton);
}

struct lookalikes *lookalikes_new(const struct network *net, const struct hash_key *seed)
{
	struct lookalikes *l = mem_zalloc(sizeof(*l));

	l->net = net;
	l->sweep = FIRST_SWEEP;
	map_init(&l->looks, key_of_look, seed);
	return l;
}

static void look_free(struct look *look)
{
	for (uint32_t i = 0; i < look->names.count; i++)
		mem_free(look->names.items[i]);
	vec_deinit(&look->names);
	mem_free(look);
}

void lookalikes_free(struct lookalikes *l)
{
	struct look *look;
	uint32_t at = 0;

	if (!l)
		return;
	while ((look = map_next(&l->looks, &at)))
		look_free(look);
	map_deinit(&l->looks);
	skeletons_free(l->skeletons);
	mem_free(l);
}

uint32_t lookalikes_count(const struct lookalikes *l)
{
	return l->count;
}

static struct str skeleton(struct lookalikes *l, char memory[SKELETON_MAX], struct str name)
{
	if (!l->tried)
		l->skeletons = skeletons_new();
	l->tried = true;
	return skeleton_of(l->skeletons, memory, name);
}

static bool is_somebodys(const struct lookalikes *l, struct str name)
{
	return network_user_by_nick(l->net, name) || network_account_of_nick(l->net, name);
}

static void drop_unused(struct lookalikes *l, struct look *look)
{
	for (uint32_t i = look->names.count; i-- > 0;) {
		char *name = look->names.items[i];

		if (is_somebodys(l, str_of(name)))
			continue;
		vec_remove(&look->names, i);
		mem_free(name);
		l->count--;
	}
}

/* Into a table of its own, for one that is walked must not change. */
static void sweep(struct lookalikes *l)
{
	struct map left;
	struct look *look;
	uint32_t at = 0;

	map_init(&left, key_of_look, &l->looks.seed);
	while ((look = map_next(&l->looks, &at))) {
		drop_unused(l, look);
		if (look->names.count)
			map_put(&left, look);
		else
			look_free(look);
	}
	map_deinit(&l->looks);
	l->looks = left;
	l->sweep = 2 * l->count + FIRST_SWEEP;
}

static struct look *look_of(struct lookalikes *l, struct str skeleton)
{
	struct look *look = map_get(&l->looks, skeleton);

	if (look)
		return look;
	look = mem_zalloc(sizeof(*look) + skeleton.n + 1);
	memcpy(look->skeleton, skeleton.p, skeleton.n);
	map_put(&l->looks, look);
	return look;
}

void lookalikes_note(struct lookalikes *l, struct str name)
{
	BUF_MEMORY char memory[SKELETON_MAX], folded_memory[CASEMAP_ROOM(SKELETON_NAME_MAX)];
	struct str folded;
	struct look *look;

	if (!casemap_beyond_ascii(network_casemap(l->net), name) || name.n > SKELETON_NAME_MAX)
		return;
	if (l->count >= l->sweep)
		sweep(l);
	folded = casemap_fold(network_casemap(l->net), folded_memory, name);
	look = look_of(l, skeleton(l, memory, name));
	for (uint32_t i = 0; i < look->names.count; i++)
		if (str_eq(str_of(look->names.items[i]), folded))
			return;
	vec_push(&look->names, mem_strndup(folded.p, folded.n));
	l->count++;
}

static void note_account(struct lookalikes *l, const struct account *a)
{
	lookalikes_note(l, account_str(a, ACCOUNT_NAME));
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_NICK)
			lookalikes_note(l, str_of(item->text));
	}
}

void lookalikes_note_account(struct lookalikes *l, struct str name)
{
	const struct account *a = network_account(l->net, name);

	if (a)
		note_account(l, a);
}

void lookalikes_note_all(struct lookalikes *l)
{
	const struct vec *accounts = network_accounts(l->net), *users = network_users(l->net);

	for (uint32_t i = 0; i < accounts->count; i++)
		note_account(l, accounts->items[i]);
	for (uint32_t i = 0; i < users->count; i++)
		lookalikes_note(l, user_str(users->items[i], USER_NICK));
}

/* In ASCII a name that nobody has in another script looks like no other. */
void lookalike_walk_init(struct lookalike_walk *w, struct lookalikes *l, struct str name)
{
	enum casemap map = network_casemap(l->net);
	const struct look *look;

	w->names = NULL;
	w->at = 0;
	w->plain = casemap_beyond_ascii(map, name);
	if (map != CASEMAP_PRECIS || name.n > SKELETON_NAME_MAX || (!w->plain && !l->count)) {
		w->plain = false;
		return;
	}
	w->folded = casemap_fold(map, w->folded_memory, name);
	w->skeleton = w->plain ? skeleton(l, w->skeleton_memory, name) : w->folded;
	w->plain = w->plain && !str_eq(w->skeleton, w->folded);
	look = map_get(&l->looks, w->skeleton);
	w->names = look ? &look->names : NULL;
}

bool lookalike_walk_next(struct lookalike_walk *w, struct str *name)
{
	if (w->plain) {
		w->plain = false;
		*name = w->skeleton;
		return true;
	}
	while (w->names && w->at < w->names->count) {
		*name = str_of(w->names->items[w->at++]);
		if (!str_eq(*name, w->folded))
			return true;
	}
	return false;
}
