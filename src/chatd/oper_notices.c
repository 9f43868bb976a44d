#include "chatd/oper_notices.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "network/network.h"
#include "session/reply.h"

/* So many of one turn are told, each cut to what fits a line beside its prefix. */
enum { PENDING_MAX = 256, TEXT_MAX = 400 };

struct pending {
	enum notice kind;
	char text[TEXT_MAX];
};

struct oper_notices {
	struct turn_hook hook; /* first */
	struct loop *loop;
	const struct network *net;
	pthread_mutex_t lock; /* for all below: events come from the worker as well */
	uint32_t wanted;      /* kinds that some operator has, as of the turn before */
	uint32_t count, lost;
	struct pending *pending; /* NULL: nobody has asked for anything */
	struct pending *telling; /* the loop's own, as all below: what is being told */
	oper_notices_fn listener;
	void *ctx;
	uint32_t listening; /* to these kinds */
};

/* Kinds of events by what they are about. One that is not here is told by its level. */
static const uint8_t kinds[EVENT_COUNT] = {
/* A designator stands in no parentheses: NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define IS(event, kind) [EVENT_##event] = NOTICE_##kind + 1
	IS(CLIENT_IN, CONNECTS),
	IS(CLIENT_OUT, CONNECTS),
	IS(KILL, KILLS),
	IS(BAN_SET, BANS),
	IS(BAN_REMOVED, BANS),
	IS(USER_BANNED, BANS),
	IS(FILTER_MET, BANS),
	IS(ADDRESS_LISTED, BANS),
	IS(FILTER_GIVEN_UP, BANS),
	IS(OPER_GRANTED, OPERS),
	IS(OPER_REFUSED, OPERS),
	IS(OPER_ACTION, OPERS),
	IS(REHASH, OPERS),
	IS(STOP_ASKED, OPERS),
	IS(CONTROL, OPERS),
	IS(CONTROL_DENIED, OPERS),
	IS(HOUSE_FULL, FLOODS),
	IS(ADDRESS_FULL, FLOODS),
	IS(SENDQ_EXCEEDED, FLOODS),
	IS(REGISTRATION_TIMEOUT, FLOODS),
	IS(PASSWORD_WRONG, FLOODS),
	IS(VHOST_WANTED, REGISTRY),
	IS(EXPIRED, REGISTRY),
	IS(CHANNEL_REGISTERED, REGISTRY),
	IS(CHANNEL_UNREGISTERED, REGISTRY),
	IS(ACCOUNT_REGISTERED, REGISTRY),
	IS(ACCOUNT_DROPPED, REGISTRY),
#undef IS
};

static bool kind_of(enum log_event event, enum notice *kind)
{
	const struct log_about *about = log_about(event);

	if (kinds[event])
		*kind = (enum notice)(kinds[event] - 1);
	else if (about->level <= LOG_LEVEL_WARNING)
		*kind = NOTICE_ERRORS;
	else if (about->level == LOG_LEVEL_NOTICE)
		*kind = NOTICE_SERVER;
	else
		return false;
	return true;
}

static void add(struct oper_notices *n, enum notice kind, const char *text)
{
	pthread_mutex_lock(&n->lock);
	if (!(n->wanted & NOTICE_BIT(kind))) {
		/* Nobody is told. */
	} else if (n->count == PENDING_MAX) {
		n->lost++;
	} else {
		n->pending[n->count].kind = kind;
		(void)strlcpy(n->pending[n->count].text, text, TEXT_MAX);
		n->count++;
	}
	pthread_mutex_unlock(&n->lock);
}

static void on_event(void *ctx, enum log_event event, const char *text)
{
	enum notice kind;

	if (kind_of(event, &kind))
		add(ctx, kind, text);
}

void oper_notices_add(struct oper_notices *n, enum notice kind, const char *fmt, ...)
{
	char raw[TEXT_MAX], text[TEXT_MAX];
	va_list ap;

	if (!(n->wanted & NOTICE_BIT(kind)))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	log_escape(text, sizeof(text), raw, strlen(raw));
	add(n, kind, text);
}

static uint32_t wanted_by_any(const struct oper_notices *n)
{
	const struct vec *opers = network_opers(n->net);
	uint32_t wanted = n->listening;

	for (uint32_t i = 0; i < opers->count; i++) {
		const struct user *u = opers->items[i];

		wanted |= u->oper ? u->oper->notices : 0;
	}
	return wanted;
}

/* Under the lock. There is room where somebody wants something, and none else. */
static void look(struct oper_notices *n)
{
	n->wanted = wanted_by_any(n);
	if (n->wanted && !n->pending)
		n->pending = mem_alloc(PENDING_MAX * sizeof(*n->pending));
	if (n->wanted || !n->pending)
		return;
	mem_free(n->pending);
	n->pending = NULL;
	n->count = 0;
}

void oper_notices_arrive(struct oper_notices *n)
{
	pthread_mutex_lock(&n->lock);
	look(n);
	pthread_mutex_unlock(&n->lock);
}

static void tell(const struct oper_notices *n, enum notice kind, const char *text)
{
	const struct vec *opers = network_opers(n->net);

	if (n->listening & NOTICE_BIT(kind))
		n->listener(n->ctx, kind, text);
	for (uint32_t i = 0; i < opers->count; i++) {
		const struct user *u = opers->items[i];

		if (!u->oper || !(u->oper->notices & NOTICE_BIT(kind)))
			continue;
		for (struct session *s = u->sessions; s; s = s->next_own)
			reply_server_notice(s, text);
	}
}

static void tell_all(const struct oper_notices *n, uint32_t count, uint32_t lost)
{
	char text[64];

	for (uint32_t i = 0; i < count; i++)
		tell(n, n->telling[i].kind, n->telling[i].text);
	if (!lost)
		return;
	snprintf(text, sizeof(text), "%u more notices were not told", lost);
	tell(n, NOTICE_SERVER, text);
}

/* What telling makes happen is told in the next turn. */
static void run(struct turn_hook *hook)
{
	struct oper_notices *n = (struct oper_notices *)hook;
	struct pending *full;
	uint32_t count, lost;

	pthread_mutex_lock(&n->lock);
	full = n->pending;
	count = n->count;
	lost = n->lost;
	n->pending = n->telling;
	n->telling = full;
	n->count = n->lost = 0;
	look(n);
	pthread_mutex_unlock(&n->lock);
	tell_all(n, count, lost);
}

struct oper_notices *oper_notices_new(struct loop *loop, const struct network *net)
{
	struct oper_notices *n = mem_zalloc(sizeof(*n));

	n->loop = loop;
	n->net = net;
	n->hook.run = run;
	pthread_mutex_init(&n->lock, NULL);
	loop_hook_add(loop, &n->hook);
	log_set_tap(on_event, n);
	return n;
}

void oper_notices_free(struct oper_notices *n)
{
	if (!n)
		return;
	log_set_tap(NULL, NULL);
	loop_hook_remove(n->loop, &n->hook);
	pthread_mutex_destroy(&n->lock);
	mem_free(n->pending);
	mem_free(n->telling);
	mem_free(n);
}

void oper_notices_listen(struct oper_notices *n, uint32_t mask, oper_notices_fn listener, void *ctx)
{
	n->listener = listener;
	n->ctx = ctx;
	n->listening = listener ? mask : 0;
	oper_notices_arrive(n);
}
