#include "command/emergency.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "command/audit.h"
#include "command/families.h"
#include "command/targets.h"
#include "network/ban.h"
#include "network/rules.h"

enum { BY_MAX = 512 };

static unsigned defcon(const struct command_env *env)
{
	return emergency_defcon(network_emergency(env->net));
}

bool emergency_has(const struct command_env *env, enum emergency_step step)
{
	return env->server->emergency.steps[defcon(env)] & step;
}

/* So many in a second of the clock. */
static bool is_too_fast(const struct command_env *env, struct session_hub *hub)
{
	int64_t second = loop_clock(hub->loop)->mono_ms / 1000;

	if (hub->newcomers_second != second) {
		hub->newcomers_second = second;
		hub->newcomers = 0;
	}
	return hub->newcomers++ >= env->server->emergency.connects;
}

bool emergency_admits(const struct command_env *env, struct session *s, struct str account)
{
	const char *why = NULL;

	if (!network_emergency(env->net))
		return true;
	if (emergency_has(env, EMERGENCY_NEED_ACCOUNT) && !account.n)
		why = "Log in to an account to come in at the moment";
	else if (emergency_has(env, EMERGENCY_SLOW_CONNECTS) && !account.n && is_too_fast(env, s->hub))
		why = "Few are let in at the moment, try again in a minute";
	if (!why)
		return true;
	reply(s, ERR_YOUREBANNEDCREEP, (int)strlen(why), why);
	env->host->quit(env->host->ctx, s, why);
	return false;
}

static bool is_known(const struct user *u)
{
	return user_str(u, USER_ACCOUNT).n || (u->modes & USER_OPER);
}

bool emergency_may_make(const struct call *call, const char *channel)
{
	const struct user *u = call_user(call);

	if (!emergency_has(call->env, EMERGENCY_NO_NEW_CHANNELS) || is_known(u) ||
	    network_channel(call->env->net, str_of(channel)))
		return true;
	reply_fail(call->session, call->row->name, "TEMPORARILY_UNAVAILABLE", target_shown(channel),
		   "New channels are for those with an account at the moment");
	return false;
}

bool emergency_may_write(const struct call *call, const struct user *target)
{
	const struct user *u = call_user(call);

	return !emergency_has(call->env, EMERGENCY_NO_STRANGERS) || is_known(u) || target == u ||
	       (target->modes & USER_OPER) || rule_share_channel(u, target);
}

static void show(const struct call *call)
{
	const struct emergency *e = &call->env->server->emergency;
	unsigned now = defcon(call->env);
	char text[LINE_BODY_MAX];
	struct buf b;

	for (unsigned i = DEFCON_NORMAL; i >= DEFCON_LEAST; i--) {
		buf_init(&b, text, sizeof(text));
		emergency_show(&b, e->steps[i]);
		reply_notice(call->session, "DEFCON %u (%s)%s: %.*s", i, e->names[i], i == now ? ", now" : "",
			     STR_ARG(buf_view(&b)));
	}
}

static void set(const struct call *call, unsigned level)
{
	struct record r = call_record(call, RECORD_EMERGENCY);
	char digit[2] = {(char)('0' + level), '\0'}, by[BY_MAX];

	if (level == defcon(call->env)) {
		reply_notice(call->session, "The level is %u already", level);
		return;
	}
	oper_audit(call, &(struct deed){.target = digit, .reason = call_word(call, 1)});
	snprintf(by, sizeof(by), "%s!%s@%s", user_nick(call->user), user_text(call->user, USER_NAME),
		 user_text(call->user, USER_HOST));
	r.flags |= RECORD_OVERRIDE;
	r.emergency.level = DEFCON_NORMAL - level;
	r.emergency.by = str_of(by);
	call_submit(call, &r);
}

static void run_defcon(struct call *call)
{
	const char *word = call_word(call, 0);
	unsigned long long level;

	if (!word)
		show(call);
	else if (str_u64(str_of(word), DEFCON_NORMAL, &level) && level >= DEFCON_LEAST)
		set(call, (unsigned)level);
	else
		reply_fail(call->session, call->row->name, "INVALID_PARAMS", target_shown(word),
			   "The level is a number from 5 (as ever) to 1");
}

static const struct command rows[] = {
	{"DEFCON", ROLE_MAY(PRIV_EMERGENCY), 0, 10, -1, run_defcon},
};

const struct command *command_family_emergency(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
