#include "command/filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "command/audit.h"
#include "command/ban_list.h"
#include "command/ban_order.h"
#include "command/duration.h"
#include "command/families.h"
#include "command/targets.h"
#include "network/ban.h"
#include "proto/cidr.h"
#include "proto/mask.h"
#include "proto/utf8.h"

enum { BY_MAX = 512 };

static int64_t now_ms(const struct session *s)
{
	return loop_clock(s->hub->loop)->real_ms;
}

static bool is_unfiltered(const struct command_env *env, const struct channel *c)
{
	struct str rest = str_of(env->server->filter_exempt), mask;

	while (c && str_split(&rest, ' ', &mask)) {
		if (mask.n && mask_match(network_casemap(env->net), mask, str_of(c->name)))
			return true;
	}
	return false;
}

static bool is_exempt(const struct call *call, const struct channel *c)
{
	return user_may(call->user, PRIV_FILTER) || is_unfiltered(call->env, c);
}

/* Its number, or where it stands in the configuration. */
static void name_of(const struct ban *b, char *dst, size_t size)
{
	if (b->id)
		snprintf(dst, size, "%llu", (unsigned long long)b->id);
	else
		snprintf(dst, size, "%s", b->by);
}

/* Without the text: what people write is not logged. */
static void log_met(const struct ban *b, const struct session *s, const struct filter_try *t)
{
	const char *account = s->user ? user_text(s->user, USER_ACCOUNT) : "";
	char id[64];

	name_of(b, id, sizeof(id));
	log_event(EVENT_FILTER_MET,
		  LOG_FIELDS({"CHATD_BAN", id}, {"CHATD_ACTION", ban_action_name(b->action)},
			     {"CHATD_CHANNEL", t->channel ? t->channel->name : NULL}, {"CHATD_NICK", session_nick(s)},
			     {"CHATD_ACCOUNT", *account ? account : NULL}, {"CHATD_PEER", s->address},
			     {"CHATD_REASON", *b->reason ? b->reason : NULL}),
		  "filter %s met %s from %s%s%s: %s: %s", id, session_nick(s), s->address,
		  t->where ? ", writing to " : "", t->where ? t->where : "", ban_action_name(b->action), b->reason);
}

/* By the server, for as long as the filter says; who has no address of the network is only removed. */
static void ban_author(const struct command_env *env, const struct session *s, const struct ban *b)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};
	char by[96], name[64], address[CIDR_TEXT_MAX], reason[BAN_ORDER_REASON_MAX];
	uint64_t user = s->user ? s->user->id : 0;
	struct cidr c;

	name_of(b, name, sizeof(name));
	snprintf(by, sizeof(by), "filter %s%s", b->id ? "#" : "", name);
	snprintf(reason, sizeof(reason), "%s", b->reason);
	if (cidr_parse(&c, str_of(s->address))) {
		cidr_format(&c, address);
		r.ban.kind = BAN_ADDRESS;
		r.ban.action = BAN_REFUSE;
		r.ban.mask = str_of(address);
		r.ban.until = b->ban_ms ? now_ms(s) + b->ban_ms : 0;
		r.ban.id = network_ban_next(env->net);
		r.ban.max = env->server->bans_max;
		r.ban.by = str_of(by);
		r.ban.reason = str_of(reason);
		env->host->submit(env->host->ctx, &r);
	}
	if (!user || !network_user(env->net, user))
		return;
	r = (struct record){.type = RECORD_USER_KILL, .flags = RECORD_OVERRIDE};
	r.user_kill.target = user;
	r.user_kill.reason = str_of(reason);
	env->host->submit(env->host->ctx, &r);
}

static void kick_author(const struct call *call, const struct filter_try *t, const struct ban *b)
{
	struct record r = {.type = RECORD_KICK, .flags = RECORD_OVERRIDE};

	if (!t->channel || !network_member(t->channel, call->user))
		return;
	r.kick.channel = str_of(t->channel->name);
	r.kick.target = call->user->id;
	r.kick.reason = str_of(b->reason);
	call_submit(call, &r);
}

static void refuse(const struct call *call, const struct filter_try *t, const struct ban *b)
{
	char text[LINE_BODY_MAX];

	if (t->target == FILTER_NOTICE || t->target == FILTER_PART || t->target == FILTER_QUIT)
		return;
	snprintf(text, sizeof(text), reply_words(call->session, N_("Not sent: %s")),
		 *b->reason ? b->reason : reply_words(call->session, N_("a filter of this server refuses it")));
	reply_fail(call->session, call->row->name, "FILTERED", t->where ? target_shown(t->where) : NULL, text);
}

/* As if it had been sent. */
static void hide(const struct call *call, const struct filter_try *t)
{
	char line[2 * LINE_BODY_MAX];
	const struct user *u = call->user;
	int n = snprintf(line, sizeof(line), ":%s!%s@%s %s %s :%.*s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST), call->row->name, t->where ? t->where : "*", STR_ARG(t->text));

	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	if ((t->target & (FILTER_CHANNEL | FILTER_PRIVATE | FILTER_NOTICE)) &&
	    session_has(call->session, CAP_ECHO_MESSAGE))
		reply_line(call->session, STR_NONE, utf8_cut((struct str){line, (size_t)n}, LINE_BODY_MAX - 2));
}

bool filter_stops(const struct call *call, const struct filter_try *t)
{
	struct filters *f = call->env->filters;
	const struct ban *b = f ? filters_match(f, t->target, t->text) : NULL;

	if (!b || is_exempt(call, t->channel))
		return false;
	network_ban_hit(call->env->net, b, now_ms(call->session));
	log_met(b, call->session, t);
	switch (b->action) {
	case BAN_WARN:
		return false;
	case BAN_HIDE:
		hide(call, t);
		break;
	case BAN_KICK:
		refuse(call, t, b);
		kick_author(call, t, b);
		break;
	case BAN_BAN:
		ban_author(call->env, call->session, b);
		break;
	default:
		refuse(call, t, b);
	}
	return true;
}

bool filter_refuses(const struct command_env *env, const struct filter_try *t)
{
	const struct ban *b = env->filters ? filters_match(env->filters, t->target, t->text) : NULL;
	char id[64];

	if (!b || is_unfiltered(env, t->channel))
		return false;
	network_ban_hit(env->net, b, loop_clock(env->hub->loop)->real_ms);
	name_of(b, id, sizeof(id));
	log_event(EVENT_FILTER_MET,
		  LOG_FIELDS({"CHATD_BAN", id}, {"CHATD_ACTION", ban_action_name(b->action)},
			     {"CHATD_CHANNEL", t->channel ? t->channel->name : NULL},
			     {"CHATD_REASON", *b->reason ? b->reason : NULL}),
		  "filter %s met a webhook%s%s: %s: %s", id, t->where ? ", writing to " : "", t->where ? t->where : "",
		  ban_action_name(b->action), b->reason);
	return b->action != BAN_WARN;
}

bool filter_stops_newcomer(const struct command_env *env, struct session *s, const struct record *r)
{
	const struct filter_try t = {.target = FILTER_USER};
	char text[LINE_BODY_MAX], why[LINE_BODY_MAX];
	const struct ban *b;
	int n;

	if (!env->filters)
		return false;
	n = snprintf(text, sizeof(text), "%.*s!%.*s@%.*s %.*s", STR_ARG(r->user_add.nick),
		     STR_ARG(r->user_add.username), STR_ARG(r->user_add.host), STR_ARG(r->user_add.realname));
	b = filters_match(env->filters, FILTER_USER,
			  (struct str){text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1});
	if (!b)
		return false;
	network_ban_hit(env->net, b, now_ms(s));
	log_met(b, s, &t);
	if (b->action == BAN_WARN)
		return false;
	snprintf(why, sizeof(why), "Banned: %s", *b->reason ? b->reason : "a filter of this server refuses you");
	if (b->action == BAN_BAN)
		ban_author(env, s, b);
	reply(s, ERR_YOUREBANNEDCREEP, (int)strlen(why + 8), why + 8);
	env->host->quit(env->host->ctx, s, why);
	return true;
}

/* FILTER */

static void fail(const struct call *call, const char *code, const char *context, const char *why)
{
	reply_fail(call->session, call->row->name, code, context ? target_shown(context) : NULL, why);
}

/* Blanks of the reason are written as '_', as it is one word among others. */
static struct str parse_reason(const char *word, char dst[BAN_ORDER_REASON_MAX])
{
	struct str cut = utf8_cut(str_of(word), BAN_ORDER_REASON_MAX - 1);

	for (size_t i = 0; i < cut.n; i++)
		dst[i] = cut.p[i] == '_' ? ' ' : cut.p[i];
	return (struct str){dst, cut.n};
}

/* FILTER ADD action targets duration reason :pattern */
static void add(const struct call *call)
{
	const struct network *net = call->env->net;
	struct record r = call_record(call, RECORD_BAN_SET);
	char by[BY_MAX], reason[BAN_ORDER_REASON_MAX], memory[128];
	const char *pattern = call_word(call, 5), *why;
	int64_t lasts;

	if (!pattern) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
		return;
	}
	why = filter_pattern_check(str_of(pattern), memory);
	if (!filter_action_parse(call_param(call, 1), &r.ban.action, &r.ban.ban_ms))
		why = N_("The action is refuse, warn, hide, kick, or ban=DURATION");
	else if (!filter_targets_parse(call_param(call, 2), &r.ban.targets))
		why = N_("The targets are letters of cpntPqu, or *");
	else if (!duration_parse(call_param(call, 3), &lasts))
		why = N_("How long it holds is a duration, or 0");
	if (why) {
		fail(call, "INVALID_PARAMS", NULL, why);
		return;
	}
	if (!network_ban_find(net, BAN_FILTER, str_of(pattern)) &&
	    network_bans(net, BAN_FILTER)->count >= call->env->server->filters_max) {
		fail(call, "LIST_FULL", NULL, N_("There are as many filters as the configuration allows"));
		return;
	}
	oper_audit(call, &(struct deed){.target = pattern, .reason = call_param(call, 4)});
	snprintf(by, sizeof(by), "%s!%s@%s", user_nick(call->user), user_text(call->user, USER_NAME),
		 user_text(call->user, USER_HOST));
	r.flags |= RECORD_OVERRIDE;
	r.ban.id = network_ban_next(net);
	r.ban.kind = BAN_FILTER;
	r.ban.max = call->env->server->bans_max;
	r.ban.mask = str_of(pattern);
	r.ban.by = str_of(by);
	r.ban.reason = parse_reason(call_param(call, 4), reason);
	r.ban.until = lasts ? now_ms(call->session) + lasts : 0;
	call_submit(call, &r);
}

static void del(const struct call *call, const char *text)
{
	struct record r = call_record(call, RECORD_BAN_CLEAR);
	unsigned long long id;
	const struct ban *b;
	char by[BY_MAX];

	if (str_u64(str_of(text + (*text == '#')), INT64_MAX, &id))
		b = network_ban(call->env->net, id);
	else
		b = network_ban_find(call->env->net, BAN_FILTER, str_of(text));
	if (!b || b->kind != BAN_FILTER) {
		fail(call, "NO_SUCH_FILTER", NULL, N_("There is no such filter"));
		return;
	}
	oper_audit(call, &(struct deed){.target = b->mask});
	snprintf(by, sizeof(by), "%s!%s@%s", user_nick(call->user), user_text(call->user, USER_NAME),
		 user_text(call->user, USER_HOST));
	r.flags |= RECORD_OVERRIDE;
	r.ban_clear.id = b->id;
	r.ban_clear.by = str_of(by);
	call_submit(call, &r);
}

static void test(const struct call *call, const char *text)
{
	static const char targets[] = "cpntPqu";
	char name[64];
	bool any = false;

	for (int i = 0; targets[i] && call->env->filters; i++) {
		const struct ban *b = filters_match(call->env->filters, (enum filter_target)(1 << i), str_of(text));

		if (!b)
			continue;
		any = true;
		name_of(b, name, sizeof(name));
		reply_notice(call->session, "%c: %s %s: %s", targets[i], name, b->mask, ban_action_name(b->action));
	}
	if (!any)
		reply_notice(call->session, "No filter matches that");
}

/* Those of the configuration in front: they are few, and not to be removed here. */
static void list(const struct call *call, const char *glob)
{
	const struct server *server = call->env->server;

	for (size_t i = 0; i < server->nfilters; i++) {
		const struct filter_row *row = &server->filters[i];

		reply_notice(call->session, "[filter %s] %s on %s: %s: %s", row->name, row->pattern, row->targets,
			     row->action,
			     row->reason ? row->reason : reply_words(call->session, N_("no reason given")));
	}
	ban_list(call, &(struct ban_listing){.kinds = 1u << BAN_FILTER, .glob = glob});
}

static void run_filter(struct call *call)
{
	const char *what = call_word(call, 0), *first = call_word(call, 1);

	if (!what || strcasecmp(what, "LIST") == 0)
		list(call, first);
	else if (!first)
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
	else if (strcasecmp(what, "ADD") == 0)
		add(call);
	else if (strcasecmp(what, "DEL") == 0)
		del(call, first);
	else if (strcasecmp(what, "TEST") == 0)
		test(call, first);
	else
		fail(call, "UNKNOWN_SUBCOMMAND", what, N_("FILTER knows ADD, DEL, LIST and TEST"));
}

static const struct command rows[] = {
	{"FILTER", ROLE_MAY(PRIV_FILTER), 0, 10, -1, run_filter},
};

const struct command *command_family_filter(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
