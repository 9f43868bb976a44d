#include "chatd/expiry_watch.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/expiry.h"
#include "network/settings.h"

/*
 * Users first, so that whatever is in use is known to be when the others are looked at; none of these can be over before the
 * first step is: who was away because the server was comes back meanwhile.
 */
enum { PART_USERS, PART_ACCOUNTS, PART_CHANNELS, PARTS };
enum { BLOCK = 128, FIRST_MAX_MS = 3600 * 1000, GAP_MAX_MS = 1000, WARN_PARTS = 4, WARN_MAX_MS = 7 * 24 * 3600 * 1000 };

static int64_t real_ms(const struct expiry_watch *w)
{
	return loop_clock(w->loop)->real_ms;
}

static void set_timer(struct expiry_watch *w, int64_t wait)
{
	loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + wait);
}

/* What the log says of one whose time is (nearly) over. */
struct end {
	const char *kind, *name, *account; /* account NULL: of none */
	int64_t until;
};

static void log_near(const struct end *x)
{
	char date[32];
	struct buf b;

	buf_init(&b, date, sizeof(date) - 1);
	buf_time(&b, x->until);
	date[b.n] = '\0';
	log_event(EVENT_EXPIRY_NEAR,
		  LOG_FIELDS({"CHATD_KIND", x->kind}, {"CHATD_TARGET", x->name}, {"CHATD_ACCOUNT", x->account},
			     {"CHATD_UNTIL", date}),
		  "nobody has used %s %s for long: it ends at %s", x->kind, x->name, date);
}

static void log_over(const struct end *x)
{
	log_event(EVENT_EXPIRED,
		  LOG_FIELDS({"CHATD_KIND", x->kind}, {"CHATD_TARGET", x->name}, {"CHATD_ACCOUNT", x->account}),
		  "nobody has used %s %s for too long: it is no more", x->kind, x->name);
}

static void expect(struct expiry_watch *w, int64_t at)
{
	if (at > w->begun && (!w->first || at < w->first))
		w->first = at;
}

/* True: it is over. Each look warns of those whose last days began since the one before. */
static bool is_over(struct expiry_watch *w, const struct end *x, int64_t period)
{
	int64_t ahead = period / WARN_PARTS < WARN_MAX_MS ? period / WARN_PARTS : WARN_MAX_MS;
	int64_t warn = x->until - ahead;

	if (!x->until)
		return false;
	if (x->until <= w->begun)
		return true;
	if (warn <= w->begun && warn > w->looked)
		log_near(x);
	expect(w, warn);
	expect(w, x->until);
	return false;
}

static void note_user(struct expiry_watch *w, const struct user *u)
{
	const struct account *a = network_account(w->env->net, user_str(u, USER_ACCOUNT));

	if (!a)
		return;
	expiry_note_account(w->env, a, user_str(u, USER_NICK));
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct channel *c = ((const struct member *)u->memberships.items[i])->channel;

		if (expiry_is_stale_in(w->env, c, u))
			expiry_note_channel(w->env, c);
	}
}

static void look_at_nicks(struct expiry_watch *w, const struct account *a)
{
	const struct server *server = w->env->server;

	for (uint32_t i = a->items.count; i-- > 0;) {
		const struct account_kept *item = a->items.items[i];
		struct end x = {"nick", item->text, account_text(a, ACCOUNT_NAME), 0};

		if (item->kind != ACCOUNT_NICK)
			continue;
		x.until = expiry_of_nick(server, a, item);
		if (!is_over(w, &x, server->accounts.nick_expiry_ms))
			continue;
		log_over(&x);
		expiry_end_nick(w->env, a, item);
		return; /* the items are others now: the next look sees the rest */
	}
}

static void look_at_account(struct expiry_watch *w, const struct account *a)
{
	const struct account_policy *policy = &w->env->server->accounts;
	const struct end x = {"account", account_text(a, ACCOUNT_NAME), account_text(a, ACCOUNT_NAME),
			      expiry_of_account(w->env->server, a)};

	if ((policy->expiry_ms || policy->nick_expiry_ms) && !expiry_seen(a)) {
		expiry_note_account(w->env, a, STR_NONE);
	} else if (is_over(w, &x, policy->expiry_ms)) {
		log_over(&x);
		account_drop(a, w->env, NULL);
	} else {
		look_at_nicks(w, a);
	}
}

static void look_at_channel(struct expiry_watch *w, const struct channel *c)
{
	const struct end x = {"channel", c->name, NULL, expiry_of_channel(w->env->net, w->env->server, c)};

	if (w->env->server->channel_expiry_ms && !channel_settings(c)->used) {
		expiry_note_channel(w->env, c);
	} else if (is_over(w, &x, w->env->server->channel_expiry_ms)) {
		log_over(&x);
		expiry_end_channel(w->env, c);
	}
}

static const struct vec *items_of(const struct expiry_watch *w)
{
	switch (w->part) {
	case PART_USERS:
		return network_users(w->env->net);
	case PART_ACCOUNTS:
		return network_accounts(w->env->net);
	default:
		return network_channels(w->env->net);
	}
}

static void look_at(struct expiry_watch *w, const void *item)
{
	if (w->part == PART_ACCOUNTS)
		look_at_account(w, item);
	else if (w->part == PART_CHANNELS)
		look_at_channel(w, item);
	else if (((const struct user *)item)->sessions)
		note_user(w, item);
}

/* From the last on: one that goes is replaced by one that was looked at, and may take others along. */
static void look_at_block(struct expiry_watch *w, const struct vec *items, const struct cursor_block *b)
{
	for (uint32_t i = b->end; i-- > b->from;)
		if (i < items->count)
			look_at(w, items->items[i]);
}

static void end_look(struct expiry_watch *w)
{
	int64_t step = expiry_step(w->env->server), wait = w->first ? w->first - real_ms(w) : step;
	int64_t gap = step / 4 < GAP_MAX_MS ? step / 4 : GAP_MAX_MS;

	w->looked = w->begun;
	w->part = PART_USERS;
	w->cursor.left = UINT32_MAX;
	set_timer(w, wait < gap ? gap : wait < step ? wait : step);
}

static void due(struct timer *t)
{
	struct expiry_watch *w = (struct expiry_watch *)((char *)t - offsetof(struct expiry_watch, timer));
	const struct vec *items = items_of(w);
	struct cursor_block b;

	if (w->part == PART_USERS && w->cursor.left == UINT32_MAX) {
		w->begun = real_ms(w);
		w->first = 0;
	}
	if (cursor_next(&w->cursor, items->count, BLOCK, &b)) {
		look_at_block(w, items, &b);
	} else {
		w->part++;
		w->cursor.left = UINT32_MAX;
	}
	if (w->part == PARTS)
		end_look(w);
	else
		set_timer(w, 0);
}

/* Told of in the midst of a command, which may hold on to what would be altered: noted in the turn after it. */
static void soon(struct timer *t)
{
	struct expiry_watch *w = (struct expiry_watch *)((char *)t - offsetof(struct expiry_watch, soon));

	while (w->nusers) {
		const struct user *u = network_user(w->env->net, w->users[--w->nusers]);

		if (u)
			note_user(w, u);
	}
}

static void await(struct expiry_watch *w, const struct user *u)
{
	if (w->nusers && w->users[w->nusers - 1] == u->id)
		return;
	w->users = mem_realloc(w->users, (w->nusers + 1) * sizeof(*w->users));
	w->users[w->nusers++] = u->id;
	loop_timer_set(w->loop, &w->soon, loop_clock(w->loop)->mono_ms);
}

void expiry_watch_note(struct expiry_watch *w, const struct change *c)
{
	switch (c->type) {
	case CHANGE_USER_ADDED:
	case CHANGE_NICK:
	case CHANGE_ACCOUNT:
		if (expiry_is_stale(w->env, c->user))
			await(w, c->user);
		break;
	case CHANGE_JOINED:
		if (expiry_is_stale_in(w->env, c->channel, c->user))
			await(w, c->user);
		break;
	default:
		break;
	}
}

void expiry_watch_start(struct expiry_watch *w)
{
	int64_t step = expiry_step(w->env->server);

	w->timer.due = due;
	w->soon.due = soon;
	w->part = PART_USERS;
	w->cursor.left = UINT32_MAX;
	set_timer(w, step < FIRST_MAX_MS ? step : FIRST_MAX_MS);
}

void expiry_watch_stop(struct expiry_watch *w)
{
	loop_timer_stop(w->loop, &w->timer);
	loop_timer_stop(w->loop, &w->soon);
	mem_free(w->users);
}
