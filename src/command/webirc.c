#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/errand.h"
#include "command/families.h"
#include "command/secret.h"
#include "net/address.h"
#include "proto/cidr.h"
#include "session/cloak.h"
#include "session/lookup.h"
#include "session/password.h"
#include "session/tries.h"

/*
 * "WEBIRC password gateway hostname ip [:options]": a gateway says for whom it speaks, before all else.
 * https://ircv3.net/specs/extensions/webirc
 */

/* What a gateway says of its client. */
struct spoken {
	const char *host, *ip;
	bool secure;
};

/* A try at hashed passwords, while the thread derives. */
struct webirc_try {
	struct errand errand; /* first: errands come back as this */
	char *given, *host, *ip;
	bool secure;
	char **stored; /* copies, of all that may be meant: a reload may come in between */
	size_t count;
	size_t right; /* which of them it is; count: none */
};

/* One of the networks, with blanks between them; "localhost": loopback and Unix sockets. */
static bool comes_from(const struct webirc_block *w, const struct session *s)
{
	struct str rest = str_of(w->from), word;
	struct cidr network, address;

	while (str_split(&rest, ' ', &word)) {
		if ((s->flags & SESSION_LOCAL) && str_eq(word, STR("localhost")))
			return true;
		if (cidr_parse(&network, word) && cidr_parse(&address, str_of(s->address)) &&
		    cidr_contains(&network, &address))
			return true;
	}
	return false;
}

/* All but the password. */
static bool may_be(const struct webirc_block *w, const struct session *s)
{
	if (!comes_from(w, s) || (!w->password && !w->certfp))
		return false;
	return !w->certfp || (s->certfp && strcmp(w->certfp, s->certfp) == 0);
}

static bool is_hashed(const struct webirc_block *w)
{
	return w->password && password_is_hashed(w->password);
}

/* As far as that can be said at once: of a hashed password, when it was right before. */
static bool trusted(const struct command_env *env, const struct webirc_block *w, const struct session *s,
		    const char *given)
{
	if (!may_be(w, s))
		return false;
	if (is_hashed(w))
		return password_remembered(env->gateways, w->password, given);
	return !w->password || secret_equal(w->password, given);
}

static const struct webirc_block *gateway_of(const struct command_env *env, const struct session *s, const char *given)
{
	for (size_t i = 0; i < env->server->nwebircs; i++)
		if (trusted(env, &env->server->webircs[i], s, given))
			return &env->server->webircs[i];
	return NULL;
}

/* A client that came over TLS to the gateway, if the gateway came over TLS to us, or never left the machine. */
static bool is_secure(const struct session *s, const char *options)
{
	struct str rest = str_of(options), word;
	bool said = false;

	while (str_split(&rest, ' ', &word))
		said = said || str_eq(word, STR("secure"));
	return said && (s->flags & (SESSION_SECURE | SESSION_LOCAL));
}

static bool parse_peer(struct address *peer, const char *ip)
{
	struct cidr c;

	/* The row of the command says how many parameters there are: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	return cidr_parse(&c, str_of(ip)) && !strchr(ip, '/') && address_parse(peer, ip, "0") == 0;
}

/* The name is what the gateway looked up. */
static void take_name(struct session *s, const char *host)
{
	struct cidr c;

	mem_free(s->reg->realhost);
	s->reg->realhost = NULL;
	if (cloak_host_valid(str_of(host)) && !strpbrk(host, ":/") && strchr(host, '.') &&
	    !cidr_parse(&c, str_of(host)))
		s->reg->realhost = mem_strdup(host);
}

static void give_up(const struct command_env *env, struct session *s, const char *reason)
{
	env->host->quit(env->host->ctx, s, reason);
}

static void refuse(const struct command_env *env, struct session *s)
{
	log_event(EVENT_PASSWORD_WRONG, LOG_FIELDS({"CHATD_PEER", s->address}), "WEBIRC refused to %s", s->address);
	give_up(env, s, "WEBIRC is not for you");
}

/* From here on the session is that of the gateway's client. */
static void speak_for(const struct command_env *env, struct session *s, const struct webirc_block *w,
		      const struct spoken *said)
{
	const struct command_host *host = env->host;
	struct address peer;
	char why[400];

	if (!parse_peer(&peer, said->ip)) {
		give_up(env, s, "WEBIRC names no address");
		return;
	}
	if (!host->move(host->ctx, s, &peer, why, sizeof(why))) {
		give_up(env, s, why);
		return;
	}
	s->flags &= (uint16_t) ~(SESSION_SECURE | SESSION_LOCAL);
	s->flags |= SESSION_GATEWAY | SESSION_PROXIED;
	if (said->secure)
		s->flags |= SESSION_SECURE;
	if (address_is_local(&peer))
		s->flags |= SESSION_LOCAL;
	take_name(s, said->host);
	mem_free(s->reg->gateway);
	s->reg->gateway = mem_strdup(w->name);
	lookup_begin(s);
}

/* Hashed passwords */

static void try_work(struct errand *e)
{
	struct webirc_try *t = (struct webirc_try *)e;

	for (t->right = 0; t->right < t->count; t->right++)
		if (password_verify(t->stored[t->right], t->given))
			return;
}

static void try_done(struct errand *e, struct session *s)
{
	const struct webirc_try *t = (const struct webirc_try *)e;
	const struct command_env *env = e->env;
	const struct webirc_block *w;

	if (t->right < t->count)
		password_remember(env->gateways, t->stored[t->right], t->given);
	/* Asked anew: a reload may have come in between. */
	w = gateway_of(env, s, t->given);
	if (w) {
		speak_for(env, s, w, &(struct spoken){t->host, t->ip, t->secure});
		return;
	}
	(void)tries_take(env->tries, s->address, loop_clock(s->hub->loop)->mono_ms);
	refuse(env, s);
}

static void forget(char *secret)
{
	explicit_bzero(secret, strlen(secret));
	mem_free(secret);
}

static void try_free(struct errand *e)
{
	struct webirc_try *t = (struct webirc_try *)e;

	forget(t->given);
	for (size_t i = 0; i < t->count; i++)
		forget(t->stored[i]);
	mem_free(t->stored);
	mem_free(t->host);
	mem_free(t->ip);
	mem_free(t);
}

static void add_stored(struct webirc_try *t, const struct session *s, const struct webirc_block *w)
{
	if (!may_be(w, s) || !is_hashed(w))
		return;
	t->stored = mem_realloc(t->stored, (t->count + 1) * sizeof(*t->stored));
	t->stored[t->count++] = mem_strdup(w->password);
}

/* False: there is no hashed password for who comes from there, or wrong ones were tried too often. */
static bool try_hashed(const struct call *call, const char *given, const struct spoken *said)
{
	const struct command_env *env = call->env;
	struct session *s = call->session;
	int64_t now = loop_clock(s->hub->loop)->mono_ms;
	struct webirc_try *t = mem_zalloc(sizeof(*t));

	t->errand.work = try_work;
	t->errand.done = try_done;
	t->errand.free = try_free;
	t->given = mem_strdup(given);
	t->host = mem_strdup(said->host);
	t->ip = mem_strdup(said->ip);
	t->secure = said->secure;
	for (size_t i = 0; i < env->server->nwebircs; i++)
		add_stored(t, s, &env->server->webircs[i]);
	if (!t->count || !tries_take(env->tries, s->address, now)) {
		try_free(&t->errand);
		return false;
	}
	/* Many come through a gateway at once: only those who are wrong count. */
	tries_return(env->tries, s->address, now);
	errand_run(call, &t->errand);
	return true;
}

static void run_webirc(struct call *call)
{
	struct session *s = call->session;
	const char *given = call_param(call, 0);
	const struct webirc_block *w = gateway_of(call->env, s, given);
	struct spoken said = {call_param(call, 2), call_param(call, 3), is_secure(s, call_word(call, 4))};

	if (s->reg->nick || s->reg->username || (s->flags & SESSION_GATEWAY))
		refuse(call->env, s);
	else if (w)
		speak_for(call->env, s, w, &said);
	else if (!try_hashed(call, given, &said))
		refuse(call->env, s);
}

static const struct command rows[] = {
	{"WEBIRC", ROLE_UNREGISTERED, 4, 10, -1, run_webirc},
};

const struct command *command_family_webirc(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
