#include "command/nicks.h"

#include "command/command.h"
#include "command/services.h"

enum nick_policy nicks_policy(const struct server *server, const struct account *a)
{
	if (server->accounts.nicks == NICK_OPEN || (a->flags & ACCOUNT_NICK_OPEN))
		return NICK_OPEN;
	return a->flags & ACCOUNT_NICK_LENIENT ? NICK_LENIENT : server->accounts.nicks;
}

const struct account *nicks_owner(const struct command_env *env, struct str nick, const struct account *own)
{
	const struct account *a = network_account_of_nick(env->net, nick);

	return a && a != own && nicks_policy(env->server, a) != NICK_OPEN ? a : NULL;
}

bool nicks_refused(const struct command_env *env, struct str nick, const struct account *own)
{
	const struct account *owner = nicks_owner(env, nick, own);

	return services_is_name(nick) || (owner && nicks_policy(env->server, owner) == NICK_STRICT);
}
