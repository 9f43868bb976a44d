#include "command/outside.h"

#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/emergency.h"
#include "command/login.h"
#include "command/services.h"
#include "proto/name.h"

/* No nick of anybody's, and none that somebody else uses just now. */
static bool may_be_made(const struct login *l, struct str name)
{
	const struct command_env *env = l->env;
	const struct user *holder = network_user_by_nick(env->net, name);

	if (!env->server->accounts.autocreate || emergency_has(env, EMERGENCY_NO_REGISTRATION))
		return false;
	if (!name_nick_valid(name, env->server->nick_max) || services_is_name(name))
		return false;
	return !network_account_of_nick(env->net, name) && (!holder || holder == l->session->user);
}

static void make(const struct login *l, struct str name)
{
	const struct command_env *env = l->env;
	struct account_edit edit;
	char *copy;

	account_edit_new(&edit, name, loop_clock(env->hub->loop)->real_ms);
	if (env->server->accounts.always_on)
		edit.r.account.flags |= ACCOUNT_ALWAYS_ON;
	if (!account_edit_submit(&edit, env))
		return;
	copy = mem_strndup(name.p, name.n);
	log_event(EVENT_ACCOUNT_REGISTERED,
		  LOG_FIELDS({"CHATD_NICK", session_nick(l->session)}, {"CHATD_ACCOUNT", copy},
			     {"CHATD_PEER", l->session->address}),
		  "account %s was registered from %s", copy, l->session->address);
	mem_free(copy);
}

const struct account *outside_account(const struct login *l, struct str name)
{
	if (!name.n)
		return NULL;
	if (!network_account(l->env->net, name) && may_be_made(l, name))
		make(l, name);
	return network_account(l->env->net, name);
}
