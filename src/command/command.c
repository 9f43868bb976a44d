#include "command/command.h"

#include <stdlib.h>
#include <string.h>

#include "command/batch.h"
#include "command/families.h"
#include "command/override.h"
#include "network/ban.h"
#include "proto/tags.h"

enum { COST_UNKNOWN = 1000, COST_UNIT = 100 };

typedef const struct command *(*family_fn)(size_t *count);

static const family_fn families[] = {
	command_family_connection, command_family_channel,  command_family_list,   command_family_mode,
	command_family_tban,       command_family_message,  command_family_batch,  command_family_chathistory,
	command_family_who,        command_family_whois,    command_family_self,   command_family_server,
	command_family_help,       command_family_oper,     command_family_ban,    command_family_emergency,
	command_family_filter,     command_family_account,  command_family_sasl,   command_family_relay,
	command_family_metadata,   command_family_markread, command_family_host,   command_family_services,
	command_family_webirc,     command_family_redact,   command_family_search, command_family_edit,
	command_family_webpush,
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

bool command_is_known(const char *name)
{
	return command_find(name);
}

size_t command_count(void)
{
	size_t total = 0, count;

	for (size_t i = 0; i < FAMILIES; i++) {
		families[i](&count);
		total += count;
	}
	return total;
}

const struct command *command_nth(size_t n)
{
	const struct command *rows = NULL;
	size_t count = 0;

	for (size_t i = 0; i < FAMILIES; i++) {
		rows = families[i](&count);
		if (n < count)
			return rows + n;
		n -= count;
	}
	return NULL;
}

/* The row of that name and its number among all. The families are few and their rows short: compared by first letter.
 */
static const struct command *find(const char *name, size_t *nth)
{
	size_t before = 0, count;

	for (size_t i = 0; i < FAMILIES; i++) {
		const struct command *rows = families[i](&count);

		for (size_t k = 0; k < count; k++) {
			if (rows[k].name[0] == name[0] && strcmp(rows[k].name, name) == 0) {
				*nth = before + k;
				return rows + k;
			}
		}
		before += count;
	}
	return NULL;
}

const struct command *command_find(const char *name)
{
	size_t nth;

	return find(name, &nth);
}

struct record call_record(const struct call *call, enum record_type type)
{
	struct record r = {
		.type = type,
		.origin = call->user ? call->user->id : 0,
		.session = call->session->id,
	};

	return r;
}

void call_submit(const struct call *call, struct record *r)
{
	if (call->forced)
		r->flags |= RECORD_OVERRIDE;
	override_apply(call, r);
	call->env->host->submit(call->env->host->ctx, r);
}

/* Accounts that the configuration names: of bots, mostly. */
static bool is_exempt_account(const struct call *call, struct str account)
{
	struct str rest = str_of(call->env->server->flood_exempt), name;

	while (account.n && str_split(&rest, ' ', &name))
		if (casemap_eq(network_casemap(call->env->net), name, account))
			return true;
	return false;
}

static bool is_flood_exempt(const struct call *call, const struct user *u)
{
	const struct server *server = call->env->server;

	if ((call->session->flags & SESSION_LOCAL) && !server->flood_local)
		return true;
	return server->flood_exempt && u && is_exempt_account(call, user_str(u, USER_ACCOUNT));
}

void call_charge(const struct call *call, uint32_t cost)
{
	const struct user *u = call_user(call);

	if ((!u || !user_may(u, PRIV_NO_FLOOD)) && !is_flood_exempt(call, u))
		session_charge(call->session, cost);
}

bool call_may(const struct call *call, enum privilege priv)
{
	const struct user *u = call_user(call);

	if (u && user_may(u, priv))
		return true;
	if (u && (u->modes & USER_OPER))
		reply(call->session, ERR_NOPRIVS, privilege_name(priv));
	else
		reply(call->session, ERR_NOPRIVILEGES);
	return false;
}

/* What stands in the way of the row for this caller; true: it was answered. */
static bool refused(const struct call *call)
{
	struct session *s = call->session;

	if (call->row->role == ROLE_UNREGISTERED && call->user)
		reply(s, ERR_ALREADYREGISTERED);
	else if (call->row->role >= ROLE_USER && !call->user)
		reply(s, ERR_NOTREGISTERED);
	else if (call->row->role > ROLE_OPER && !call_may(call, (enum privilege)(call->row->role - ROLE_OPER - 1)))
		return true;
	else if (call->row->role == ROLE_OPER && !(call->user->modes & USER_OPER))
		reply(s, ERR_NOPRIVILEGES);
	else if (call->msg->nparams < call->row->min)
		reply(s, ERR_NEEDMOREPARAMS, call->row->name);
	else
		return false;
	return true;
}

/* Those who could take the ban back are not kept from it. */
static bool is_shunned(const struct call *call)
{
	return call->user && call->user->shunned && !user_may(call->user, PRIV_BAN);
}

/* Each word that nobody hears is one that the shun has met. */
static void count_shun(const struct call *call)
{
	const struct ban_subject subject = ban_subject_of(call->user);
	const struct ban *b = network_shun_against(call->env->net, &subject);

	if (b)
		network_ban_hit(call->env->net, b, loop_clock(call->session->hub->loop)->real_ms);
}

/* What the shunned say is heard by nobody, and they are not told; a last word would be heard. */
static void run_shunned(struct call *call)
{
	static const struct {
		const char *name;
		size_t params; /* so many are looked at */
	} allowed[] = {{"PING", 2}, {"PONG", 2}, {"QUIT", 0}, {"PART", 1}};
	const struct message *whole = call->msg;
	struct message cut = *whole;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(call->row->name, allowed[i].name) != 0)
			continue;
		if (cut.nparams > allowed[i].params)
			cut.nparams = allowed[i].params;
		call->msg = &cut;
		if (!refused(call))
			call->row->run(call);
		call->msg = whole;
		return;
	}
	count_shun(call);
}

static void run(struct call *call)
{
	struct session *s = call->session;
	struct command_usage *usage;
	size_t nth;

	call->row = find(call->msg->command, &nth);
	if (call->row && call->row->cap >= 0 && !session_has(s, (enum cap)call->row->cap))
		call->row = NULL;
	if (!call->row) {
		if (call->user)
			reply(s, ERR_UNKNOWNCOMMAND, call->msg->command);
		else
			reply(s, ERR_NOTREGISTERED);
		call_charge(call, COST_UNKNOWN);
		return;
	}
	usage = &call->env->usage[nth];
	usage->count++;
	usage->bytes += call->msg->bytes;
	call_charge(call, (uint32_t)call->row->cost * COST_UNIT);
	if (is_shunned(call))
		run_shunned(call);
	else if (!refused(call) && !batch_takes(call))
		call->row->run(call);
}

void command_run(const struct command_env *env, struct session *s, const struct message *m)
{
	struct call call = {.env = env, .session = s, .user = s->user, .msg = m};
	struct tag label;

	answer_begin(s, tags_find(m->tags, STR("label"), &label) ? label.value : STR_NONE);
	run(&call);
	answer_end(s);
}
