#include "command/token.h"

#include <string.h>

#include "account/jwt.h"
#include "base/mem.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/outside.h"

struct checking {
	struct errand errand;
	const char *mechanism;
	login_answer_fn answer;
	struct jwt_policy policy;
	char *account, *token; /* whom the client names, "" for nobody */
	size_t size;
	int64_t now; /* s since 1970 */
	enum jwt_result result;
	char name[JWT_ACCOUNT_MAX];
};

bool token_possible(const struct server *server)
{
	return server->jwt.count || (server->helper.command && server->helper.tokens);
}

bool token_offered(const struct session *s)
{
	return (s->flags & (SESSION_SECURE | SESSION_LOCAL)) && token_possible(s->hub->server);
}

static void work(struct errand *e)
{
	struct checking *k = (struct checking *)e;

	k->result = jwt_check(&k->policy, (struct str){k->token, k->size}, k->now, k->name);
}

/* Names no account: what a stranger sends locks nobody out. */
static enum login_result refuse(struct login *l, const char *reason)
{
	l->reason = reason;
	return login_refuse(l, NULL, LOGIN_WRONG);
}

static enum login_result enter(const struct checking *k, struct login *l)
{
	const struct account *a;

	/* Many at once are no way around the limit. */
	if (!login_may_try(l, STR_NONE))
		return login_refuse(l, NULL, LOGIN_WAIT);
	if (k->result != JWT_GOOD)
		return refuse(l, jwt_words(k->result));
	if (*k->account && !casemap_eq(network_casemap(l->env->net), str_of(k->account), str_of(k->name)))
		return refuse(l, "the token is not of the account that was asked for");
	a = outside_account(l, str_of(k->name));
	return a ? login_enter(l, a) : refuse(l, "there is no account of the name that the token has");
}

static void done(struct errand *e, struct session *s)
{
	const struct checking *k = (const struct checking *)e;
	struct login l = {.env = e->env, .session = s, .mechanism = k->mechanism};

	k->answer(&l, enter(k, &l));
}

static void checking_free(struct errand *e)
{
	struct checking *k = (struct checking *)e;

	explicit_bzero(k->token, k->size);
	mem_free(k->token);
	mem_free(k->account);
	jwt_policy_deinit(&k->policy);
	mem_free(k);
}

static void check(const struct call *call, const char *mechanism, const struct bearer *b, login_answer_fn answer)
{
	struct checking *k = mem_zalloc(sizeof(*k));

	k->errand.work = work;
	k->errand.done = done;
	k->errand.free = checking_free;
	k->mechanism = mechanism;
	k->answer = answer;
	jwt_policy_copy(&k->policy, &call->env->server->jwt);
	k->account = mem_strdup(b->account);
	k->token = mem_strndup(b->token.p, b->token.n);
	k->size = b->token.n;
	k->now = loop_clock(call->env->hub->loop)->real_ms / 1000;
	errand_run(call, &k->errand);
}

void token_login(const struct call *call, const char *mechanism, const struct bearer *b, login_answer_fn answer)
{
	const struct command_env *env = call->env;
	struct login l = {.env = env, .session = call->session, .mechanism = mechanism};
	const struct login_try t = {mechanism, str_of(b->account), b->token, answer};

	if (!login_may_try(&l, STR_NONE))
		answer(&l, login_refuse(&l, NULL, LOGIN_WAIT));
	else if (env->server->jwt.count && b->type != BEARER_OPAQUE && jwt_has_form(b->token))
		check(call, mechanism, b, answer);
	else if (outside_asks_tokens(env))
		outside_by_token(call, &t);
	else
		answer(&l, refuse(&l, jwt_words(JWT_MALFORMED)));
}
