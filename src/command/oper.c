#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "command/audit.h"
#include "command/families.h"
#include "command/oper_force.h"
#include "command/oper_login.h"
#include "command/targets.h"
#include "proto/utf8.h"
#include "session/server.h"

enum {
	REASON_MAX = 512,
	WHY_MAX = 256,
};

/* The text as far as it is used. */
static void deed_of(const struct call *call, const char *target, struct str reason)
{
	char text[REASON_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_str(&b, reason);
	text[b.n] = '\0';
	oper_audit(call, &(struct deed){.target = target, .reason = text});
}

static void run_kill(struct call *call)
{
	const struct user *target = target_user(call, call_param(call, 0));
	const char *reason = call_word(call, 1);
	struct record r;

	if (!target)
		return;
	r = call_record(call, RECORD_USER_KILL);
	r.user_kill.target = target->id;
	r.user_kill.reason = utf8_cut(str_of(reason ? reason : "No reason given"), call->env->server->kick_max);
	deed_of(call, user_nick(target), r.user_kill.reason);
	call_submit(call, &r);
}

static void run_rehash(struct call *call)
{
	const struct command_host *host = call->env->host;
	const char *path = call->env->server->config_path;
	char why[WHY_MAX] = "", text[WHY_MAX + 64];

	oper_audit(call, &(struct deed){0});
	reply(call->session, RPL_REHASHING, target_shown(path ? path : "*"));
	if (host->rehash(host->ctx, why, sizeof(why))) {
		reply_notice(call->session, "The configuration was read again");
		return;
	}
	snprintf(text, sizeof(text), reply_words(call->session, "The configuration was refused, the old one stays: %s"),
		 why);
	reply_fail(call->session, "REHASH", "CONFIG_BAD", NULL, text);
}

static void run_wallops(struct call *call)
{
	const char *text = call_word(call, 0);
	struct record r;

	if (!text) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
		return;
	}
	oper_audit(call, &(struct deed){0});
	r = call_record(call, RECORD_WALLOPS);
	r.wallops.text = str_of(text);
	call_submit(call, &r);
}

/* The text given, or who did it. */
static void stop(struct call *call, bool restart)
{
	const struct command_host *host = call->env->host;
	const char *text = call_word(call, 0);
	char reason[REASON_MAX];
	struct buf b;

	deed_of(call, NULL, utf8_cut(str_of(text), call->env->server->kick_max));
	buf_init(&b, reason, sizeof(reason) - 1);
	buf_fmt(&b, "%s by %s", restart ? "Restarted" : "Stopped", user_nick(call->user));
	if (text) {
		buf_cstr(&b, ": ");
		buf_str(&b, utf8_cut(str_of(text), call->env->server->kick_max));
	}
	reason[b.n] = '\0';
	host->stop(host->ctx, reason, restart);
}

static void run_die(struct call *call)
{
	stop(call, false);
}

static void run_restart(struct call *call)
{
	stop(call, true);
}

/* OPER costs as much as several commands: passwords are not to be tried in numbers. */
static const struct command rows[] = {
	{"OPER", ROLE_USER, 1, 50, -1, oper_login_run},
	{"KILL", ROLE_MAY(PRIV_KILL), 1, 10, -1, run_kill},
	{"REHASH", ROLE_MAY(PRIV_REHASH), 0, 20, -1, run_rehash},
	{"WALLOPS", ROLE_MAY(PRIV_WALLOPS), 1, 10, -1, run_wallops},
	{"DIE", ROLE_MAY(PRIV_DIE), 0, 10, -1, run_die},
	{"RESTART", ROLE_MAY(PRIV_RESTART), 0, 10, -1, run_restart},
	{"SAJOIN", ROLE_MAY(PRIV_SAJOIN), 2, 10, -1, sajoin_run},
	{"SAPART", ROLE_MAY(PRIV_SAPART), 2, 10, -1, sapart_run},
	{"SANICK", ROLE_MAY(PRIV_SANICK), 2, 10, -1, sanick_run},
	{"SAMODE", ROLE_MAY(PRIV_SAMODE), 2, 10, -1, samode_run},
};

const struct command *command_family_oper(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
