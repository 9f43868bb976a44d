#include "command/login.h"

#include <stdio.h>
#include <string.h>

#include "account/credential.h"
#include "account/logins.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/outside.h"
#include "command/second.h"
#include "command/services.h"
#include "command/host.h"
#include "net/address.h"
#include "proto/name.h"

static int64_t now_ms(const struct command_env *env)
{
	return loop_clock(env->hub->loop)->mono_ms;
}

static struct logins_limit limit_of(const struct command_env *env)
{
	const struct server *server = env->server;

	return (struct logins_limit){server->no_limits ? 0 : server->accounts.attempts, server->accounts.attempts_ms};
}

const char *login_words(enum login_result result)
{
	static const char *const words[] = {
		[LOGIN_OK] = N_("You are logged in"),
		[LOGIN_WRONG] = N_("Invalid account credentials"),
		[LOGIN_WAIT] = N_("Too many attempts have failed, try again later"),
		[LOGIN_SUSPENDED] = N_("This account is suspended"),
		[LOGIN_UNVERIFIED] = N_("This account has not been verified yet"),
		[LOGIN_LOCKED] = N_("No password logs in to this account"),
		[LOGIN_UNKNOWN] = N_("Accounts cannot be checked at the moment, try again later"),
		[LOGIN_CODE] =
			N_("This account wants a second factor: give \"password code\", with PLAIN or to NickServ"),
	};

	return words[result];
}

const struct account *login_account(const struct command_env *env, const struct session *s)
{
	struct str name = s->user ? user_str(s->user, USER_ACCOUNT) : s->reg ? str_of(s->reg->account) : STR_NONE;

	return name.n ? network_account(env->net, name) : NULL;
}

unsigned login_language(const struct account *a)
{
	static const struct str name = STR(LOGIN_LANGUAGE);
	enum language language;

	for (uint32_t i = 0; a && i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];
		struct str text = str_of(item->text);

		if (item->kind == ACCOUNT_SETTING && str_starts(text, name) &&
		    language_find((struct str){text.p + name.n, text.n - name.n}, &language))
			return (unsigned)language + 1;
	}
	return 0;
}

enum login_result login_gate(const struct account *a, bool password)
{
	if (a->flags & ACCOUNT_SUSPENDED)
		return LOGIN_SUSPENDED;
	if (a->flags & ACCOUNT_UNVERIFIED)
		return LOGIN_UNVERIFIED;
	if (password && (a->flags & ACCOUNT_LOCKED))
		return LOGIN_LOCKED;
	return LOGIN_OK;
}

bool login_stays(const struct network *net, const struct user *u)
{
	const struct account *a = network_account(net, user_str(u, USER_ACCOUNT));

	return a && (a->flags & ACCOUNT_ALWAYS_ON) && login_gate(a, false) == LOGIN_OK;
}

/* The account as it is named, so that its nicks are no ways around the limit. */
static struct str counted_as(const struct login *l, struct str account)
{
	const struct account *a = network_account_of_nick(l->env->net, account);

	return a ? account_str(a, ACCOUNT_FOLDED) : account;
}

/* Whoever has one address of an IPv6 network has all of its /64. */
bool login_place_may(const struct command_env *env, enum logins_kind kind, const struct session *s)
{
	const struct logins_limit limit = limit_of(env);
	char place[ADDRESS_TEXT_MAX];

	address_place(s->address, place);
	return logins_may(env->logins, kind, str_of(place), &limit, now_ms(env));
}

void login_place_count(const struct command_env *env, enum logins_kind kind, const struct session *s)
{
	const struct logins_limit limit = limit_of(env);
	char place[ADDRESS_TEXT_MAX];

	address_place(s->address, place);
	logins_count(env->logins, kind, str_of(place), &limit, now_ms(env));
}

bool login_may_try(const struct login *l, struct str account)
{
	const struct logins_limit limit = limit_of(l->env);

	return login_place_may(l->env, LOGINS_ADDRESS, l->session) &&
	       logins_may(l->env->logins, LOGINS_ACCOUNT, counted_as(l, account), &limit, now_ms(l->env));
}

/* A name that is none is not logged: people mistype their password there. */
enum login_result login_refuse(const struct login *l, const struct account *a, enum login_result why)
{
	const struct logins_limit limit = limit_of(l->env);
	const char *name = a ? account_text(a, ACCOUNT_NAME) : NULL;
	const char *reason = l->reason ? l->reason : login_words(why);

	if (why == LOGIN_WRONG) {
		login_place_count(l->env, LOGINS_ADDRESS, l->session);
		if (a)
			logins_count(l->env->logins, LOGINS_ACCOUNT, account_str(a, ACCOUNT_FOLDED), &limit,
				     now_ms(l->env));
	}
	log_event(EVENT_LOGIN_FAILED,
		  LOG_FIELDS({"CHATD_ACCOUNT", name}, {"CHATD_PEER", l->session->address},
			     {"CHATD_REASON", reason}),
		  "login refused (%s): account %s from %s: %s", l->mechanism, name ? name : "unknown",
		  l->session->address, reason);
	return why;
}

/* nick!user@host, as far as it is known. */
static void mask_of(const struct session *s, char mask[LINE_BODY_MAX])
{
	const struct user *u = s->user;

	if (u)
		snprintf(mask, LINE_BODY_MAX, "%s!%s@%s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
	else
		snprintf(mask, LINE_BODY_MAX, "%s!*@*", session_nick(s));
}

static void set_account(const struct command_env *env, struct session *s, struct str name)
{
	struct record r = {.type = RECORD_USER_ACCOUNT, .session = s->id};
	const struct account *a;

	if (!s->user) {
		mem_free(s->reg->account);
		s->reg->account = name.n ? mem_strndup(name.p, name.n) : NULL;
		return;
	}
	r.origin = s->user->id;
	r.user_account.account = name;
	env->host->submit(env->host->ctx, &r);
	a = name.n && s->user ? network_account(env->net, name) : NULL;
	if (a)
		host_take_vhost(env, s->user, a);
}

static void tell_memos(const struct login *l, const char *name)
{
	const struct account *a = network_account(l->env->net, str_of(name));
	uint32_t memos = a ? account_count(a, ACCOUNT_MEMO) : 0;

	if (memos && l->session->user)
		services_say(l->session, "MemoServ", "You have %u memos. LIST shows them.", memos);
}

enum login_result login_enter(const struct login *l, const struct account *a)
{
	enum login_result result = login_gate(a, l->password);
	struct session *s = l->session;
	char name[NAME_ACCOUNT_MAX * 2], mask[LINE_BODY_MAX];

	snprintf(name, sizeof(name), "%s", account_text(a, ACCOUNT_NAME));
	if (result == LOGIN_OK && l->password)
		result = second_check(l, a);
	if (result != LOGIN_OK)
		return login_refuse(l, network_account(l->env->net, str_of(name)), result);
	mask_of(s, mask);
	log_event(EVENT_LOGIN,
		  LOG_FIELDS({"CHATD_NICK", session_nick(s)}, {"CHATD_ACCOUNT", name}, {"CHATD_PEER", s->address}),
		  "login (%s): account %s from %s", l->mechanism, name, s->address);
	reply(s, RPL_LOGGEDIN, mask, name, name);
	set_account(l->env, s, str_of(name));
	tell_memos(l, name);
	return LOGIN_OK;
}

void login_leave(const struct command_env *env, struct session *s)
{
	char mask[LINE_BODY_MAX];

	if (s->user ? !user_str(s->user, USER_ACCOUNT).n : !s->reg->account)
		return;
	set_account(env, s, STR_NONE);
	mask_of(s, mask);
	reply(s, RPL_LOGGEDOUT, mask);
}

/* By password */

struct trying {
	struct errand errand;
	const char *mechanism;
	login_answer_fn answer;
	struct credential credential, fresh;
	uint32_t iterations; /* what the policy wants */
	int64_t created;     /* when the account was: another of its name is not this one */
	bool known, right, renewed;
	char *account, *password, *code;
};

/* Keys that were derived with less than is wanted by now are made again, while the password is at hand. */
static void work(struct errand *e)
{
	struct trying *t = (struct trying *)e;
	struct str password = str_of(t->password);

	t->right = credential_check(&t->credential, password);
	if (t->right && t->known && t->credential.iterations < t->iterations)
		t->renewed = credential_make(&t->fresh, password, t->iterations);
}

static void renew(const struct trying *t, const struct account *a)
{
	char text[CREDENTIAL_TEXT_MAX];
	struct account_edit edit;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	credential_write(&b, &t->fresh);
	account_edit_begin(&edit, a);
	edit.r.account.credentials = buf_view(&b);
	account_edit_submit(&edit, t->errand.env);
	explicit_bzero(text, sizeof(text));
}

static void done(struct errand *e, struct session *s)
{
	struct trying *t = (struct trying *)e;
	const struct login l = {e->env, s, t->mechanism, true, str_of(t->code)};
	const struct account *a = network_account(e->env->net, str_of(t->account));

	/* Many at once are no way around the limit: what comes after the last failure that is allowed learns nothing.
	 */
	if (!login_may_try(&l, str_of(t->account))) {
		t->answer(&l, login_refuse(&l, a, LOGIN_WAIT));
		return;
	}
	if (!a || !t->known || !t->right || a->created != t->created) {
		t->answer(&l, login_refuse(&l, a, LOGIN_WRONG));
		return;
	}
	if (t->renewed && login_gate(a, true) == LOGIN_OK) {
		renew(t, a);
		a = network_account(e->env->net, str_of(t->account));
	}
	t->answer(&l, a ? login_enter(&l, a) : LOGIN_WRONG);
}

static void trying_free(struct errand *e)
{
	struct trying *t = (struct trying *)e;

	explicit_bzero(t->password, strlen(t->password));
	explicit_bzero(t->code, strlen(t->code));
	mem_free(t->password);
	mem_free(t->code);
	mem_free(t->account);
	explicit_bzero(t, sizeof(*t));
	mem_free(t);
}

void login_by_password(const struct call *call, const struct login_try *try)
{
	const struct login l = {call->env, call->session, try->mechanism, true};
	const struct account *a = network_account_of_nick(call->env->net, try->account);
	struct str password = try->password, code = second_cut(a, &password);
	uint32_t iterations = call->env->server->accounts.iterations;
	struct login_try asked;
	struct trying *t;

	if (!login_may_try(&l, try->account)) {
		try->answer(&l, login_refuse(&l, a, LOGIN_WAIT));
		return;
	}
	if (outside_asks(call->env) && !(a && account_str(a, ACCOUNT_CREDENTIALS).n)) {
		asked = *try;
		asked.account = a ? account_str(a, ACCOUNT_NAME) : try->account;
		asked.password = password;
		outside_by_password(call, &asked, code);
		return;
	}
	t = mem_zalloc(sizeof(*t));
	t->errand.work = work;
	t->errand.done = done;
	t->errand.free = trying_free;
	t->mechanism = try->mechanism;
	t->answer = try->answer;
	t->iterations = iterations;
	t->created = a ? a->created : 0;
	t->known = a && credential_parse(&t->credential, account_str(a, ACCOUNT_CREDENTIALS));
	if (!t->known)
		credential_fake(&t->credential, logins_secret(call->env->logins), try->account, iterations);
	t->account = mem_strndup(a ? account_text(a, ACCOUNT_NAME) : "", a ? account_str(a, ACCOUNT_NAME).n : 0);
	t->password = mem_strndup(password.n ? password.p : "", password.n);
	t->code = mem_strndup(code.n ? code.p : "", code.n);
	errand_run(call, &t->errand);
}
