#include "command/oper_login.h"

#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/errand.h"
#include "command/secret.h"
#include "proto/mask.h"
#include "session/password.h"
#include "session/server.h"
#include "session/tries.h"

enum { HOST_TEXT_MAX = 1024 };

/* A try, with all that is left when the thread has done its part. */
struct login {
	struct errand errand; /* first: errands come back as this */
	char *name;           /* as given */
	char *given;          /* the password; NULL: none */
	char *stored;         /* what it is compared with: a copy, for a reload may come in between */
	bool right;
};

static int64_t now_ms(const struct session *s)
{
	return loop_clock(s->hub->loop)->mono_ms;
}

static bool host_matches(const struct network *net, const char *mask, const struct user *u)
{
	static const enum user_text hosts[] = {USER_HOST, USER_ADDRESS, USER_REALHOST};
	char text[HOST_TEXT_MAX];
	struct buf b;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		buf_init(&b, text, sizeof(text));
		buf_str(&b, user_str(u, USER_NAME));
		buf_chr(&b, '@');
		buf_str(&b, user_str(u, hosts[i]));
		if (!b.full && mask_match(network_casemap(net), str_of(mask), buf_view(&b)))
			return true;
	}
	return false;
}

static bool host_admitted(const struct command_env *env, const struct oper_block *o, const struct user *u)
{
	return host_matches(env->net, o->mask ? o->mask : "*@*", u);
}

static bool anybody_admitted(const struct command_env *env, const struct user *u)
{
	for (size_t i = 0; i < env->server->nopers; i++) {
		if (host_admitted(env, &env->server->opers[i], u))
			return true;
	}
	return false;
}

/* All but the password. */
static bool admitted(const struct command_env *env, const struct oper_block *o, const struct session *s)
{
	const struct user *u = s->user;

	if (o->certfp && (!s->certfp || strcmp(o->certfp, s->certfp) != 0))
		return false;
	if (o->account && !casemap_eq(network_casemap(env->net), str_of(o->account), user_str(u, USER_ACCOUNT)))
		return false;
	return host_admitted(env, o, u);
}

static const char *or_none(const char *text)
{
	return text && *text ? text : NULL;
}

/* A name that is none of the configured ones is not logged: people mistype their password there. */
static void login_log(const struct session *s, const struct oper_block *o, bool granted)
{
	const struct user *u = s->user;

	log_event(granted ? EVENT_OPER_GRANTED : EVENT_OPER_REFUSED,
		  LOG_FIELDS({"CHATD_NICK", user_nick(u)}, {"CHATD_USER", user_text(u, USER_NAME)},
			     {"CHATD_ACCOUNT", or_none(user_text(u, USER_ACCOUNT))}, {"CHATD_PEER", s->address},
			     {"CHATD_OPER", o ? o->name : NULL}),
		  "OPER %s: %s from %s", granted ? "accepted" : "refused", user_nick(u), s->address);
}

struct record oper_record(const struct server *server, const struct oper_block *o, uint64_t user)
{
	const struct oper_class *class = o->class_name ? server_class(server, o->class_name) : NULL;
	struct record r = {.type = RECORD_USER_OPER, .flags = RECORD_OVERRIDE, .origin = user};

	r.user_oper.name = str_of(o->name);
	r.user_oper.class_name = str_of(o->class_name);
	r.user_oper.title = str_of(class ? class->title : NULL);
	r.user_oper.privileges = class ? class->privileges : o->class_name ? 0 : PRIV_ALL;
	return r;
}

static void grant(const struct command_env *env, struct session *s, const struct oper_block *o)
{
	struct record r = oper_record(env->server, o, s->user->id);
	bool was = s->user->modes & USER_OPER;

	r.session = s->id;
	env->host->submit(env->host->ctx, &r);
	if (was)
		reply(s, RPL_YOUREOPER);
}

/* right: the password of the block is, or it wants none. */
static void decide(const struct command_env *env, struct session *s, const struct oper_block *o, bool right)
{
	bool granted = o && right && admitted(env, o, s);

	login_log(s, o, granted);
	if (granted) {
		tries_return(env->tries, s->address, now_ms(s));
		grant(env, s, o);
	} else if (right || !anybody_admitted(env, s->user)) {
		reply(s, ERR_NOOPERHOST);
	} else {
		reply(s, ERR_PASSWDMISMATCH);
	}
}

static void login_work(struct errand *e)
{
	struct login *l = (struct login *)e;

	l->right = password_verify(l->stored, l->given);
}

static void login_done(struct errand *e, struct session *s)
{
	const struct login *l = (const struct login *)e;
	const struct oper_block *o = server_oper(e->env->server, l->name);

	decide(e->env, s, o, l->right && o && o->password && strcmp(o->password, l->stored) == 0);
}

static void login_free(struct errand *e)
{
	struct login *l = (struct login *)e;

	explicit_bzero(l->given, strlen(l->given));
	mem_free(l->given);
	explicit_bzero(l->stored, strlen(l->stored));
	mem_free(l->stored);
	mem_free(l->name);
	mem_free(l);
}

static void login_start(const struct call *call, const char *name, const char *given, const char *stored)
{
	struct login *l = mem_zalloc(sizeof(*l));

	l->errand.work = login_work;
	l->errand.done = login_done;
	l->errand.free = login_free;
	l->name = mem_strdup(name);
	l->given = mem_strdup(given);
	l->stored = mem_strdup(stored);
	errand_run(call, &l->errand);
}

/* What a name that does not exist is compared with, so that it takes as long as one that does. NULL: nothing is hashed.
 */
static const char *any_hash(const struct server *server)
{
	for (size_t i = 0; i < server->nopers; i++) {
		const char *password = server->opers[i].password;

		if (password && password_is_hashed(password))
			return password;
	}
	return NULL;
}

void oper_login_run(struct call *call)
{
	const struct server *server = call->env->server;
	const char *name = call_param(call, 0), *given = call_param(call, 1);
	const struct oper_block *o = server_oper(server, name);
	const char *stored = o ? o->password : any_hash(server);
	struct session *s = call->session;

	if (!given && (!o || o->password))
		reply(s, ERR_NEEDMOREPARAMS, call->row->name);
	else if (!server->no_limits && !tries_take(call->env->tries, s->address, now_ms(s)))
		reply(s, RPL_TRYAGAIN, call->row->name);
	else if (stored && password_is_hashed(stored))
		login_start(call, name, given, stored);
	else
		decide(call->env, s, o, o && (!stored || secret_equal(stored, given)));
}
