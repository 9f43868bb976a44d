#include "command/host.h"

#include <string.h>

#include "command/account_edit.h"
#include "command/audit.h"
#include "command/families.h"
#include "command/targets.h"
#include "network/account.h"
#include "proto/casemap.h"
#include "session/cloak.h"
#include "session/server.h"

void host_of_address(const struct command_env *env, const struct user *u, char dst[NAME_HOST_MAX + 1])
{
	struct str address = user_str(u, USER_ADDRESS), name = user_str(u, USER_REALHOST);

	if (u->modes & USER_CLOAKED)
		cloak_host(&env->server->cloak, address, name, dst);
	else
		cloak_open_host(address, name, dst);
}

static void show(const struct command_env *env, const struct user *u, struct str host)
{
	struct record r = {.type = RECORD_USER_HOST, .flags = RECORD_OVERRIDE, .origin = u->id};

	r.user_host.username = user_str(u, USER_NAME);
	r.user_host.host = host;
	env->host->submit(env->host->ctx, &r);
}

void host_follow_modes(const struct call *call, const struct user *u, uint32_t was)
{
	char host[NAME_HOST_MAX + 1];

	if (!((u->modes ^ was) & USER_CLOAKED) || !user_str(u, USER_ADDRESS).n)
		return;
	host_of_address(call->env, u, host);
	show(call->env, u, str_of(host));
}

struct str host_of_account(const struct account *a)
{
	struct str vhost = account_str(a, ACCOUNT_VHOST);

	return cloak_host_valid(vhost) && !account_find(a, ACCOUNT_SETTING, HOST_OFF) ? vhost : STR_NONE;
}

void host_take_vhost(const struct command_env *env, const struct user *u, const struct account *a)
{
	struct str vhost = host_of_account(a);

	if (vhost.n)
		show(env, u, vhost);
}

void host_show_account(const struct command_env *env, const struct account *a)
{
	const struct vec *users = network_users(env->net);
	struct str vhost = host_of_account(a);
	char own[NAME_HOST_MAX + 1];

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (!casemap_eq(network_casemap(env->net), user_str(u, USER_ACCOUNT), account_str(a, ACCOUNT_NAME)))
			continue;
		if (!vhost.n)
			host_of_address(env, u, own);
		show(env, u, vhost.n ? vhost : str_of(own));
	}
}

/* The account stays where it is; what it says does not. */
bool host_set_account(const struct command_env *env, const struct account *a, struct str vhost)
{
	struct account_edit edit;

	account_edit_begin(&edit, a);
	edit.r.account.vhost = vhost;
	account_edit_drop(&edit, ACCOUNT_SETTING, HOST_WANTED);
	account_edit_drop_exact(&edit, ACCOUNT_SETTING, HOST_OFF);
	if (!account_edit_submit(&edit, env))
		return false;
	host_show_account(env, a);
	return true;
}

static void refuse_host(const struct call *call)
{
	reply_fail(call->session, call->row->name, "INVALID_HOST", NULL,
		   "A host has letters, digits and . - : _ / and at most 64 bytes");
}

static void change(const struct call *call, const struct user *u, const char *host)
{
	char own[NAME_HOST_MAX + 1];

	if (strcmp(host, "-") == 0) {
		host_of_address(call->env, u, own);
		host = own;
	}
	if (!cloak_host_valid(str_of(host))) {
		refuse_host(call);
		return;
	}
	oper_audit(call, &(struct deed){.target = user_nick(u), .reason = host});
	reply_notice(call->session, "%s is shown with the host %s", user_nick(u), host);
	show(call->env, u, str_of(host));
}

/* "CHGHOST nick host"; "-" for a host: the one that is there without anybody's doing. */
static void run_chghost(struct call *call)
{
	const struct user *u = target_user(call, call_param(call, 0));

	if (u)
		change(call, u, call_param(call, 1));
}

static void run_sethost(struct call *call)
{
	change(call, call_user(call), call_param(call, 0));
}

/* "VHOST account host": kept with the account. "-": none any more. */
static void run_vhost(struct call *call)
{
	const struct account *a = network_account(call->env->net, str_of(call_param(call, 0)));
	const char *host = call_param(call, 1);
	struct str vhost = strcmp(host, "-") == 0 ? STR_NONE : str_of(host);

	if (!a) {
		reply_fail(call->session, "VHOST", "ACCOUNT_UNKNOWN", NULL, "There is no such account");
		return;
	}
	if (vhost.n && !cloak_host_valid(vhost)) {
		refuse_host(call);
		return;
	}
	oper_audit(call, &(struct deed){.target = call_param(call, 0), .reason = host});
	if (host_set_account(call->env, a, vhost))
		reply_notice(call->session, "%s has the host %s", call_param(call, 0), vhost.n ? host : reply_words(call->session, N_("of its address")));
	else
		reply_fail(call->session, "VHOST", "ACCOUNT_CHANGED", NULL, "The account was changed meanwhile");
}

static const struct command rows[] = {
	{"CHGHOST", ROLE_MAY(PRIV_VHOST), 2, 10, -1, run_chghost},
	{"VHOST", ROLE_MAY(PRIV_VHOST), 2, 10, -1, run_vhost},
	{"SETHOST", ROLE_MAY(PRIV_VHOST), 1, 10, -1, run_sethost},
};

const struct command *command_family_host(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
