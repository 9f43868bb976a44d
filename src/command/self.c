#include "base/mem.h"
#include "command/away.h"
#include "command/families.h"
#include "command/metadata.h"
#include "command/targets.h"
#include "proto/caps.h"
#include "proto/name.h"
#include "proto/numerics.h"
#include "proto/utf8.h"

/* Before registration: https://ircv3.net/specs/extensions/pre-away. USER_ADD takes it along. */
static void away_early(const struct call *call, struct str text)
{
	struct registration *reg = call->session->reg;

	if (!reg || !session_has(call->session, CAP_PRE_AWAY)) {
		reply(call->session, ERR_NOTREGISTERED);
		return;
	}
	mem_free(reg->away);
	reg->away = text.n ? mem_strndup(text.p, text.n) : NULL;
	if (reg->away)
		reply(call->session, RPL_NOWAWAY);
	else
		reply(call->session, RPL_UNAWAY);
}

static void keep_away(struct session *s, struct str text)
{
	mem_free(s->away);
	s->away = text.n ? mem_strndup(text.p, text.n) : NULL;
}

static void away_run(struct call *call)
{
	struct str text = utf8_cut(str_of(call_param(call, 0)), call->env->server->away_max);
	struct record r;

	if (!call_user(call)) {
		away_early(call, text);
		return;
	}
	keep_away(call->session, text);
	/* Somebody is at another device still. */
	if (text.n && !away_of(call->user).n) {
		reply(call->session, RPL_NOWAWAY);
		return;
	}
	r = call_record(call, RECORD_USER_AWAY);
	/* What another device says of why is better than nothing. */
	r.user_away.text = str_eq(text, STR("*")) ? away_why(call->user) : text;
	call_submit(call, &r);
}

static void setname_run(struct call *call)
{
	struct str realname = str_of(call_param(call, 0));
	struct record r;

	if (realname.n == 0 || realname.n > call->env->server->realname_max) {
		reply_fail(call->session, "SETNAME", "INVALID_REALNAME", NULL, "Realname is not valid");
		return;
	}
	r = call_record(call, RECORD_USER_REALNAME);
	r.user_realname.realname = realname;
	call_submit(call, &r);
}

/* Nicks gathered into as few lines of one kind as will hold them. */
enum pack_kind { PACK_ONLINE, PACK_OFFLINE, PACK_LIST, PACK_FULL };

struct pack {
	const struct call *call;
	enum pack_kind kind;
	size_t room; /* for nicks, in a line of 512 bytes */
	struct buf text;
	char memory[LINE_BODY_MAX];
};

static void pack_init(struct pack *p, const struct call *call, enum pack_kind kind)
{
	/* ":server NNN nick :" and what 734 says besides */
	size_t taken = strlen(call->env->server->name) + strlen(session_nick(call->session)) + 64;

	p->call = call;
	p->kind = kind;
	p->room = taken < LINE_BODY_MAX ? LINE_BODY_MAX - taken : 0;
	buf_init(&p->text, p->memory, sizeof(p->memory) - 1);
}

static void pack_flush(struct pack *p)
{
	struct session *s = p->call->session;

	if (p->text.n == 0)
		return;
	p->memory[p->text.n] = '\0';
	if (p->kind == PACK_ONLINE)
		reply(s, RPL_MONONLINE, p->memory);
	else if (p->kind == PACK_OFFLINE)
		reply(s, RPL_MONOFFLINE, p->memory);
	else if (p->kind == PACK_LIST)
		reply(s, RPL_MONLIST, p->memory);
	else
		reply(s, ERR_MONLISTFULL, p->call->env->server->monitor_max, p->memory);
	p->text.n = 0;
}

static void pack_add(struct pack *p, struct str entry)
{
	if (p->text.n && p->text.n + 1 + entry.n > p->room)
		pack_flush(p);
	if (p->text.n)
		buf_chr(&p->text, ',');
	buf_str(&p->text, entry);
}

/* Who is there, and who is not. */
struct presence {
	struct pack online, offline;
};

static void presence_init(struct presence *p, const struct call *call)
{
	pack_init(&p->online, call, PACK_ONLINE);
	pack_init(&p->offline, call, PACK_OFFLINE);
}

static void presence_add(struct presence *p, const char *nick)
{
	const struct user *u = network_user_by_nick(p->online.call->env->net, str_of(nick));
	char memory[LINE_BODY_MAX];
	struct buf mask;

	if (!u) {
		pack_add(&p->offline, str_of(nick));
		return;
	}
	buf_init(&mask, memory, sizeof(memory));
	buf_fmt(&mask, "%s!%s@%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST));
	pack_add(&p->online, buf_view(&mask));
}

static void presence_flush(struct presence *p)
{
	pack_flush(&p->online);
	pack_flush(&p->offline);
}

/* Of those whom it watches from now on. */
static void monitor_metadata(const struct call *call)
{
	struct targets t;

	targets_init(&t, call_param(call, 1), NULL, TARGETS_ALL);
	while (call->session->subscriptions && targets_next(&t, call)) {
		const struct user *u = network_user_by_nick(call->env->net, str_of(t.word));

		if (u)
			metadata_watched(call->session, u);
	}
}

/* A mask, or anything else that is no nick, is passed over: nobody can come by that name. */
static void monitor_more(const struct call *call)
{
	const struct server *server = call->env->server;
	struct presence presence;
	struct pack full;
	struct targets t;

	presence_init(&presence, call);
	pack_init(&full, call, PACK_FULL);
	targets_init(&t, call_param(call, 1), NULL, TARGETS_ALL);
	while (targets_next(&t, call)) {
		struct str nick = str_of(t.word);
		enum monitor_result result;

		if (!name_nick_valid(server->casemap, nick, server->nick_max))
			continue;
		result = monitor_add(call->env->monitor, call->session, nick, server->monitor_max);
		if (result == MONITOR_ADDED)
			presence_add(&presence, t.word);
		else if (result == MONITOR_FULL)
			pack_add(&full, nick);
	}
	presence_flush(&presence);
	pack_flush(&full);
	monitor_metadata(call);
}

static void monitor_less(const struct call *call)
{
	struct targets t;

	targets_init(&t, call_param(call, 1), NULL, TARGETS_ALL);
	while (targets_next(&t, call))
		monitor_remove(call->env->monitor, call->session, str_of(t.word));
}

static void monitor_list(const struct call *call)
{
	const char *nick;
	struct pack list;

	pack_init(&list, call, PACK_LIST);
	for (size_t i = 0; (nick = monitor_nth(call->session, i)); i++)
		pack_add(&list, str_of(nick));
	pack_flush(&list);
	reply(call->session, RPL_ENDOFMONLIST);
}

static void monitor_status(const struct call *call)
{
	struct presence presence;
	const char *nick;

	presence_init(&presence, call);
	for (size_t i = 0; (nick = monitor_nth(call->session, i)); i++)
		presence_add(&presence, nick);
	presence_flush(&presence);
}

static void monitor_run(struct call *call)
{
	const char *what = call_param(call, 0);

	if ((*what == '+' || *what == '-') && !call_word(call, 1))
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
	else if (strcmp(what, "+") == 0)
		monitor_more(call);
	else if (strcmp(what, "-") == 0)
		monitor_less(call);
	else if (strcasecmp(what, "C") == 0)
		monitor_clear(call->env->monitor, call->session);
	else if (strcasecmp(what, "L") == 0)
		monitor_list(call);
	else if (strcasecmp(what, "S") == 0)
		monitor_status(call);
	else
		reply(call->session, ERR_UNKNOWNERROR, call->row->name, reply_words(call->session, "Unknown subcommand"));
}

static const struct command rows[] = {
	{"AWAY", ROLE_ANY, 0, 10, -1, away_run},
	{"SETNAME", ROLE_USER, 1, 20, -1, setname_run},
	{"MONITOR", ROLE_USER, 1, 10, -1, monitor_run},
};

const struct command *command_family_self(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
