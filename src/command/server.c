#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "chat_version.h"
#include "command/answers.h"
#include "command/ban_list.h"
#include "command/cursor.h"
#include "command/families.h"
#include "command/server_target.h"
#include "command/targets.h"
#include "command/visible.h"
#include "proto/mask.h"

enum {
	TIME_MAX = 64,
	NAME_MAX_SHOWN = 256,
};

static void run_motd(struct call *call)
{
	if (server_target(call, call_word(call, 0)))
		answer_motd(call->env, call->session);
}

static void run_version(struct call *call)
{
	const struct server *server = call->env->server;

	if (!server_target(call, call_word(call, 0)))
		return;
	reply(call->session, RPL_VERSION, CHAT_VERSION, server->name, server->description);
	answer_isupport(call->env, call->session);
}

static void run_time(struct call *call)
{
	time_t now = (time_t)(loop_clock(call->session->hub->loop)->real_ms / 1000);
	char text[TIME_MAX];
	struct tm tm;

	if (!server_target(call, call_word(call, 0)))
		return;
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a %b %d %Y at %H:%M:%S UTC", &tm);
	reply(call->session, RPL_TIME, call->env->server->name, (long long)now, text);
}

static void run_info(struct call *call)
{
	const struct server *server = call->env->server;
	struct session *s = call->session;
	char line[NAME_MAX_SHOWN];

	if (!server_target(call, call_word(call, 0)))
		return;
	snprintf(line, sizeof(line), "chatd " CHAT_VERSION "%s", reply_words(s, ", a chat server"));
	reply(s, RPL_INFO, line);
	snprintf(line, sizeof(line), "%s: %s", server->name, server->description);
	reply(s, RPL_INFO, line);
	snprintf(line, sizeof(line), reply_words(s, "Running since %s"), server->started);
	reply(s, RPL_INFO, line);
	reply(s, RPL_ENDOFINFO);
}

static void run_admin(struct call *call)
{
	const struct server *server = call->env->server;
	struct session *s = call->session;
	char *const *admin = server->admin;

	if (!server_target(call, call_word(call, 0)))
		return;
	if (!admin[0] && !admin[1] && !admin[2]) {
		reply(s, ERR_NOADMININFO, server->name);
		return;
	}
	reply(s, RPL_ADMINME, server->name);
	reply(s, RPL_ADMINLOC1, admin[0] ? admin[0] : "");
	reply(s, RPL_ADMINLOC2, admin[1] ? admin[1] : "");
	reply(s, RPL_ADMINEMAIL, admin[2] ? admin[2] : "");
}

/* "LUSERS [mask [server]]"; the mask would choose among servers. */
static void run_lusers(struct call *call)
{
	if (server_target(call, call_word(call, 1)))
		answer_lusers(call->env, call->session);
}

/* "LINKS [[server] mask]" */
static void run_links(struct call *call)
{
	const struct server *server = call->env->server;
	const char *second = call_word(call, 1);
	const char *mask = second ? second : call_word(call, 0);

	if (second && !server_target(call, call_param(call, 0)))
		return;
	if (!mask)
		mask = "*";
	if (mask_match(CASEMAP_ASCII, str_of(mask), str_of(server->name)))
		reply(call->session, RPL_LINKS, server->name, server->name, 0, server->description);
	reply(call->session, RPL_ENDOFLINKS, target_shown(mask));
}

static void stats_uptime(const struct call *call)
{
	long long up = (loop_clock(call->session->hub->loop)->real_ms - call->env->server->started_ms) / 1000;

	if (up < 0)
		up = 0;
	reply(call->session, RPL_STATSUPTIME, up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
}

static void stats_commands(const struct call *call)
{
	const struct command_usage *usage = call->env->usage;

	for (size_t i = 0; i < command_count(); i++) {
		if (usage[i].count)
			reply(call->session, RPL_STATSCOMMANDS, command_nth(i)->name,
			      (unsigned long long)usage[i].count, (unsigned long long)usage[i].bytes);
	}
}

static void stats_opers(const struct call *call)
{
	const struct server *server = call->env->server;

	for (size_t i = 0; i < server->nopers; i++) {
		const struct oper_block *o = &server->opers[i];

		reply(call->session, RPL_STATSOLINE, target_shown(o->mask), target_shown(o->name),
		      o->class_name ? o->class_name : "*");
	}
}

/* Those who are here, for everybody; the line has the form of other servers. */
static void stats_present_opers(const struct call *call)
{
	const struct vec *opers = network_opers(call->env->net);

	for (uint32_t i = 0; i < opers->count; i++) {
		const struct user *u = opers->items[i];
		char line[2 * LINE_BODY_MAX];

		if (!visible_oper(call->user, u))
			continue;
		snprintf(line, sizeof(line), "%s (%s@%s) %s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST), u->oper && *u->oper->title ? u->oper->title : reply_words(call->session, N_("an IRC operator")));
		reply(call->session, RPL_STATSDEBUG, 'P', line);
	}
}

static void stats_classes(const struct call *call)
{
	const struct server *server = call->env->server;

	for (size_t i = 0; i < server->nclasses; i++) {
		char line[2 * LINE_BODY_MAX];
		struct buf b;

		buf_init(&b, line, sizeof(line) - 1);
		buf_fmt(&b, "%s ", server->classes[i].name);
		privileges_show(&b, server->classes[i].privileges);
		line[b.n] = '\0';
		reply(call->session, RPL_STATSDEBUG, 'O', line);
	}
}

/* Connections, newest first: the hub keeps them by falling id, so the id of the last one shown tells where to go on. */
struct linkinfo {
	struct stream st;
	uint64_t below;
	char query; /* of 219 */
};

static void linkinfo_show(struct session *s, const struct session *of)
{
	int64_t open = loop_clock(s->hub->loop)->real_ms - of->opened;
	char name[NAME_MAX_SHOWN];

	snprintf(name, sizeof(name), "%s[%s]", session_nick(of), of->address);
	reply(s, RPL_STATSLINKINFO, name, (unsigned long)conn_sendq(&of->conn), (unsigned long long)of->conn.bytes_out,
	      (unsigned long long)of->conn.bytes_in, (long long)(open > 0 ? open / 1000 : 0));
}

static void end_of_stats(struct session *s, char query)
{
	char text[2] = {query, '\0'};

	reply(s, RPL_ENDOFSTATS, target_shown(text));
}

static bool linkinfo_step(struct stream *st, struct session *s)
{
	struct linkinfo *l = (struct linkinfo *)st;
	const struct session *of;
	int n = 0;

	LIST_FOREACH(of, &s->hub->sessions, all)
	{
		if (of->id >= l->below || st->cut)
			continue;
		if (n++ == CURSOR_LINES)
			return false;
		linkinfo_show(s, of);
		l->below = of->id;
	}
	end_of_stats(s, l->query);
	return true;
}

static void linkinfo_free(struct stream *st)
{
	mem_free(st);
}

static void stats_links(const struct call *call, char query)
{
	struct linkinfo *l = mem_zalloc(sizeof(*l));

	l->st.step = linkinfo_step;
	l->st.free = linkinfo_free;
	l->below = UINT64_MAX;
	l->query = query;
	session_stream(call->session, &l->st);
}

/* What only operators may know. */
static bool stats_is_private(char query)
{
	return strchr("mMoOlL", query);
}

/* True: it is about bans, and answered. */
static bool stats_of_bans(const struct call *call, char query)
{
	static const struct {
		const char *letters;
		unsigned kinds;
		bool shuns;
	} rows[] = {
		{"kK", 1 << BAN_MASK | 1 << BAN_ADDRESS, false},
		{"dDzZ", 1 << BAN_ADDRESS, false},
		{"xX", 1 << BAN_REALNAME, false},
		{"gG", BAN_LIST_ALL, false},
		{"sS", BAN_LIST_ALL, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strchr(rows[i].letters, query))
			continue;
		if (call_may(call, PRIV_BAN))
			ban_list(call, &(struct ban_listing){rows[i].kinds, rows[i].shuns, query, NULL});
		else
			end_of_stats(call->session, query);
		return true;
	}
	return false;
}

static void run_stats(struct call *call)
{
	const char *word = call_word(call, 0);
	/* One letter chooses; a longer code point names nothing, and is not cut in two. */
	char query = word && (unsigned char)*word < 0x80 ? *word : '*';

	if (!server_target(call, call_word(call, 1)))
		return;
	if (stats_of_bans(call, query))
		return;
	if (stats_is_private(query) && !call_may(call, PRIV_STATS)) {
		/* It was answered. */
	} else if (query == 'l' || query == 'L') {
		stats_links(call, query);
		return;
	} else if (query == 'u') {
		stats_uptime(call);
	} else if (query == 'm' || query == 'M') {
		stats_commands(call);
	} else if (query == 'o') {
		stats_opers(call);
	} else if (query == 'O') {
		stats_classes(call);
	} else if (query == 'p' || query == 'P') {
		stats_present_opers(call);
	}
	end_of_stats(call->session, query);
}

static const struct command rows[] = {
	{"MOTD", ROLE_USER, 0, 20, -1, run_motd},   {"VERSION", ROLE_USER, 0, 20, -1, run_version},
	{"TIME", ROLE_USER, 0, 10, -1, run_time},   {"INFO", ROLE_USER, 0, 20, -1, run_info},
	{"ADMIN", ROLE_USER, 0, 10, -1, run_admin}, {"LUSERS", ROLE_USER, 0, 20, -1, run_lusers},
	{"STATS", ROLE_USER, 1, 20, -1, run_stats}, {"LINKS", ROLE_USER, 0, 10, -1, run_links},
};

const struct command *command_family_server(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
