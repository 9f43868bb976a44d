#include "command/nicks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/lookalike.h"
#include "command/services.h"

LIST_HEAD(guest_list, guest);

struct nicks {
	struct guest_list guests;
	struct lookalikes *lookalikes;
};

enum nick_policy nicks_policy(const struct server *server, const struct account *a)
{
	if (server->accounts.nicks == NICK_OPEN || (a->flags & ACCOUNT_NICK_OPEN))
		return NICK_OPEN;
	return a->flags & ACCOUNT_NICK_LENIENT ? NICK_LENIENT : server->accounts.nicks;
}

/* Nobody can log in to one that waits for its owner to be proved, nor keep others from its nick. */
static bool keeps_others_off(const struct command_env *env, const struct account *a)
{
	return a && !(a->flags & ACCOUNT_UNVERIFIED) && nicks_policy(env->server, a) != NICK_OPEN;
}

const struct account *nicks_owner(const struct command_env *env, struct str nick, const struct account *own)
{
	const struct account *a = network_account_of_nick(env->net, nick);
	BUF_MEMORY struct lookalike_walk w;
	struct str name;

	if (a)
		return a != own && keeps_others_off(env, a) ? a : NULL;
	lookalike_walk_init(&w, env->nicks->lookalikes, nick);
	while (lookalike_walk_next(&w, &name)) {
		a = network_account_of_nick(env->net, name);
		if (a != own && keeps_others_off(env, a))
			return a;
	}
	return NULL;
}

/* Devices of one account may have nicks that look alike. */
static bool is_anothers(const struct command_env *env, struct str nick, const struct user *me, const struct account *own)
{
	const struct user *u = network_user_by_nick(env->net, nick);

	return u && u != me && !(own && str_eq(user_str(u, USER_ACCOUNT), account_str(own, ACCOUNT_NAME)));
}

static bool looks_like_anothers(const struct command_env *env, struct str nick, const struct user *me,
				const struct account *own)
{
	BUF_MEMORY struct lookalike_walk w;
	struct str name;

	lookalike_walk_init(&w, env->nicks->lookalikes, nick);
	while (lookalike_walk_next(&w, &name))
		if (services_is_name(name) || is_anothers(env, name, me, own))
			return true;
	return false;
}

bool nicks_refused(const struct command_env *env, struct str nick, const struct user *me, const struct account *own)
{
	const struct account *owner = nicks_owner(env, nick, own);

	return services_is_name(nick) || (owner && nicks_policy(env->server, owner) == NICK_STRICT) ||
	       looks_like_anothers(env, nick, me, own);
}

bool nicks_confusing(const struct command_env *env, struct str name, const struct user *me, const struct account *own)
{
	BUF_MEMORY struct lookalike_walk w;
	struct str other;

	lookalike_walk_init(&w, env->nicks->lookalikes, name);
	while (lookalike_walk_next(&w, &other)) {
		const struct account *a = network_account_of_nick(env->net, other);

		if (a && a != own)
			return true;
	}
	return looks_like_anothers(env, name, me, own);
}

enum { GUESTS = 100000 };

void nicks_rename_guest(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_NICK, .flags = RECORD_OVERRIDE, .origin = u->id};
	char nick[16];

	do {
		snprintf(nick, sizeof(nick), "Guest%05u", arc4random_uniform(GUESTS));
	} while (network_user_by_nick(env->net, str_of(nick)) && network_counts(env->net).users < GUESTS / 2);
	r.user_nick.nick = str_of(nick);
	env->host->submit(env->host->ctx, &r);
}

/* A guest on somebody's nick. One for each user, whatever the nick is by the time that it is due. */
struct guest {
	struct timer timer;
	LIST_ENTRY(guest) all;
	const struct command_env *env;
	uint64_t user;
};

static void guest_free(struct guest *g)
{
	loop_timer_stop(g->env->hub->loop, &g->timer);
	LIST_REMOVE(g, all);
	mem_free(g);
}

/* The owner who keeps the user from its nick, leniently. */
static const struct account *lenient_owner(const struct command_env *env, const struct user *u)
{
	const struct account *own = network_account(env->net, user_str(u, USER_ACCOUNT));
	const struct account *owner = nicks_owner(env, user_str(u, USER_NICK), own);

	return owner && nicks_policy(env->server, owner) == NICK_LENIENT ? owner : NULL;
}

static void guest_due(struct timer *t)
{
	struct guest *g = (struct guest *)t;
	const struct command_env *env = g->env;
	const struct user *u = network_user(env->net, g->user);

	guest_free(g);
	if (u && lenient_owner(env, u))
		nicks_rename_guest(env, u);
}

static struct guest *guest_find(const struct command_env *env, uint64_t user)
{
	struct guest *g;

	LIST_FOREACH(g, &env->nicks->guests, all)
		if (g->user == user)
			return g;
	return NULL;
}

void nicks_watch(const struct command_env *env, const struct user *u)
{
	struct guest *g;

	lookalikes_note(env->nicks->lookalikes, user_str(u, USER_NICK));
	if (!lenient_owner(env, u))
		return;
	for (struct session *s = u->sessions; s; s = s->next_own)
		services_say(
			s, "NickServ",
			"This nick belongs to somebody. Log in to the account within %lld seconds, or choose another.",
			(long long)env->server->accounts.guest_ms / 1000);
	g = guest_find(env, u->id);
	if (!g) {
		g = mem_zalloc(sizeof(*g));
		g->timer.due = guest_due;
		g->env = env;
		g->user = u->id;
		LIST_INSERT_HEAD(&env->nicks->guests, g, all);
	}
	loop_timer_set(env->hub->loop, &g->timer, loop_clock(env->hub->loop)->mono_ms + env->server->accounts.guest_ms);
}

void nicks_watch_all(const struct command_env *env)
{
	const struct vec *users = network_users(env->net);

	lookalikes_note_all(env->nicks->lookalikes);
	for (uint32_t i = 0; i < users->count; i++)
		nicks_watch(env, users->items[i]);
}

struct nicks *nicks_new(const struct network *net, const struct hash_key *seed)
{
	struct nicks *n = mem_zalloc(sizeof(*n));

	n->lookalikes = lookalikes_new(net, seed);
	return n;
}

void nicks_free(const struct command_env *env)
{
	struct guest *g;

	while ((g = LIST_FIRST(&env->nicks->guests)))
		guest_free(g);
	lookalikes_free(env->nicks->lookalikes);
	mem_free(env->nicks);
}

void nicks_note_account(const struct command_env *env, struct str name)
{
	lookalikes_note_account(env->nicks->lookalikes, name);
}
