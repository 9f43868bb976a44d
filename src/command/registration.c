#include "command/registration.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/answers.h"
#include "command/away.h"
#include "command/device.h"
#include "command/emergency.h"
#include "command/errand.h"
#include "command/filter.h"
#include "command/host.h"
#include "command/login.h"
#include "command/markread.h"
#include "command/metadata.h"
#include "command/nicks.h"
#include "command/secret.h"
#include "proto/modes.h"
#include "proto/name.h"
#include "proto/utf8.h"
#include "session/cloak.h"
#include "session/country.h"
#include "session/lookup.h"
#include "session/password.h"
#include "session/tries.h"

enum { CLOAKS_MAX = 2 * (NAME_HOST_MAX + 1) };

/* A try at the server's password, while the thread derives. */
struct gate {
	struct errand errand; /* first: errands come back as this */
	char *given, *stored;
	bool right;
};

/* What was logged in to, unless it was suspended or dropped since. */
static const struct account *account_of(const struct command_env *env, const struct session *s)
{
	const struct account *a = login_account(env, s);

	return a && login_gate(a, false) == LOGIN_OK ? a : NULL;
}

/* https://ircv3.net/specs/extensions/account-registration */
static bool account_suffices(const struct command_env *env, struct session *s, const struct account *a)
{
	if (a || !env->server->accounts.required)
		return true;
	reply_fail(s, "*", "ACCOUNT_REQUIRED", NULL, "You need to log in to an account to connect");
	env->host->quit(env->host->ctx, s, "You need to log in to an account to connect");
	return false;
}

/* Known only now: NICK comes before AUTHENTICATE. */
static bool nick_suffices(const struct command_env *env, struct session *s, const struct account *a)
{
	struct registration *reg = s->reg;

	if (!nicks_refused(env, str_of(reg->nick), NULL, a))
		return true;
	reply(s, ERR_NICKNAMEINUSE, reg->nick);
	mem_free(reg->nick);
	reg->nick = NULL;
	return false;
}

/* A line of the session's own JOIN, as it would have heard it. */
static void show_join(struct session *s, const struct channel *c)
{
	const struct user *u = s->user;
	const char *account = *user_text(u, USER_ACCOUNT) ? user_text(u, USER_ACCOUNT) : "*";
	char line[2 * LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, ":%s!%s@%s JOIN %s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST), c->name);
	if (session_has(s, CAP_EXTENDED_JOIN))
		buf_fmt(&b, " %s :%s", account, user_text(u, USER_REALNAME));
	reply_line(s, STR_NONE, buf_view(&b));
}

/* One more device on the nick of a user who is here, and logged in to the same account: it sees where that one is. */
static bool attach(const struct command_env *env, struct session *s, const struct account *a)
{
	const struct user *u = network_user_by_nick(env->net, str_of(s->reg->nick));

	if (!u || !a || !env->server->accounts.multiclient ||
	    !str_eq(user_str(u, USER_ACCOUNT), account_str(a, ACCOUNT_NAME)))
		return false;
	device_take(s, str_of(s->reg->username));
	env->host->attach(env->host->ctx, s, u);
	answer_welcome(env, s);
	away_settle(env, u);
	for (uint32_t i = 0; i < u->memberships.count && s->user; i++) {
		const struct channel *c = ((const struct member *)u->memberships.items[i])->channel;

		show_join(s, c);
		answer_topic(s, c);
		markread_joined(env, s, c);
		if (!session_has(s, CAP_NO_IMPLICIT_NAMES))
			answer_names(env, s, c, c->name);
	}
	if (s->user)
		device_catch_up(env, s, a);
	return true;
}

/* What lists of the DNS say of the address. False: the client was turned away. */
static bool lists_admit(const struct command_env *env, struct session *s, const struct account *a)
{
	struct lookup_listing listing;

	if (!lookup_listed(s, &listing) || listing.action == DNSBL_MARK || (listing.action == DNSBL_ACCOUNT && a))
		return true;
	if (listing.action == DNSBL_ACCOUNT)
		reply_fail(s, "*", "ACCOUNT_REQUIRED", NULL, "You need to log in to an account to connect from there");
	else
		reply(s, ERR_YOUREBANNEDCREEP, (int)strlen(listing.reason), listing.reason);
	env->host->quit(env->host->ctx, s, listing.reason);
	return false;
}

/* What the other machine says, or else what the client says, marked as that where the other one is asked at all. */
static bool make_username(const struct command_env *env, const struct registration *reg, char dst[NAME_USER_MAX + 1])
{
	char said[NAME_USER_MAX + 1];

	if (reg->ident)
		return name_username_make(dst, str_of(reg->ident));
	if (!name_username_make(said, str_of(reg->username)))
		return false;
	if (env->server->lookup.ident)
		(void)snprintf(dst, NAME_USER_MAX + 1, "~%.*s", NAME_USER_MAX - 1, said);
	else
		memcpy(dst, said, sizeof(said));
	return true;
}

/* What hides the address, whatever host is shown: of the address and, where it has one, of its name. */
static struct str cloaks_of(const struct command_env *env, const struct session *s, char dst[CLOAKS_MAX])
{
	const struct cloak *cloak = &env->server->cloak;
	struct str name = str_of(s->reg->realhost);
	char host[NAME_HOST_MAX + 1];
	struct buf b;

	if (!cloak_hides(cloak, str_of(s->address)))
		return STR_NONE;
	buf_init(&b, dst, CLOAKS_MAX);
	cloak_host(cloak, str_of(s->address), STR_NONE, host);
	buf_cstr(&b, host);
	if (name.n) {
		cloak_host(cloak, str_of(s->address), name, host);
		buf_fmt(&b, " %s", host);
	}
	return buf_view(&b);
}

static void submit_newcomer(const struct command_env *env, struct session *s)
{
	const struct registration *reg = s->reg;
	struct record r = {.type = RECORD_USER_ADD, .session = s->id};
	const struct account *a = account_of(env, s);
	struct str said = device_take(s, str_of(reg->username));
	char username[NAME_USER_MAX + 1], host[NAME_HOST_MAX + 1], cloaks[CLOAKS_MAX], country[COUNTRY_SIZE];
	const struct cloak *cloak = &env->server->cloak;

	reg->username[said.n] = '\0';
	if (!make_username(env, reg, username))
		strlcpy(username, "user", sizeof(username));
	r.user_add.nick = str_of(reg->nick);
	r.user_add.username = str_of(username);
	cloak_host(cloak, str_of(s->address), str_of(reg->realhost), host);
	r.user_add.host = a && host_of_account(a).n ? host_of_account(a) : str_of(host);
	r.user_add.realhost = str_of(reg->realhost);
	r.user_add.metadata = str_of(reg->metadata);
	r.user_add.cloaks = cloaks_of(env, s, cloaks);
	r.user_add.gateway = str_of(reg->gateway);
	r.user_add.secure = (s->flags & SESSION_SECURE) != 0;
	if (countries_find(env->server->lookup.countries, s->address, country))
		r.user_add.country = str_of(country);
	r.user_add.address = str_of(s->address);
	r.user_add.realname = utf8_cut(str_of(reg->realname), env->server->realname_max);
	r.user_add.account = a ? account_str(a, ACCOUNT_NAME) : STR_NONE;
	r.user_add.away = str_of(reg->away);
	r.user_add.modes = env->server->default_user_modes & ~(uint32_t)USER_CLOAKED;
	if (cloak_hides(cloak, str_of(s->address)))
		r.user_add.modes |= USER_CLOAKED;
	if (emergency_admits(env, s, r.user_add.account) && !filter_stops_newcomer(env, s, &r))
		env->host->submit(env->host->ctx, &r);
}

/* What METADATA said outlives the registration: its account keeps it, or it is one more device's. */
static void enter(const struct command_env *env, struct session *s)
{
	const struct account *a = account_of(env, s);
	char *said;

	if (!account_suffices(env, s, a) || !lists_admit(env, s, a) || !nick_suffices(env, s, a))
		return;
	said = s->reg->metadata ? mem_strdup(s->reg->metadata) : NULL;
	if (!attach(env, s, a))
		submit_newcomer(env, s);
	if (said && s->user)
		metadata_said(env, s, str_of(said));
	mem_free(said);
}

static void wait_done(struct errand *e, struct session *s)
{
	lookup_await(s, NULL, NULL);
	s->reg->waiting = false;
	enter(e->env, s);
}

static void wait_free(struct errand *e)
{
	mem_free(e);
}

static void wait_over(void *ctx)
{
	errand_ready(ctx);
}

static struct errand *wait_for_lookup(const struct command_env *env, struct session *s)
{
	struct errand *e = mem_zalloc(sizeof(*e));

	e->done = wait_done;
	e->free = wait_free;
	s->reg->waiting = true;
	lookup_await(s, wait_over, e);
	errand_wait(env, s, e);
	return e;
}

/* What is found out of the address is waited for here, at the very end. */
static void admit(const struct command_env *env, struct session *s)
{
	if (lookup_is_open(s))
		wait_for_lookup(env, s);
	else
		enter(env, s);
}

void registration_resume(const struct command_env *env, struct session *s)
{
	struct errand *e = wait_for_lookup(env, s);

	if (!lookup_is_open(s))
		errand_ready(e);
}

static void turn_away(const struct command_env *env, struct session *s)
{
	log_event(EVENT_PASSWORD_WRONG, LOG_FIELDS({"CHATD_PEER", s->address}), "wrong server password from %s",
		  s->address);
	reply(s, ERR_PASSWDMISMATCH);
	env->host->quit(env->host->ctx, s, "Password incorrect");
}

static void gate_work(struct errand *e)
{
	struct gate *g = (struct gate *)e;

	g->right = password_verify(g->stored, g->given);
}

static void gate_done(struct errand *e, struct session *s)
{
	const struct gate *g = (const struct gate *)e;

	if (!g->right) {
		turn_away(e->env, s);
		return;
	}
	tries_return(e->env->tries, s->address, loop_clock(s->hub->loop)->mono_ms);
	password_remember(e->env->password, g->stored, g->given);
	admit(e->env, s);
}

static void forget(char *secret)
{
	explicit_bzero(secret, strlen(secret));
	mem_free(secret);
}

static void gate_free(struct errand *e)
{
	struct gate *g = (struct gate *)e;

	forget(g->given);
	forget(g->stored);
	mem_free(g);
}

/* The thread is nobody's to keep busy: who tries too often is turned away without. */
static void try_hashed(const struct call *call, const char *stored, const char *given)
{
	struct session *s = call->session;
	struct gate *g;

	if (password_remembered(call->env->password, stored, given)) {
		admit(call->env, s);
		return;
	}
	if (!call->env->server->no_limits &&
	    !tries_take(call->env->tries, s->address, loop_clock(s->hub->loop)->mono_ms)) {
		turn_away(call->env, s);
		return;
	}
	g = mem_zalloc(sizeof(*g));
	g->errand.work = gate_work;
	g->errand.done = gate_done;
	g->errand.free = gate_free;
	g->given = mem_strdup(given);
	g->stored = mem_strdup(stored);
	errand_run(call, &g->errand);
}

void registration_try(const struct call *call)
{
	const char *wanted = call->env->server->password;
	struct session *s = call->session;
	const struct registration *reg = s->reg;

	if (!reg || !reg->nick || !reg->username || reg->negotiating)
		return;
	if (wanted && reg->password && password_is_hashed(wanted))
		try_hashed(call, wanted, reg->password);
	else if (!wanted || (reg->password && secret_equal(wanted, reg->password)))
		admit(call->env, s);
	else
		turn_away(call->env, s);
}

void registration_resume_all(const struct command_env *env)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&env->hub->sessions); s; s = next) {
		next = LIST_NEXT(s, all);
		if (s->reg && s->reg->waiting)
			registration_resume(env, s);
	}
}
