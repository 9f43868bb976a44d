#include "chatd/presence_watch.h"

#include <stddef.h>

#include "base/log.h"
#include "network/account.h"
#include "session/server.h"

/*
 * Whoever leaves now is the last to be over: so the timer, once set, only ever fires too early, and looks again. All
 * that end within one GAP go at once. The wait is measured by another clock than people read: it is looked at again
 * after a day.
 */
enum { GAP_MS = 1000, WAIT_MAX_MS = 24 * 3600 * 1000 };

static int64_t real_ms(const struct presence_watch *w)
{
	return loop_clock(w->loop)->real_ms;
}

/* When the last device left, as its account knows; where none has, since it is here. */
static int64_t left_at(const struct presence_watch *w, const struct user *u)
{
	const struct account *a = network_account(w->net, user_str(u, USER_ACCOUNT));
	int64_t last = 0;

	for (uint32_t i = 0; a && i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_SEEN && item->time > last)
			last = item->time;
	}
	return last ? last : u->signon;
}

static void set(struct presence_watch *w, int64_t until, int64_t least_ms)
{
	int64_t wait = until - real_ms(w);

	w->until = until;
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	if (wait < least_ms)
		wait = least_ms;
	loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + wait);
}

static void arm(struct presence_watch *w, int64_t least_ms)
{
	const struct vec *users = network_users(w->net);
	int64_t first = 0;

	for (uint32_t i = 0; w->server->accounts.absence_ms && i < users->count; i++) {
		const struct user *u = users->items[i];
		int64_t until = left_at(w, u) + w->server->accounts.absence_ms;

		if (!u->sessions && (!first || until < first))
			first = until;
	}
	w->until = first;
	if (first)
		set(w, first, least_ms);
	else
		loop_timer_stop(w->loop, &w->timer);
}

static void end(struct presence_watch *w, const struct user *u)
{
	struct record r = {.type = RECORD_USER_QUIT, .origin = u->id};

	log_event(EVENT_PRESENCE_EXPIRED,
		  LOG_FIELDS({"CHATD_NICK", user_nick(u)}, {"CHATD_ACCOUNT", user_text(u, USER_ACCOUNT)}),
		  "%s of account %s was without a device for too long, and has left", user_nick(u),
		  user_text(u, USER_ACCOUNT));
	r.user_quit.reason = STR("Not connected for too long");
	w->submit(w->ctx, &r);
}

/* From the last down: one that goes is replaced by one that was looked at. */
static void due(struct timer *t)
{
	struct presence_watch *w = (struct presence_watch *)((char *)t - offsetof(struct presence_watch, timer));
	const struct vec *users = network_users(w->net);

	for (uint32_t i = users->count; w->server->accounts.absence_ms && i-- > 0;) {
		const struct user *u = users->items[i];

		if (!u->sessions && left_at(w, u) + w->server->accounts.absence_ms <= real_ms(w))
			end(w, u);
	}
	arm(w, GAP_MS);
}

void presence_watch_start(struct presence_watch *w)
{
	w->timer.due = due;
	arm(w, 0);
}

void presence_watch_stop(struct presence_watch *w)
{
	loop_timer_stop(w->loop, &w->timer);
}

void presence_watch_note(struct presence_watch *w)
{
	if (!w->until && w->server->accounts.absence_ms)
		set(w, real_ms(w) + w->server->accounts.absence_ms, 0);
}
