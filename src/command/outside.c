#include "command/outside.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "account/helper.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/emergency.h"
#include "command/errand.h"
#include "command/login.h"
#include "command/nicks.h"
#include "command/services.h"
#include "network/ban.h"
#include "proto/name.h"

/* No nick of anybody's, and none that somebody else uses just now. */
static bool may_be_made(const struct login *l, struct str name)
{
	const struct command_env *env = l->env;
	const struct user *holder = network_user_by_nick(env->net, name);

	if (!env->server->accounts.autocreate || emergency_has(env, EMERGENCY_NO_REGISTRATION))
		return false;
	if (!name_nick_valid(env->server->casemap, name, env->server->nick_max) || services_is_name(name))
		return false;
	if (network_forbidden(env->net, BAN_NICK, name))
		return false;
	if (nicks_confusing(env, name, l->session->user, NULL))
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

/* The helper */

bool outside_asks(const struct command_env *env)
{
	return env->helper && env->server->helper.command;
}

bool outside_asks_certificates(const struct command_env *env)
{
	return outside_asks(env) && env->server->helper.certificates;
}

bool outside_asks_tokens(const struct command_env *env)
{
	return outside_asks(env) && env->server->helper.tokens;
}

struct asking {
	struct errand errand;
	struct helper_question question;
	const char *mechanism;
	login_answer_fn answer;
	bool password, token;
	char *account, *code; /* as the client names it; of the second factor */
	enum helper_verdict verdict;
	char said[HELPER_NAME_MAX]; /* whom the helper names; "": nobody */
};

static void answered(struct helper_question *q, enum helper_verdict verdict, struct str account)
{
	struct asking *k = (struct asking *)((char *)q - offsetof(struct asking, question));

	k->verdict = verdict;
	snprintf(k->said, sizeof(k->said), "%.*s", STR_ARG(account));
	errand_answered(&k->errand);
}

/* Whom the client named, with a certificate or a token, is who it must be. */
static bool is_named(const struct asking *k, const char *name)
{
	if (k->token && !*k->said)
		return false;
	return k->password || !*k->account ||
	       casemap_eq(network_casemap(k->errand.env->net), str_of(k->account), str_of(name));
}

static enum login_result enter(const struct asking *k, const struct login *l)
{
	const char *name = *k->said ? k->said : k->account;
	const struct account *a = network_account(l->env->net, str_of(name));

	/* Many at once are no way around the limit. */
	if (!login_may_try(l, str_of(k->account)))
		return login_refuse(l, a, LOGIN_WAIT);
	if (k->verdict == HELPER_BROKEN)
		return login_refuse(l, a, LOGIN_UNKNOWN);
	if (k->verdict == HELPER_NO || !is_named(k, name))
		return login_refuse(l, network_account(l->env->net, str_of(k->account)), LOGIN_WRONG);
	a = outside_account(l, str_of(name));
	return a ? login_enter(l, a) : login_refuse(l, NULL, LOGIN_WRONG);
}

static void asking_done(struct errand *e, struct session *s)
{
	const struct asking *k = (const struct asking *)e;
	const struct login l = {e->env, s, k->mechanism, k->password, str_of(k->code)};

	k->answer(&l, enter(k, &l));
}

static void asking_free(struct errand *e)
{
	struct asking *k = (struct asking *)e;

	explicit_bzero(k->code, strlen(k->code));
	mem_free(k->code);
	mem_free(k->account);
	explicit_bzero(k, sizeof(*k));
	mem_free(k);
}

static void ask(const struct call *call, struct asking *k, const struct helper_about *about)
{
	const struct login l = {call->env, call->session, k->mechanism, k->password, STR_NONE};

	k->errand.done = asking_done;
	k->errand.free = asking_free;
	k->question.answered = answered;
	if (!helper_write(&k->question, about)) {
		k->answer(&l, login_refuse(&l, NULL, LOGIN_WRONG));
		asking_free(&k->errand);
	} else if (!helper_ask(call->env->helper, &call->env->server->helper, &k->question)) {
		k->answer(&l, login_refuse(&l, NULL, LOGIN_UNKNOWN));
		asking_free(&k->errand);
	} else {
		errand_ask(call, &k->errand);
	}
}

static struct asking *asking_new(const struct login_try *t, struct str code)
{
	struct asking *k = mem_zalloc(sizeof(*k));

	k->mechanism = t->mechanism;
	k->answer = t->answer;
	k->account = mem_strndup(t->account.n ? t->account.p : "", t->account.n);
	k->code = mem_strndup(code.n ? code.p : "", code.n);
	return k;
}

void outside_by_password(const struct call *call, const struct login_try *t, struct str code)
{
	const struct helper_about about = {
		.account = t->account, .passphrase = t->password, .address = call->session->address};
	struct asking *k = asking_new(t, code);

	k->password = true;
	ask(call, k, &about);
}

void outside_by_certificate(const struct call *call, const struct login_try *t)
{
	const struct helper_about about = {
		.account = t->account, .certfp = call->session->certfp, .address = call->session->address};

	ask(call, asking_new(t, STR_NONE), &about);
}

void outside_by_token(const struct call *call, const struct login_try *t)
{
	const struct helper_about about = {
		.account = t->account, .token = t->password, .address = call->session->address};
	struct asking *k = asking_new(t, STR_NONE);

	k->token = true;
	ask(call, k, &about);
}
