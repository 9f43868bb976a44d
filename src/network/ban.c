#include "network/ban.h"

#include <time.h>

#include "base/mem.h"
#include "network/state.h"
#include "proto/mask.h"

/* What a ban is found by: its kind, and behind it the bits of addresses with their number, or the folded mask. */
enum { KEY_MAX = 1 + CASEMAP_ROOM(NETWORK_MASK_MAX) };

struct key {
	char bytes[KEY_MAX];
	size_t n;
};

static struct str key_of_ban(const void *item)
{
	const struct ban *b = item;

	return (struct str){b->key, b->nkey};
}

static struct str id_of_ban(const void *item)
{
	const struct ban *b = item;

	return (struct str){(const char *)&b->id, sizeof(b->id)};
}

void state_bans_init(struct network *net)
{
	map_init(&net->bans_by_key, key_of_ban, &net->config.seed);
	map_init(&net->bans_by_id, id_of_ban, &net->config.seed);
}

void state_bans_deinit(struct network *net)
{
	for (int kind = 0; kind < BAN_KIND_COUNT; kind++) {
		for (uint32_t i = 0; i < net->bans[kind].count; i++)
			state_ban_free(net->bans[kind].items[i]);
		vec_deinit(&net->bans[kind]);
	}
	map_deinit(&net->bans_by_key);
	map_deinit(&net->bans_by_id);
}

void state_ban_free(struct ban *b)
{
	mem_free(b->mask);
	mem_free(b->by);
	mem_free(b->reason);
	mem_free(b->key);
	mem_free(b);
}

static void key_of_address(struct key *key, const struct cidr *c)
{
	key->bytes[0] = BAN_ADDRESS;
	memcpy(key->bytes + 1, c->bytes, sizeof(c->bytes));
	key->bytes[1 + sizeof(c->bytes)] = (char)c->bits;
	key->n = 2 + sizeof(c->bytes);
}

/* Patterns of texts are told apart by their case; names are not. False: it is no mask of that kind. */
static bool key_make(const struct network *net, struct key *key, enum ban_kind kind, struct str mask)
{
	struct cidr c;

	if (mask.n == 0 || mask.n > NETWORK_MASK_MAX)
		return false;
	if (kind == BAN_ADDRESS) {
		if (!cidr_parse(&c, mask))
			return false;
		key_of_address(key, &c);
		return true;
	}
	key->bytes[0] = (char)kind;
	key->n = 1 + mask.n;
	if (kind == BAN_FILTER)
		memcpy(key->bytes + 1, mask.p, mask.n);
	else
		key->n = 1 + casemap_fold(net->config.casemap, key->bytes + 1, mask).n;
	return true;
}

struct ban *state_ban_find(const struct network *net, enum ban_kind kind, struct str mask)
{
	BUF_MEMORY struct key key;

	if (!key_make(net, &key, kind, mask))
		return NULL;
	return map_get(&net->bans_by_key, (struct str){key.bytes, key.n});
}

struct ban *state_ban_by_id(const struct network *net, uint64_t id)
{
	return map_get(&net->bans_by_id, (struct str){(const char *)&id, sizeof(id)});
}

static char *copy_text(struct str s)
{
	s = state_text_cut(s);
	return mem_strndup(s.n ? s.p : "", s.n);
}

static void replace_text(char **at, struct str s)
{
	char *old = *at;

	*at = copy_text(s);
	mem_free(old);
}

static void count_length(struct network *net, const struct ban *b, int by)
{
	if (b->kind == BAN_ADDRESS)
		net->ban_lengths[b->cidr.bits] += (uint32_t)by;
}

static struct ban *add(struct network *net, const struct record *r, const struct key *key)
{
	struct ban *b = mem_zalloc(sizeof(*b));

	b->id = r->ban.id && !state_ban_by_id(net, r->ban.id) ? r->ban.id : network_ban_next(net);
	b->kind = r->ban.kind;
	b->mask = mem_strndup(r->ban.mask.p, r->ban.mask.n);
	b->key = mem_alloc(key->n);
	memcpy(b->key, key->bytes, key->n);
	b->nkey = key->n;
	b->nmask = r->ban.mask.n;
	if (b->kind == BAN_ADDRESS)
		(void)cidr_parse(&b->cidr, r->ban.mask);
	b->at = vec_push(&net->bans[b->kind], b);
	map_put(&net->bans_by_key, b);
	map_put(&net->bans_by_id, b);
	count_length(net, b, 1);
	if (net->ban_id < b->id)
		net->ban_id = b->id;
	return b;
}

bool state_ban_put(struct network *net, const struct record *r)
{
	BUF_MEMORY struct key key;
	struct ban *b;

	if (!key_make(net, &key, r->ban.kind, r->ban.mask))
		return false;
	b = map_get(&net->bans_by_key, (struct str){key.bytes, key.n});
	if (!b)
		b = add(net, r, &key);
	b->action = r->ban.action;
	b->targets = r->ban.targets;
	b->time = r->time;
	b->until = r->ban.until;
	b->ban_ms = r->ban.ban_ms;
	replace_text(&b->by, r->ban.by);
	replace_text(&b->reason, r->ban.reason);
	net->ban_version[b->kind]++;
	return true;
}

void state_ban_take(struct network *net, struct ban *b)
{
	struct ban *moved = vec_remove(&net->bans[b->kind], b->at);

	if (moved)
		moved->at = b->at;
	map_del(&net->bans_by_key, key_of_ban(b));
	map_del(&net->bans_by_id, id_of_ban(b));
	count_length(net, b, -1);
	net->ban_version[b->kind]++;
}

struct ban_subject ban_subject_of(const struct user *u)
{
	return (struct ban_subject){
		.nick = user_str(u, USER_NICK),
		.username = user_str(u, USER_NAME),
		.host = user_str(u, USER_HOST),
		.address = user_str(u, USER_ADDRESS),
		.realhost = user_str(u, USER_REALHOST),
		.account = user_str(u, USER_ACCOUNT),
		.realname = user_str(u, USER_REALNAME),
	};
}

/* Somebody as masks see it, made once for all of them: by the host shown, the address behind it, and that one's name. */
struct likeness {
	struct str shown, real, named; /* empty: there is none */
	char memory[3 * NETWORK_MASK_MAX];
};

static struct str add_likeness(struct buf *b, const struct ban_subject *s, struct str host)
{
	size_t before = b->n;

	if (!host.n)
		return STR_NONE;
	buf_str(b, s->nick);
	buf_chr(b, '!');
	buf_str(b, s->username);
	buf_chr(b, '@');
	buf_str(b, host);
	return (struct str){b->p + before, b->n - before};
}

static void likeness_init(struct likeness *l, const struct ban_subject *s)
{
	struct buf b;

	buf_init(&b, l->memory, sizeof(l->memory));
	l->shown = add_likeness(&b, s, s->host);
	l->real = str_eq(s->host, s->address) ? STR_NONE : add_likeness(&b, s, s->address);
	l->named = str_eq(s->host, s->realhost) ? STR_NONE : add_likeness(&b, s, s->realhost);
}

/* The end of most masks is that of a host: one look tells most of them apart. */
static bool matches_mask(const struct network *net, const struct ban *b, struct str text)
{
	enum casemap map = net->config.casemap;
	struct str mask = {b->mask, b->nmask};
	/* A mask is kept with its ban, and is not empty: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	char last = mask.p[mask.n - 1], end;

	if (!text.n)
		return false;
	end = text.p[text.n - 1];
	if (last != '*' && last != '?' && !((last | end) & 0x80) &&
	    casemap_fold_char(map, last) != casemap_fold_char(map, end))
		return false;
	return mask_match(map, mask, text);
}

static bool matches(const struct network *net, const struct ban *b, const struct ban_subject *s,
		    const struct likeness *l)
{
	struct str mask = str_of(b->mask);
	struct cidr address;

	switch (b->kind) {
	case BAN_ADDRESS:
		return cidr_parse(&address, s->address) && cidr_contains(&b->cidr, &address);
	case BAN_MASK:
		return matches_mask(net, b, l->shown) || matches_mask(net, b, l->real) ||
		       matches_mask(net, b, l->named);
	case BAN_ACCOUNT:
		return s->account.n && mask_match(net->config.casemap, mask, s->account);
	case BAN_REALNAME:
		return mask_match(net->config.casemap, mask, s->realname);
	default:
		return false;
	}
}

bool ban_matches(const struct network *net, const struct ban *b, const struct ban_subject *s)
{
	struct likeness l;

	if (b->kind != BAN_MASK)
		return matches(net, b, s, NULL);
	likeness_init(&l, s);
	return matches(net, b, s, &l);
}

static bool acts(const struct ban *b, bool shun, bool account)
{
	if (shun)
		return b->action == BAN_SHUN;
	return b->action == BAN_REFUSE || (b->action == BAN_NEED_ACCOUNT && !account);
}

/* Of all networks that an address can be in, those that have a length which some ban has. */
static struct ban *find_address(const struct network *net, const struct cidr *address, bool shun, bool account)
{
	struct cidr cut = *address;
	BUF_MEMORY struct key key;

	for (int bits = address->bits; bits >= 0; bits--) {
		struct ban *b;

		if (!net->ban_lengths[bits])
			continue;
		cidr_cut(&cut, (unsigned)bits);
		key_of_address(&key, &cut);
		b = map_get(&net->bans_by_key, (struct str){key.bytes, key.n});
		if (b && acts(b, shun, account))
			return b;
	}
	return NULL;
}

static const struct ban *find(const struct network *net, const struct ban_subject *s, bool shun)
{
	struct likeness l;
	struct cidr address;
	const struct ban *b = NULL;

	if (net->bans[BAN_ADDRESS].count && cidr_parse(&address, s->address))
		b = find_address(net, &address, shun, s->account.n > 0);
	likeness_init(&l, s);
	for (int kind = BAN_MASK; kind <= BAN_REALNAME && !b; kind++) {
		for (uint32_t i = 0; i < net->bans[kind].count && !b; i++) {
			const struct ban *each = net->bans[kind].items[i];

			if (acts(each, shun, s->account.n > 0) && matches(net, each, s, &l))
				b = each;
		}
	}
	return b;
}

const struct ban *network_ban_against(const struct network *net, const struct ban_subject *s)
{
	return network_ban_count(net) ? find(net, s, false) : NULL;
}

const struct ban *network_shun_against(const struct network *net, const struct ban_subject *s)
{
	return network_ban_count(net) ? find(net, s, true) : NULL;
}

/* Whoever may need an account has not said yet whether there is one. */
const struct ban *network_ban_address(const struct network *net, const struct cidr *address)
{
	return net->bans[BAN_ADDRESS].count ? find_address(net, address, false, true) : NULL;
}

void state_ban_look(const struct network *net, struct user *u)
{
	const struct ban_subject s = ban_subject_of(u);

	u->shunned = network_ban_count(net) && find(net, &s, true);
}

const struct vec *network_bans(const struct network *net, enum ban_kind kind)
{
	return &net->bans[kind];
}

size_t network_ban_count(const struct network *net)
{
	return net->bans_by_key.count;
}

const struct ban *network_ban(const struct network *net, uint64_t id)
{
	return state_ban_by_id(net, id);
}

const struct ban *network_ban_find(const struct network *net, enum ban_kind kind, struct str mask)
{
	return state_ban_find(net, kind, mask);
}

uint64_t network_ban_next(const struct network *net)
{
	return net->ban_id + 1;
}

const struct ban *network_ban_due(const struct network *net)
{
	const struct ban *first = NULL;

	for (int kind = 0; kind < BAN_KIND_COUNT; kind++) {
		for (uint32_t i = 0; i < net->bans[kind].count; i++) {
			const struct ban *b = net->bans[kind].items[i];

			if (b->until && (!first || b->until < first->until))
				first = b;
		}
	}
	return first;
}

uint32_t network_ban_version(const struct network *net, enum ban_kind kind)
{
	return net->ban_version[kind];
}

void network_ban_record(const struct ban *b, struct record *out)
{
	*out = (struct record){.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE, .time = b->time};
	out->ban.id = b->id;
	out->ban.kind = b->kind;
	out->ban.action = b->action;
	out->ban.targets = b->targets;
	out->ban.mask = str_of(b->mask);
	out->ban.by = str_of(b->by);
	out->ban.reason = str_of(b->reason);
	out->ban.until = b->until;
	out->ban.ban_ms = b->ban_ms;
}

void network_ban_hit(const struct network *net, const struct ban *met, int64_t now)
{
	struct ban *b = met->key ? map_get(&net->bans_by_key, key_of_ban(met)) : NULL;

	if (!b)
		return;
	b->hits++;
	b->last_hit = now;
}

uint32_t network_emergency(const struct network *net)
{
	return net->emergency;
}

const char *ban_kind_name(enum ban_kind kind)
{
	static const char *const names[BAN_KIND_COUNT] = {
		[BAN_ADDRESS] = "address",   [BAN_MASK] = "mask",     [BAN_ACCOUNT] = "account",
		[BAN_REALNAME] = "realname", [BAN_FILTER] = "filter",
		[BAN_NICK] = "nick",         [BAN_CHANNEL] = "channel", [BAN_EMAIL] = "e-mail",
		[BAN_SUSPENDED] = "suspended channel",
	};

	return names[kind];
}

const char *ban_action_name(enum ban_action action)
{
	static const char *const names[BAN_ACTION_COUNT] = {
		[BAN_REFUSE] = "refuse", [BAN_SHUN] = "shun", [BAN_NEED_ACCOUNT] = "require-sasl",
		[BAN_WARN] = "warn",     [BAN_HIDE] = "hide", [BAN_KICK] = "kick",
		[BAN_BAN] = "ban",
	};

	return names[action];
}

void ban_time(struct buf *out, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	buf_add(out, text, strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm));
}

void ban_explain(struct buf *out, const struct ban *b)
{
	buf_cstr(out, "Banned: ");
	ban_reason(out, b);
}

void ban_reason(struct buf *out, const struct ban *b)
{
	if (b->action == BAN_NEED_ACCOUNT)
		buf_cstr(out, "log in to an account first: ");
	buf_cstr(out, *b->reason ? b->reason : "no reason given");
	if (!b->until)
		return;
	buf_cstr(out, " (until ");
	ban_time(out, b->until);
	buf_chr(out, ')');
}
