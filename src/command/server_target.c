#include "command/server_target.h"

#include "command/command.h"
#include "command/targets.h"
#include "proto/mask.h"

bool server_target(const struct call *call, const char *name)
{
	const struct command_env *env = call->env;

	if (!name || mask_match(CASEMAP_ASCII, str_of(name), str_of(env->server->name)))
		return true;
	if (network_user_by_nick(env->net, str_of(name)))
		return true;
	reply(call->session, ERR_NOSUCHSERVER, target_shown(name));
	return false;
}
