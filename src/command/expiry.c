#include "command/expiry.h"

#include <stdio.h>
#include <strings.h>

#include "command/account_edit.h"
#include "command/audit.h"
#include "command/command.h"
#include "command/services.h"
#include "network/access.h"
#include "network/ban.h"
#include "network/settings.h"

enum { DAY_MS = 24 * 3600 * 1000, PARTS = 8, STEP_LEAST_MS = 100 };

static const struct str last_item = STR("*");

static int64_t now_ms(const struct command_env *env)
{
	return loop_clock(env->hub->loop)->real_ms;
}

static void shorten(int64_t *step, int64_t period)
{
	if (period && period / PARTS < *step)
		*step = period / PARTS;
}

int64_t expiry_step(const struct server *server)
{
	int64_t step = DAY_MS;

	shorten(&step, server->accounts.expiry_ms);
	shorten(&step, server->accounts.nick_expiry_ms);
	shorten(&step, server->channel_expiry_ms);
	return step < STEP_LEAST_MS ? STEP_LEAST_MS : step;
}

static const struct account_kept *last_of(const struct account *a)
{
	return account_find(a, ACCOUNT_LAST, last_item);
}

/* Of one that stays without a device it is known when the last one left. */
int64_t expiry_seen(const struct account *a)
{
	const struct account_kept *last = last_of(a);
	int64_t seen = last ? last->time : 0;

	for (uint32_t i = 0; last && i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_SEEN && item->time > seen)
			seen = item->time;
	}
	return seen;
}

static int64_t after(int64_t seen, int64_t period)
{
	return seen && period ? seen + period : 0;
}

int64_t expiry_of_account(const struct server *server, const struct account *a)
{
	if (a->flags & (ACCOUNT_NO_EXPIRY | ACCOUNT_SUSPENDED | ACCOUNT_UNVERIFIED))
		return 0;
	return after(expiry_seen(a), server->accounts.expiry_ms);
}

/* Before the account was noted to be used, its nicks were not either, and say when they were grouped. */
int64_t expiry_of_nick(const struct server *server, const struct account *a, const struct account_kept *nick)
{
	if ((a->flags & (ACCOUNT_NO_EXPIRY | ACCOUNT_SUSPENDED)) || !last_of(a))
		return 0;
	return after(nick->time, server->accounts.nick_expiry_ms);
}

int64_t expiry_of_channel(const struct network *net, const struct server *server, const struct channel *c)
{
	const struct channel_settings *s = channel_settings(c);

	if (!(c->flags & CHAN_REGISTERED) || (s->flags & CHANNEL_NO_EXPIRY) ||
	    network_forbidden(net, BAN_SUSPENDED, str_of(c->name)))
		return 0;
	return after(s->used, server->channel_expiry_ms);
}

static bool is_old(const struct command_env *env, int64_t noted)
{
	return now_ms(env) - noted >= expiry_step(env->server);
}

/* That nick of the account's, beside its name; NULL: none. */
static const struct account_kept *nick_of(const struct command_env *env, const struct account *a, struct str nick)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_NICK && casemap_eq(network_casemap(env->net), str_of(item->text), nick))
			return item;
	}
	return NULL;
}

static bool is_stale(const struct command_env *env, const struct account *a, struct str nick)
{
	const struct account_kept *last = last_of(a), *used = nick_of(env, a, nick);

	return !last || is_old(env, last->time) || (used && is_old(env, used->time));
}

bool expiry_is_stale(const struct command_env *env, const struct user *u)
{
	const struct account *a = network_account(env->net, user_str(u, USER_ACCOUNT));

	return a && is_stale(env, a, user_str(u, USER_NICK));
}

/* At the first time all nicks count from then. */
void expiry_note_account(const struct command_env *env, const struct account *a, struct str nick)
{
	const struct account_kept *used = nick_of(env, a, nick);
	bool first = !last_of(a);
	struct account_edit e;

	if (!is_stale(env, a, nick))
		return;
	account_edit_begin(&e, a);
	for (uint32_t i = 0; i < e.r.account.nitems; i++) {
		struct account_item *item = &e.items[i];

		if (item->kind == ACCOUNT_NICK && (first || (used && str_eq(item->text, str_of(used->text)))))
			item->time = now_ms(env);
	}
	account_edit_drop_exact(&e, ACCOUNT_LAST, last_item);
	if (account_edit_add(&e, ACCOUNT_LAST, last_item, now_ms(env)))
		(void)account_edit_submit(&e, env);
}

bool expiry_is_stale_in(const struct command_env *env, const struct channel *c, const struct user *u)
{
	return (c->flags & CHAN_REGISTERED) && user_str(u, USER_ACCOUNT).n &&
	       is_old(env, channel_settings(c)->used) &&
	       network_access(env->net, network_account(env->net, user_str(u, USER_ACCOUNT)), str_of(c->name));
}

static void submit_settings(const struct command_env *env, const struct channel *c, struct record *r)
{
	r->type = RECORD_CHANNEL_SETTINGS;
	r->flags |= RECORD_OVERRIDE;
	r->channel_settings.channel = str_of(c->name);
	env->host->submit(env->host->ctx, r);
}

void expiry_note_channel(const struct command_env *env, const struct channel *c)
{
	struct record r = {.channel_settings = {.what = CHANNEL_SET_USED, .used = now_ms(env)}};

	if ((c->flags & CHAN_REGISTERED) && is_old(env, channel_settings(c)->used))
		submit_settings(env, c, &r);
}

void expiry_end_nick(const struct command_env *env, const struct account *a, const struct account_kept *nick)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	account_edit_drop_exact(&e, ACCOUNT_NICK, str_of(nick->text));
	(void)account_edit_submit(&e, env);
}

/* The name outlives the channel, which may be gone with its registration. */
void expiry_end_channel(const struct command_env *env, const struct channel *c)
{
	char name[LINE_BODY_MAX];

	snprintf(name, sizeof(name), "%s", c->name);
	account_forget_channel(env, str_of(name));
	account_unregister_channel(env, str_of(name));
}

bool expiry_keep_account(const struct command_env *env, const struct account *a, bool keep)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	e.r.account.flags &= ~(uint32_t)ACCOUNT_NO_EXPIRY;
	if (keep)
		e.r.account.flags |= ACCOUNT_NO_EXPIRY;
	return account_edit_submit(&e, env);
}

void expiry_keep_channel(const struct command_env *env, const struct channel *c, bool keep)
{
	struct record r = {.channel_settings = {.what = CHANNEL_SET_FLAGS}};

	r.channel_settings.flags = channel_settings(c)->flags & ~(uint32_t)CHANNEL_NO_EXPIRY;
	if (keep)
		r.channel_settings.flags |= CHANNEL_NO_EXPIRY;
	submit_settings(env, c, &r);
}

/* The words of services */

/* "on" or "off"; else it was said what is wanted. */
static bool take_switch(const struct service_ask *a, bool *on)
{
	*on = strcasecmp(a->words[1], "on") == 0;
	if (*on || strcasecmp(a->words[1], "off") == 0)
		return true;
	service_tell(a, "That is on, or off.");
	return false;
}

static void audit(const struct service_ask *a, const char *name)
{
	char command[32];

	snprintf(command, sizeof(command), "%s %s", a->service->name, a->row->name);
	oper_audit(a->call, &(struct deed){.command = command, .target = name, .reason = a->words[1]});
}

void expiry_run_account(const struct service_ask *a)
{
	const struct account *account;
	bool on;

	if (!call_may(a->call, PRIV_ACCOUNTS) || !take_switch(a, &on))
		return;
	account = network_account_of_nick(a->call->env->net, str_of(a->words[0]));
	if (!account) {
		service_tell(a, "There is no such account.");
		return;
	}
	audit(a, account_text(account, ACCOUNT_NAME));
	service_tell(a, expiry_keep_account(a->call->env, account, on) ? N_("Done.")
								     : N_("That could not be done: try again."));
}

void expiry_run_channel(const struct service_ask *a)
{
	const struct channel *c;
	bool on;

	if (!call_may(a->call, PRIV_REGISTER) || !take_switch(a, &on))
		return;
	c = network_channel(a->call->env->net, str_of(a->words[0]));
	if (!c || !(c->flags & CHAN_REGISTERED)) {
		service_tell(a, "There is no such registered channel.");
		return;
	}
	audit(a, c->name);
	expiry_keep_channel(a->call->env, c, on);
	service_tell(a, "Done.");
}
