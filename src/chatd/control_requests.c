#include "chatd/control_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ring.h"
#include "chat_version.h"
#include "chatd/control_backup.h"
#include "chatd/control_accounts.h"
#include "chatd/control_bans.h"
#include "chatd/control_channels.h"
#include "chatd/control_hooks.h"
#include "chatd/control_import.h"
#include "chatd/control_outgoing.h"
#include "chatd/record_json.h"
#include "network/network.h"
#include "proto/utf8.h"
#include "session/session.h"

enum { REASON_MAX = 512, WHY_MAX = 512, LETTERS_MAX = 32 };

static const struct network *network_of(struct control_conn *c)
{
	return engine_view(control_of(c)->host.engine).net;
}

static struct str words_or(const char *const *words, size_t n, size_t nth, const char *otherwise)
{
	return str_of(n > nth ? words[nth] : otherwise);
}

/* What there is in all */

static void show_server(struct control_conn *c, const struct engine_view *v)
{
	const struct server *server = &control_of(c)->host.config->server;
	int64_t now_ms = loop_clock(control_of(c)->loop)->real_ms;
	struct json *j = &c->json;

	json_str(j, "version", STR(CHAT_VERSION));
	json_str(j, "server", str_of(server->name));
	json_str(j, "network", str_of(server->network));
	json_u64(j, "pid", (uint64_t)getpid());
	json_time(j, "started", server->started_ms);
	json_u64(j, "uptime", now_ms > server->started_ms ? (uint64_t)(now_ms - server->started_ms) / 1000 : 0);
	if (control_of(c)->host.config->state)
		json_str(j, "state", str_of(control_of(c)->host.config->state));
	json_u64(j, "records", v->position);
	json_u64(j, "durable", v->durable);
}

static void show_people(struct json *j, const struct engine_view *v)
{
	struct network_counts counts = network_counts(v->net);

	json_u64(j, "users", counts.users);
	json_u64(j, "users_max", counts.users_max);
	json_u64(j, "operators", counts.opers);
	json_u64(j, "channels", counts.channels);
	json_u64(j, "sessions", v->hub->count);
	json_u64(j, "unregistered", v->hub->unregistered);
}

static void show_traffic(struct json *j, const struct engine_view *v)
{
	const struct conn_counts *counts = conn_hub_counts(v->hub->conns);
	const struct ring_pool *pool = conn_hub_pool(v->hub->conns);

	json_u64(j, "bytes_in", counts->bytes_in);
	json_u64(j, "bytes_out", counts->bytes_out);
	json_u64(j, "sendq", conn_hub_sendq(v->hub->conns));
	json_u64(j, "buffers", ring_pool_lent(pool) + ring_pool_kept(pool));
}

static void run_status(struct control_conn *c, const char *const *words, size_t n)
{
	struct engine_view v = engine_view(control_of(c)->host.engine);

	(void)words;
	(void)n;
	json_begin(&c->json);
	show_server(c, &v);
	show_people(&c->json, &v);
	show_traffic(&c->json, &v);
	json_end(&c->json);
	control_ok(c);
}

/* Lists, in blocks */

static struct str user_mode_letters(uint32_t modes, char dst[LETTERS_MAX])
{
	size_t count, n = 0;
	const struct user_mode *rows = user_modes(&count);

	for (size_t i = 0; i < count && n < LETTERS_MAX; i++) {
		if (modes & rows[i].bit)
			dst[n++] = rows[i].letter;
	}
	return (struct str){dst, n};
}

static struct str chan_mode_letters(const struct channel *c, char dst[LETTERS_MAX])
{
	char memory[CHANNEL_PARAM_MAX];
	size_t count, n = 0;
	const struct chan_mode *rows = chan_modes(&count);

	for (size_t i = 0; i < count && n < LETTERS_MAX - 2; i++) {
		if (rows[i].type == CHAN_MODE_FLAG && (c->flags & rows[i].bit))
			dst[n++] = rows[i].letter;
		else if (chan_mode_takes_value(&rows[i]) && channel_param(c, (enum chan_param)rows[i].bit, memory).n)
			dst[n++] = rows[i].letter;
	}
	return (struct str){dst, n};
}

static void show_sessions(struct json *j, const struct user *u)
{
	uint64_t count = 0, sendq = 0;

	for (const struct session *s = u->sessions; s; s = s->next_own) {
		count++;
		sendq += conn_sendq(&s->conn);
	}
	json_u64(j, "sessions", count);
	json_u64(j, "sendq", sendq);
}

static void show_user(struct control_conn *c, const struct user *u)
{
	int64_t idle_ms = loop_clock(control_of(c)->loop)->real_ms - (u->spoke > u->signon ? u->spoke : u->signon);
	struct json *j = &c->json;
	char letters[LETTERS_MAX];

	json_begin(j);
	json_str(j, "nick", user_str(u, USER_NICK));
	json_str(j, "user", user_str(u, USER_NAME));
	json_str(j, "host", user_str(u, USER_HOST));
	json_str(j, "address", user_str(u, USER_ADDRESS));
	json_str(j, "realhost", user_str(u, USER_REALHOST));
	json_str(j, "account", user_str(u, USER_ACCOUNT));
	json_str(j, "modes", user_mode_letters(u->modes, letters));
	json_bool(j, "away", u->away != NULL);
	json_u64(j, "channels", u->memberships.count);
	show_sessions(j, u);
	json_time(j, "since", u->signon);
	json_u64(j, "idle", idle_ms > 0 ? (uint64_t)idle_ms / 1000 : 0);
	json_str(j, "realname", user_str(u, USER_REALNAME));
	json_end(j);
}

static void show_channel(struct control_conn *c, const struct channel *channel)
{
	struct json *j = &c->json;
	char letters[LETTERS_MAX];

	json_begin(j);
	json_str(j, "channel", str_of(channel->name));
	json_u64(j, "members", channel->members.count);
	json_str(j, "modes", chan_mode_letters(channel, letters));
	json_bool(j, "registered", channel->flags & CHAN_REGISTERED);
	json_time(j, "since", channel->created);
	json_str(j, "topic", str_of(channel->topic));
	json_end(j);
}

/* As much of a channel as outlives the process: what the journal keeps, in the same form as a dump of it. */
static void show_kept(struct control_conn *c, const struct channel *channel)
{
	struct record_room *room = engine_room(control_of(c)->host.engine);
	struct record r;

	if (!(channel->flags & CHAN_REGISTERED))
		return;
	network_channel_record(channel, &r, room);
	json_begin(&c->json);
	record_json(&c->json, &r);
	json_end(&c->json);
}

/* The next block of items. False: there was none, and the answer is at its end. */
static bool next_block(struct control_conn *c, const struct vec *items, struct cursor_block *b)
{
	if (cursor_next(&c->cursor, items->count, CURSOR_LINES, b))
		return true;
	control_ok(c);
	return false;
}

static bool step_users(struct control_conn *c)
{
	const struct vec *users = network_users(network_of(c));
	struct cursor_block b;

	if (!next_block(c, users, &b))
		return true;
	for (uint32_t i = b.from; i < b.end; i++)
		show_user(c, users->items[i]);
	return false;
}

static bool step_channels(struct control_conn *c)
{
	const struct vec *channels = network_channels(network_of(c));
	struct cursor_block b;

	if (!next_block(c, channels, &b))
		return true;
	for (uint32_t i = b.from; i < b.end; i++)
		show_channel(c, channels->items[i]);
	return false;
}

/* One by one: each may be long. */
static bool step_export(struct control_conn *c)
{
	const struct vec *channels = network_channels(network_of(c));
	struct cursor_block b;

	if (!cursor_next(&c->cursor, channels->count, 1, &b)) {
		control_ok(c);
		return true;
	}
	show_kept(c, channels->items[b.from]);
	return false;
}

static void run_steps(struct control_conn *c, bool (*step)(struct control_conn *c))
{
	c->cursor.left = UINT32_MAX;
	c->step = step;
}

static void run_users(struct control_conn *c, const char *const *words, size_t n)
{
	(void)words;
	(void)n;
	run_steps(c, step_users);
}

static void run_channels(struct control_conn *c, const char *const *words, size_t n)
{
	(void)words;
	(void)n;
	run_steps(c, step_channels);
}

static void run_export(struct control_conn *c, const char *const *words, size_t n)
{
	(void)words;
	(void)n;
	control_log(c, &(struct control_deed){.command = "export"});
	run_steps(c, step_export);
}

/* Deeds */

/* NULL: answered. */
static const struct user *find_user(struct control_conn *c, const char *nick)
{
	const struct user *u = network_user_by_nick(network_of(c), str_of(nick));

	if (!u)
		control_fail(c, "no_such_user", "there is nobody of that nick");
	return u;
}

static struct str cut_reason(struct control_conn *c, struct str reason)
{
	return utf8_cut(reason, control_of(c)->host.config->server.kick_max);
}

static void ask(struct control_conn *c, struct record *r)
{
	enum refusal refusal = engine_ask(control_of(c)->host.engine, r);

	if (refusal == REFUSAL_NONE)
		control_ok(c);
	else if (refusal == REFUSAL_TARGET_NOT_ON_CHANNEL)
		control_fail(c, "refused", "that user is not in the channel");
	else
		control_fail(c, "refused", "the network refused it");
}

static void run_kick(struct control_conn *c, const char *const *words, size_t n)
{
	const struct channel *channel = network_channel(network_of(c), str_of(words[0]));
	const struct user *u;
	struct record r = {.type = RECORD_KICK};

	if (!channel) {
		control_fail(c, "no_such_channel", "there is no channel of that name");
		return;
	}
	u = find_user(c, words[1]);
	if (!u)
		return;
	control_log(c, &(struct control_deed){"kick", channel->name, user_nick(u), n > 2 ? words[2] : NULL});
	r.kick.channel = str_of(words[0]);
	r.kick.target = u->id;
	r.kick.reason = cut_reason(c, words_or(words, n, 2, "Removed by an administrator"));
	ask(c, &r);
}

static void run_kill(struct control_conn *c, const char *const *words, size_t n)
{
	const struct user *u = find_user(c, words[0]);
	struct record r = {.type = RECORD_USER_KILL};

	if (!u)
		return;
	control_log(c, &(struct control_deed){"kill", NULL, user_nick(u), n > 1 ? words[1] : NULL});
	r.user_kill.target = u->id;
	r.user_kill.reason = cut_reason(c, words_or(words, n, 1, "Removed by an administrator"));
	ask(c, &r);
}

struct complaining {
	struct control_conn *to;
	bool any;
};

static void complain(void *ctx, const struct config_error *error)
{
	struct complaining *complaining = ctx;
	struct control_conn *c = complaining->to;

	complaining->any = true;
	json_begin(&c->json);
	json_str(&c->json, "complaint", str_of(error->text));
	json_end(&c->json);
}

static void run_reload(struct control_conn *c, const char *const *words, size_t n)
{
	const struct control_host *host = &control_of(c)->host;
	struct complaining complaining = {.to = c};
	char why[WHY_MAX] = "";

	(void)words;
	(void)n;
	control_log(c, &(struct control_deed){.command = "reload"});
	if (host->reload(host->ctx, complain, &complaining, why, sizeof(why)))
		control_ok(c);
	else
		control_fail(c, "config", complaining.any ? "nothing was changed" : why);
}

static void stop(struct control_conn *c, const char *given, bool restart)
{
	const struct control_host *host = &control_of(c)->host;
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "%s by %s%s%s", restart ? "restarted" : "stopped", control_user(c),
		 given ? ": " : "", given ? given : "");
	control_log(c, &(struct control_deed){.command = restart ? "restart" : "stop", .reason = given});
	if (host->stop(host->ctx, reason, restart))
		control_ok(c);
	else
		control_fail(c, "config", "the configuration is wrong: it goes on without a restart");
}

static void run_stop(struct control_conn *c, const char *const *words, size_t n)
{
	stop(c, n ? words[0] : NULL, false);
}

static void run_restart(struct control_conn *c, const char *const *words, size_t n)
{
	stop(c, n ? words[0] : NULL, true);
}

static void run_backup(struct control_conn *c, const char *const *words, size_t n)
{
	(void)words;
	(void)n;
	control_log(c, &(struct control_deed){.command = "backup"});
	control_backup(c);
}

static const struct control_request requests[] = {
	{"account", 1, 2, true, control_account},
	{"channel", 1, 2, true, control_channel}, {"forbid", 1, 2, true, control_forbid},
	{"import", 2, 2, true, control_import},
	{"backup", 0, 0, false, run_backup},     {"ban", 1, 2, true, control_ban},
	{"status", 0, 0, false, run_status},     {"users", 0, 0, false, run_users},
	{"channels", 0, 0, false, run_channels}, {"export", 0, 0, false, run_export},
	{"kick", 2, 3, true, run_kick},          {"kill", 1, 2, true, run_kill},
	{"reload", 0, 0, false, run_reload},     {"stop", 0, 1, true, run_stop},
	{"restart", 0, 1, true, run_restart},    {"webhook", 1, 2, true, control_hook},
	{"outgoing", 1, 2, false, control_outgoing},
};

const struct control_request *control_request_find(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(requests[i].name, name) == 0)
			return &requests[i];
	}
	return NULL;
}
