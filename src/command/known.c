#include "command/known.h"

#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "journal/history.h"
#include "network/access.h"
#include "network/account.h"
#include "network/markers.h"

enum { ROWS_OF_A_READ = 64 };

enum stage { THE_ACCOUNT, ITS_ITEMS, ITS_MARKERS, ITS_USERS, ITS_WORDS };

struct known {
	const struct command_env *env;
	char *name;
	int64_t created; /* of the account that was asked for: there may be another of its name by now */
	enum stage stage;
	uint32_t at;
	size_t markers_at;
	struct history_read *read; /* NULL: none is under way, and none is being shown */
	uint32_t row;
	uint64_t seen;
	bool starting;
	void (*wake)(void *ctx);
	void *ctx;
};

struct known *known_new(const struct command_env *env, const struct account *a, void (*wake)(void *ctx), void *ctx)
{
	struct known *k = mem_zalloc(sizeof(*k));

	k->env = env;
	k->name = mem_strdup(account_text(a, ACCOUNT_NAME));
	k->created = a->created;
	k->wake = wake;
	k->ctx = ctx;
	return k;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	if (k->read && k->read->under_way)
		(*k->env->errands)--;
	history_read_free(k->read);
	mem_free(k->name);
	mem_free(k);
}

static void begin(struct json *j, const char *type)
{
	json_begin(j);
	json_str(j, "type", str_of(type));
}

/* What is not set is left out. */
static void put(struct json *j, const char *name, struct str value)
{
	if (value.n)
		json_str(j, name, value);
}

static void put_account(struct json *j, const struct account *a)
{
	bool open = a->flags & ACCOUNT_NICK_OPEN, lenient = a->flags & ACCOUNT_NICK_LENIENT;

	begin(j, "account");
	json_str(j, "account", account_str(a, ACCOUNT_NAME));
	json_time(j, "created", a->created);
	put(j, "email", account_str(a, ACCOUNT_EMAIL));
	put(j, "vhost", account_str(a, ACCOUNT_VHOST));
	put(j, "note", account_str(a, ACCOUNT_NOTE));
	json_bool(j, "verified", !(a->flags & ACCOUNT_UNVERIFIED));
	json_bool(j, "suspended", a->flags & ACCOUNT_SUSPENDED);
	json_bool(j, "password", account_str(a, ACCOUNT_CREDENTIALS).n > 0);
	json_bool(j, "totp", account_count(a, ACCOUNT_TOTP));
	json_u64(j, "recovery_codes", account_count(a, ACCOUNT_RECOVERY));
	json_u64(j, "push_devices", account_count(a, ACCOUNT_PUSH));
	json_bool(j, "always_on", a->flags & ACCOUNT_ALWAYS_ON);
	json_bool(j, "private", a->flags & ACCOUNT_PRIVATE);
	json_bool(j, "no_expiry", a->flags & ACCOUNT_NO_EXPIRY);
	json_str(j, "enforce", open ? STR("none") : lenient ? STR("lenient") : STR("strict"));
	json_end(j);
}

/* "first rest" under two names. */
static void put_pair(struct json *j, struct str text, const char *first, const char *rest)
{
	struct str word;

	if (!str_split(&text, ' ', &word))
		return;
	json_str(j, first, word);
	if (rest)
		json_str(j, rest, text);
}

static void put_access(struct json *j, struct str text)
{
	struct str channel = STR_NONE;
	uint8_t rank = 0;

	if (!access_parse(text, &channel, &rank))
		return;
	json_str(j, "channel", channel);
	json_str(j, "rank",
		 rank == RANK_OWNER    ? STR("founder")
		 : rank == RANK_ADMIN  ? STR("SOP")
		 : rank == RANK_OP     ? STR("AOP")
		 : rank == RANK_HALFOP ? STR("HOP")
				       : STR("VOP"));
}

_Static_assert(ACCOUNT_ITEM_KINDS == 12, "whatever else is kept of people is shown to them, or is a secret");

/* False: it is a secret, of which the account's own line says that there is one. */
static bool put_item(struct json *j, const struct account_kept *item)
{
	static const struct {
		const char *type, *first, *rest, *time;
	} shapes[ACCOUNT_ITEM_KINDS] = {
		[ACCOUNT_CERTFP] = {"certificate", "sha256", NULL, "since"},
		[ACCOUNT_NICK] = {"nick", "nick", NULL, "used"},
		[ACCOUNT_MEMO] = {"memo", "from", "text", "time"},
		[ACCOUNT_CODE] = {"code", "purpose", NULL, "until"},
		[ACCOUNT_SETTING] = {"setting", "name", "value", NULL},
		[ACCOUNT_CHANNEL] = {"access", NULL, NULL, "since"},
		[ACCOUNT_METADATA] = {"metadata", "key", "value", NULL},
		[ACCOUNT_SEEN] = {"device", "device", NULL, "seen"},
		[ACCOUNT_LAST] = {"login", NULL, NULL, "time"},
	};

	if (!shapes[item->kind].type)
		return false;
	begin(j, shapes[item->kind].type);
	if (item->kind == ACCOUNT_CHANNEL)
		put_access(j, str_of(item->text));
	else if (shapes[item->kind].first)
		put_pair(j, str_of(item->text), shapes[item->kind].first, shapes[item->kind].rest);
	if (shapes[item->kind].time && item->time)
		json_time(j, shapes[item->kind].time, item->time);
	json_end(j);
	return true;
}

static bool next_item(struct known *k, struct json *j, const struct account *a)
{
	while (k->at < a->items.count)
		if (put_item(j, a->items.items[k->at++]))
			return true;
	return false;
}

/* They may have changed since the last one: it goes on at the next whole line. */
static bool next_marker(struct known *k, struct json *j, const struct account *a)
{
	struct str text = str_of(a->markers), line, name;
	unsigned long long time;

	if (k->markers_at >= text.n)
		return false;
	text.p += k->markers_at;
	text.n -= k->markers_at;
	if (!str_split(&text, '\n', &line))
		return false;
	k->markers_at += line.n + 1;
	begin(j, "read");
	if (str_split(&line, ' ', &name) && str_u64(line, INT64_MAX, &time)) {
		json_str(j, "target", name);
		json_time(j, "time", (int64_t)time);
	}
	json_end(j);
	return true;
}

static void put_user(struct json *j, const struct user *u)
{
	begin(j, "user");
	json_str(j, "nick", user_str(u, USER_NICK));
	json_str(j, "user", user_str(u, USER_NAME));
	json_str(j, "host", user_str(u, USER_HOST));
	json_str(j, "realname", user_str(u, USER_REALNAME));
	json_time(j, "since", u->signon);
	put(j, "address", user_str(u, USER_ADDRESS));
	put(j, "realhost", user_str(u, USER_REALHOST));
	put(j, "country", user_str(u, USER_COUNTRY));
	put(j, "away", str_of(u->away));
	json_list_begin(j, "devices");
	for (const struct session *s = u->sessions; s; s = s->next_own)
		json_item(j, str_of(s->device ? s->device : "*"));
	json_list_end(j);
	json_list_begin(j, "channels");
	for (uint32_t i = 0; i < u->memberships.count; i++)
		json_item(j, str_of(((const struct member *)u->memberships.items[i])->channel->name));
	json_list_end(j);
	json_end(j);
}

/* Who is here with the account, and where from. */
static bool next_user(struct known *k, struct json *j, const struct account *a)
{
	const struct vec *users = network_users(k->env->net);

	while (k->at < users->count) {
		const struct user *u = users->items[k->at++];

		if (!casemap_eq(network_casemap(k->env->net), user_str(u, USER_ACCOUNT), account_str(a, ACCOUNT_NAME)))
			continue;
		put_user(j, u);
		return true;
	}
	return false;
}

static void put_message(struct json *j, const struct record *r)
{
	static const char *const kinds[] = {
		[MESSAGE_PRIVMSG] = "message", [MESSAGE_NOTICE] = "notice", [MESSAGE_TAGMSG] = "tags"};

	begin(j, kinds[r->message.kind]);
	json_time(j, "time", r->time);
	put(j, "msgid", r->msgid);
	json_str(j, "to", r->message.channel.n ? r->message.channel : r->message.to);
	put(j, "from", r->message.by);
	put(j, "text", r->message.text);
	put(j, "tags", r->message.tags);
	json_end(j);
}

static void put_event(struct json *j, const struct record *r)
{
	static const char *const kinds[PAST_KIND_COUNT] = {
		[PAST_JOIN] = "join", [PAST_PART] = "part", [PAST_QUIT] = "quit",   [PAST_KICK] = "kick",
		[PAST_NICK] = "nick", [PAST_MODE] = "mode", [PAST_TOPIC] = "topic",
	};

	begin(j, "event");
	json_str(j, "event", str_of(r->event.kind < PAST_KIND_COUNT ? kinds[r->event.kind] : ""));
	json_time(j, "time", r->time);
	put(j, "msgid", r->msgid);
	json_str(j, "to", r->event.channel);
	put(j, "from", r->event.by);
	put(j, "target", r->event.target);
	put(j, "text", r->event.text);
	json_end(j);
}

static bool put_row(struct json *j, const struct history_row *row)
{
	struct record_room room;
	struct record r;

	if (!record_decode(&r, &room, row->bytes))
		return false;
	if (r.type == RECORD_MESSAGE && r.message.kind <= MESSAGE_TAGMSG)
		put_message(j, &r);
	else if (r.type == RECORD_EVENT)
		put_event(j, &r);
	else
		return false;
	return true;
}

static void read_done(struct history_read *r)
{
	struct known *k = r->ctx;

	(*k->env->errands)--;
	if (!k->starting)
		k->wake(k->ctx);
}

/* Whoever had an account of that name before had words of their own. */
static void begin_read(struct known *k)
{
	struct history_read *r = history_read_new(HISTORY_SAID, ROWS_OF_A_READ);

	history_read_person(r, str_of(k->name), k->created + 1);
	r->seen = k->seen;
	r->done = read_done;
	r->ctx = k;
	k->read = r;
	k->row = 0;
	(*k->env->errands)++;
	k->starting = true;
	k->env->host->read(k->env->host->ctx, r);
	k->starting = false;
}

static enum known_result next_words(struct known *k, struct json *j)
{
	while (k->seen != UINT64_MAX && k->env->host->read) {
		if (!k->read)
			begin_read(k);
		if (k->read->under_way)
			return KNOWN_WAITS;
		if (k->read->err)
			return KNOWN_FAILED;
		while (k->row < k->read->rows.count)
			if (put_row(j, k->read->rows.items[k->row++]))
				return KNOWN_LINE;
		k->seen = k->read->seen;
		history_read_free(k->read);
		k->read = NULL;
	}
	return KNOWN_END;
}

enum known_result known_next(struct known *k, struct json *j)
{
	const struct account *a = network_account(k->env->net, str_of(k->name));

	if (!a || a->created != k->created)
		return KNOWN_GONE;
	for (; k->stage != ITS_WORDS; k->stage++, k->at = 0) {
		if (k->stage == THE_ACCOUNT && k->at++ == 0) {
			put_account(j, a);
			return KNOWN_LINE;
		}
		if ((k->stage == ITS_ITEMS && next_item(k, j, a)) ||
		    (k->stage == ITS_MARKERS && next_marker(k, j, a)) || (k->stage == ITS_USERS && next_user(k, j, a)))
			return KNOWN_LINE;
	}
	return next_words(k, j);
}
