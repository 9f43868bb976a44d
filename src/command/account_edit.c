#include "command/account_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/command.h"
#include "command/nicks.h"
#include "network/access.h"

void account_edit_begin(struct account_edit *e, const struct account *a)
{
	network_account_record(a, &e->r, e->items);
	e->r.account.revision++;
}

void account_edit_new(struct account_edit *e, struct str name, int64_t created)
{
	e->r = (struct record){.type = RECORD_ACCOUNT};
	e->r.account.name = name;
	e->r.account.revision = 1;
	e->r.account.created = created;
	e->r.account.flags = ACCOUNT_EXISTS;
	e->r.account.items = e->items;
}

bool account_edit_add(struct account_edit *e, enum account_item_kind kind, struct str text, int64_t time)
{
	if (e->r.account.nitems == RECORD_ACCOUNT_ITEMS_MAX)
		return false;
	e->items[e->r.account.nitems++] = (struct account_item){kind, text, time};
	return true;
}

uint32_t account_edit_drop(struct account_edit *e, enum account_item_kind kind, struct str start)
{
	uint32_t n = e->r.account.nitems, kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (e->items[i].kind != kind || !str_starts(e->items[i].text, start))
			e->items[kept++] = e->items[i];
	e->r.account.nitems = kept;
	return n - kept;
}

uint32_t account_edit_drop_exact(struct account_edit *e, enum account_item_kind kind, struct str text)
{
	uint32_t n = e->r.account.nitems, kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (e->items[i].kind != kind || !str_eq(e->items[i].text, text))
			e->items[kept++] = e->items[i];
	e->r.account.nitems = kept;
	return n - kept;
}

static void submit(const struct command_env *env, struct record *r)
{
	r->flags |= RECORD_OVERRIDE;
	env->host->submit(env->host->ctx, r);
}

enum { BYTES_MAX = 128 << 10 };

/* A record in memory of its own: it is stored after it has been applied, when what it was made of is gone. */
struct whole {
	struct record r;
	struct record_room room;
	size_t size;
	char bytes[BYTES_MAX];
};

static struct whole *whole_new(const struct record *r)
{
	struct whole *w = mem_alloc(sizeof(*w));
	struct buf b;

	buf_init(&b, w->bytes, sizeof(w->bytes));
	record_encode(&b, r);
	w->size = b.n;
	if (!b.full && record_decode(&w->r, &w->room, buf_view(&b)))
		return w;
	mem_free(w);
	return NULL;
}

static void whole_free(struct whole *w)
{
	explicit_bzero(w->bytes, w->size);
	mem_free(w);
}

bool account_edit_submit(struct account_edit *e, const struct command_env *env)
{
	struct whole *w = whole_new(&e->r);
	const struct account *a;
	bool done;

	if (!w)
		return false;
	submit(env, &w->r);
	a = network_account(env->net, w->r.account.name);
	done = a && a->revision == w->r.account.revision;
	nicks_note_account(env, w->r.account.name);
	whole_free(w);
	return done;
}

/* One who was here for his account alone. */
static void leave(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_QUIT, .origin = u->id};

	r.user_quit.reason = STR("Logged out");
	submit(env, &r);
}

/* Those who have not finished connecting: the name may be another's by the time that they have. */
static void log_newcomers_out(const struct command_env *env, struct str account)
{
	struct session *s;

	LIST_FOREACH(s, &env->hub->sessions, all) {
		if (!s->reg || !s->reg->account ||
		    !casemap_eq(network_casemap(env->net), str_of(s->reg->account), account))
			continue;
		mem_free(s->reg->account);
		s->reg->account = NULL;
	}
}

/* From the last on: whoever goes meanwhile is replaced by one that was looked at. */
void account_log_out_all(const struct command_env *env, struct str account)
{
	const struct vec *users = network_users(env->net);
	struct record r;

	log_newcomers_out(env, account);
	for (uint32_t i = users->count; i-- > 0;) {
		if (i >= users->count)
			continue;
		const struct user *u = users->items[i];

		if (!casemap_eq(network_casemap(env->net), user_str(u, USER_ACCOUNT), account))
			continue;
		r = (struct record){.type = RECORD_USER_ACCOUNT, .origin = u->id};
		submit(env, &r);
		u = network_user(env->net, r.origin);
		if (u && !u->sessions)
			leave(env, u);
	}
}

void account_unregister_channel(const struct command_env *env, struct str channel)
{
	const struct mode_op op = {.set = false, .letter = 'r'};
	struct record r = {.type = RECORD_CHANNEL_MODES};

	r.channel_modes.channel = channel;
	r.channel_modes.ops = &op;
	r.channel_modes.nops = 1;
	submit(env, &r);
}

static bool forget_channel(const struct command_env *env, const struct account *a, struct str channel)
{
	struct account_edit e;
	struct str name;
	uint8_t rank;

	account_edit_begin(&e, a);
	for (uint32_t i = 0; i < a->items.count; i++) {
		struct str text = str_of(((const struct account_kept *)a->items.items[i])->text);

		if (access_parse(text, &name, &rank) && casemap_eq(network_casemap(env->net), name, channel))
			account_edit_drop_exact(&e, ACCOUNT_CHANNEL, text);
	}
	return account_edit_submit(&e, env);
}

/* From the last on: an account goes from the list with its rank. */
void account_forget_channel(const struct command_env *env, struct str channel)
{
	const struct vec *list;

	while ((list = network_access_list(env->net, channel)) &&
	       forget_channel(env, list->items[list->count - 1], channel))
		;
}

/* A channel without its founder is registered no more. */
static void give_channels_up(const struct command_env *env, const struct account *a)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];
		struct str channel;
		uint8_t rank;

		if (item->kind == ACCOUNT_CHANNEL && access_parse(str_of(item->text), &channel, &rank) &&
		    rank == RANK_OWNER)
			account_unregister_channel(env, channel);
	}
}

void account_drop(const struct account *a, const struct command_env *env, const struct session *s)
{
	struct record r = {.type = RECORD_ACCOUNT};
	char *name = mem_strdup(account_text(a, ACCOUNT_NAME));

	r.account.name = str_of(name);
	r.account.revision = a->revision + 1;
	give_channels_up(env, a);
	submit(env, &r);
	account_log_out_all(env, str_of(name));
	if (s)
		log_event(EVENT_ACCOUNT_DROPPED,
			  LOG_FIELDS({"CHATD_NICK", session_nick(s)}, {"CHATD_ACCOUNT", name},
				     {"CHATD_PEER", s->address}),
			  "account %s was given up from %s", name, s->address);
	mem_free(name);
}

/* A memo begins with who left it. */
static void take_memos_back(const struct command_env *env, const struct account *from)
{
	const struct vec *accounts = network_accounts(env->net);
	char start[LINE_BODY_MAX];
	struct account_edit e;

	snprintf(start, sizeof(start), "%s ", account_text(from, ACCOUNT_NAME));
	for (uint32_t i = 0; i < accounts->count; i++) {
		const struct account *a = accounts->items[i];

		if (a == from || !account_count(a, ACCOUNT_MEMO))
			continue;
		account_edit_begin(&e, a);
		if (account_edit_drop(&e, ACCOUNT_MEMO, str_of(start)))
			account_edit_submit(&e, env);
	}
}

/* The words first: whose they are is known by the account. All of it is one batch, so no crash leaves half of it asked. */
void account_forget(const struct account *a, const struct command_env *env, const struct session *s)
{
	struct record r = {.type = RECORD_FORGET};
	char *name = mem_strdup(account_text(a, ACCOUNT_NAME));

	take_memos_back(env, a);
	r.forget.account = str_of(name);
	r.forget.whole = 1;
	submit(env, &r);
	a = network_account(env->net, str_of(name));
	if (a)
		account_drop(a, env, s);
	mem_free(name);
}
