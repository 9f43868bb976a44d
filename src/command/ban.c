#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "command/audit.h"
#include "command/ban_list.h"
#include "command/ban_order.h"
#include "command/ban_test.h"
#include "command/families.h"
#include "command/targets.h"

/* UBAN of the whole network, and the customary names of its parts. */

enum { BY_MAX = 512, TEXT_MAX = LINE_BODY_MAX };

static int64_t now_ms(const struct call *call)
{
	return loop_clock(call->session->hub->loop)->real_ms;
}

static void refuse(const struct call *call, const char *code, const char *context, const char *why)
{
	reply_fail(call->session, call->row->name, code, context ? target_shown(context) : NULL, why);
}

static struct str who(const struct call *call, char dst[BY_MAX])
{
	const struct user *u = call->user;
	int n = snprintf(dst, BY_MAX, "%s!%s@%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST));

	return (struct str){dst, n < BY_MAX ? (size_t)n : BY_MAX - 1};
}

static void ban_set(struct call *call, const struct ban_order *o)
{
	struct record r = call_record(call, RECORD_BAN_SET);
	char by[BY_MAX];

	oper_audit(call, &(struct deed){.target = o->mask, .reason = o->reason});
	ban_order_record(o, &r, now_ms(call));
	r.ban.id = network_ban_next(call->env->net);
	r.ban.max = call->env->server->bans_max;
	r.ban.by = who(call, by);
	call_submit(call, &r);
}

static void ban_clear(struct call *call, const struct ban *b)
{
	struct record r = call_record(call, RECORD_BAN_CLEAR);
	char by[BY_MAX];

	oper_audit(call, &(struct deed){.target = b->mask});
	r.flags |= RECORD_OVERRIDE;
	r.ban_clear.id = b->id;
	r.ban_clear.by = who(call, by);
	call_submit(call, &r);
}

/* By its number, with or without '#', or by its target. NULL: answered. */
static const struct ban *find_ban(const struct call *call, enum ban_form form, const char *text)
{
	const struct network *net = call->env->net;
	struct ban_order o = {0};
	unsigned long long id;
	const struct ban *b;
	const char *why;

	if (str_u64(str_of(text + (*text == '#')), INT64_MAX, &id)) {
		b = network_ban(net, id);
		why = NULL;
	} else {
		why = ban_target_parse(&o, form, text);
		b = o.mask[0] ? network_ban_find(net, o.kind, str_of(o.mask)) : NULL;
	}
	if (b && b->kind < BAN_FILTER)
		return b;
	refuse(call, why ? "INVALID_TARGET" : "NO_SUCH_BAN", text, why ? why : N_("There is no such ban"));
	return NULL;
}

/* "KLINE nick": whoever has that nick now, by the address. True: it was one. */
static bool take_nick(const struct call *call, const char **words, size_t n, char mask[BAN_ORDER_MASK_MAX])
{
	for (size_t i = 0; i < n && i < 2; i++) {
		const struct user *u = network_user_by_nick(call->env->net, str_of(words[i]));

		if (!u || !*user_text(u, USER_ADDRESS))
			continue;
		snprintf(mask, BAN_ORDER_MASK_MAX, "*!*@%s", user_text(u, USER_ADDRESS));
		words[i] = mask;
		return true;
	}
	return false;
}

static void order(struct call *call, enum ban_form form, enum ban_action action, size_t skip)
{
	const char *words[LINE_PARAMS_MAX];
	size_t n = call->msg->nparams - skip;
	struct ban_order o = {.action = action};
	char mask[BAN_ORDER_MASK_MAX];
	const char *why;

	memcpy(words, call->msg->params + skip, n * sizeof(*words));
	if (n && words[0][0] == '+')
		words[0]++;
	if (form == BAN_FORM_HOST)
		take_nick(call, words, n, mask);
	why = ban_order_parse(&o, form, words, n);
	if (why)
		refuse(call, "INVALID_TARGET", n ? words[0] : NULL, why);
	else
		ban_set(call, &o);
}

static void remove_ban(struct call *call, enum ban_form form, const char *text)
{
	const struct ban *b = find_ban(call, form, text);

	if (b)
		ban_clear(call, b);
}

static void uban_info(struct call *call, const char *target)
{
	const struct ban *b = find_ban(call, BAN_FORM_ANY, target);
	char text[TEXT_MAX];
	struct buf out;

	if (!b)
		return;
	buf_init(&out, text, sizeof(text));
	ban_describe(&out, b, session_language(call->session), now_ms(call));
	reply_notice(call->session, "%.*s", STR_ARG(buf_view(&out)));
}

static void run_uban(struct call *call)
{
	const char *what = call_word(call, 0), *target = call_word(call, 1);

	if (!what || strcasecmp(what, "LIST") == 0) {
		ban_list(call, &(struct ban_listing){.kinds = BAN_LIST_ALL, .glob = target});
	} else if (!target) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
	} else if (strcasecmp(what, "ADD") == 0) {
		order(call, BAN_FORM_ANY, BAN_REFUSE, 1);
	} else if (strcasecmp(what, "DEL") == 0 || strcasecmp(what, "REMOVE") == 0) {
		remove_ban(call, BAN_FORM_ANY, target);
	} else if (strcasecmp(what, "INFO") == 0) {
		uban_info(call, target);
	} else {
		refuse(call, "UNKNOWN_SUBCOMMAND", what, N_("UBAN knows ADD, DEL, LIST and INFO"));
	}
}

/* Without a target they are listed; with '-' in front it goes. */
static void run_line(struct call *call, enum ban_form form, enum ban_action action, unsigned kinds)
{
	const char *first = call_word(call, 0);

	if (!first)
		ban_list(call, &(struct ban_listing){.kinds = kinds, .shuns = action == BAN_SHUN});
	else if (first[0] == '-' && first[1])
		remove_ban(call, form, first + 1);
	else
		order(call, form, action, 0);
}

static void run_kline(struct call *call)
{
	run_line(call, BAN_FORM_HOST, BAN_REFUSE, 1 << BAN_MASK | 1 << BAN_ADDRESS);
}

static void run_dline(struct call *call)
{
	run_line(call, BAN_FORM_ADDRESS, BAN_REFUSE, 1 << BAN_ADDRESS);
}

static void run_xline(struct call *call)
{
	run_line(call, BAN_FORM_REALNAME, BAN_REFUSE, 1 << BAN_REALNAME);
}

static void run_shun(struct call *call)
{
	run_line(call, BAN_FORM_HOST, BAN_SHUN, BAN_LIST_ALL);
}

static void run_unkline(struct call *call)
{
	remove_ban(call, BAN_FORM_HOST, call_param(call, 0));
}

static void run_undline(struct call *call)
{
	remove_ban(call, BAN_FORM_ADDRESS, call_param(call, 0));
}

static void run_unxline(struct call *call)
{
	remove_ban(call, BAN_FORM_REALNAME, call_param(call, 0));
}

#define MAY_BAN ROLE_MAY(PRIV_BAN)

static const struct command rows[] = {
	{"UBAN", MAY_BAN, 0, 10, -1, run_uban},         {"KLINE", MAY_BAN, 0, 10, -1, run_kline},
	{"GLINE", MAY_BAN, 0, 10, -1, run_kline},       {"DLINE", MAY_BAN, 0, 10, -1, run_dline},
	{"ZLINE", MAY_BAN, 0, 10, -1, run_dline},       {"GZLINE", MAY_BAN, 0, 10, -1, run_dline},
	{"XLINE", MAY_BAN, 0, 10, -1, run_xline},       {"SHUN", MAY_BAN, 0, 10, -1, run_shun},
	{"UNKLINE", MAY_BAN, 1, 10, -1, run_unkline},   {"UNGLINE", MAY_BAN, 1, 10, -1, run_unkline},
	{"UNDLINE", MAY_BAN, 1, 10, -1, run_undline},   {"UNZLINE", MAY_BAN, 1, 10, -1, run_undline},
	{"UNXLINE", MAY_BAN, 1, 10, -1, run_unxline},   {"UNSHUN", MAY_BAN, 1, 10, -1, run_unkline},
	{"TESTMASK", MAY_BAN, 1, 10, -1, ban_test_mask},
	{"TESTLINE", MAY_BAN, 1, 10, -1, ban_test_line},
};

const struct command *command_family_ban(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
