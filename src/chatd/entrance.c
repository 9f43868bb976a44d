#include "chatd/entrance.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/entrance_private.h"
#include "loop/poller.h"
#include "net/listener.h"
#include "session/arrival.h"

enum { ROOM_FIRST = 512, TRIM_MS = 5000 };

struct entrances {
	struct loop *loop;
	const struct config *config;
	struct entrance_host host;
	LIST_HEAD(, entrance) list;
	struct entrance_counts counts;
	struct tls_context *tls;
	struct hooks *hooks; /* NULL: none */
	struct timer trim; /* set when somebody was on the way */
};

struct tls_context *entrance_tls(const struct entrance *e)
{
	return e->all->tls;
}

void entrances_set_tls(struct entrances *all, struct tls_context *tls)
{
	all->tls = tls;
}

void entrances_set_hooks(struct entrances *all, struct hooks *hooks)
{
	all->hooks = hooks;
}

struct hooks *entrance_hooks(const struct entrance *e)
{
	return e->all->hooks;
}

int64_t entrance_now(const struct entrance *e)
{
	return loop_clock(e->all->loop)->mono_ms;
}

const struct config *entrance_config(const struct entrance *e)
{
	return e->all->config;
}

bool entrance_trusts(const struct config *config, const struct address *peer)
{
	char host[ADDRESS_TEXT_MAX];
	struct cidr one;

	if (address_is_unix(peer))
		return true;
	address_host(peer, host);
	if (!cidr_parse(&one, str_of(host)))
		return false;
	for (uint32_t i = 0; i < config->proxies.count; i++)
		if (cidr_contains(&config->proxies.items[i], &one))
			return true;
	return false;
}

bool entrance_needed(unsigned doors)
{
	return doors & ~(unsigned)(DOOR_IRC | DOOR_LINE);
}

unsigned entrance_traits(unsigned doors)
{
	if (!(doors & DOOR_LINE))
		return 0;
	return ARRIVAL_LINE | (doors & DOOR_IRC ? 0 : ARRIVAL_PERSON);
}

bool entrance_is_proxy(const struct entrances *all, unsigned doors, const struct address *peer)
{
	return (doors & (DOOR_PROXY | DOOR_WEBSOCKET)) && entrance_trusts(all->config, peer);
}

bool entrance_reserve(struct entrance *e, uint32_t n)
{
	uint32_t room = e->room ? e->room : ROOM_FIRST;

	while (room < e->count + n && room < ENTRANCE_BYTES_MAX + e->extra)
		room *= 2;
	if (room < e->count + n)
		return false;
	if (room != e->room)
		e->bytes = mem_realloc(e->bytes, room);
	e->room = room;
	return true;
}

/* Ending */

static void release(struct disposal *d)
{
	struct entrance *e = (struct entrance *)((char *)d - offsetof(struct entrance, disposal));

	mem_free(e->bytes);
	mem_free(e->certname);
	mem_free(e->binding);
	mem_free(e);
}

/* Handshakes take tens of kilobytes each: after a rush of those who never came in they go back to the system, once. */
static void give_back(struct timer *t)
{
	(void)t;
	mem_trim();
}

static void expect_trim(struct entrances *all)
{
	if (!loop_timer_is_set(&all->trim))
		loop_timer_set(all->loop, &all->trim, loop_clock(all->loop)->mono_ms + TRIM_MS);
}

/* Its transport is somebody else's, or closed. */
static void forget(struct entrance *e)
{
	struct loop *loop = e->all->loop;

	loop_timer_stop(loop, &e->deadline);
	LIST_REMOVE(e, next);
	e->all->counts.under_way--;
	expect_trim(e->all);
	e->disposal.dispose = release;
	loop_dispose(loop, &e->disposal);
}

static void close_it(struct entrance *e)
{
	const struct entrance_host *host = &e->all->host;

	loop_watch_stop(e->all->loop, &e->watch);
	e->transport.ops->free(&e->transport);
	host->lost(host->ctx, e->counted ? &e->peer : NULL);
	forget(e);
}

/* That somebody came and went without a word is nothing to write down. */
static void fail(struct entrance *e, const char *why)
{
	char host[ADDRESS_TEXT_MAX];
	const char *stage = entrance_stage_name(e->step->stage);

	e->all->counts.failed[e->step->stage]++;
	if (why) {
		address_host(&e->peer, host);
		log_event(EVENT_ENTRANCE_FAILED,
			  LOG_FIELDS({"CHATD_PEER", host}, {"CHATD_STAGE", stage}, {"CHATD_REASON", why}),
			  "a connection from %s was not let in (%s): %s", host, stage, why);
	}
	close_it(e);
}

static void time_is_up(struct timer *t)
{
	fail((struct entrance *)((char *)t - offsetof(struct entrance, deadline)), "it took too long");
}

bool entrance_know(struct entrance *e, const struct address *peer)
{
	const struct entrance_host *host = &e->all->host;
	bool plain = (e->doors & (DOOR_IRC | DOOR_LINE)) && !e->tls;

	e->peer = *peer;
	e->counted = host->known(host->ctx, peer, plain ? e->watch.fd : -1);
	return e->counted;
}

/* Through */

static void enter(struct entrance *e)
{
	const struct entrance_host *host = &e->all->host;
	struct arrival a = {
		.transport = e->transport,
		.first = {e->bytes, e->count},
		.peer = e->peer,
		.traits = e->traits | entrance_traits(e->tls ? e->doors | DOOR_IRC : e->doors),
		.certfp = e->certfp[0] ? e->certfp : NULL,
		.certname = e->certname,
		.binding = e->binding,
	};

	if (!e->counted && !entrance_know(e, &e->peer)) {
		fail(e, NULL);
		return;
	}
	loop_watch_stop(e->all->loop, &e->watch);
	host->enter(host->ctx, &a);
	forget(e);
}

/* As far as it gets now. */
static void proceed(struct entrance *e)
{
	enum entrance_verdict verdict = ENTRANCE_ON;
	unsigned want = POLL_READ;

	while (e->step->run && verdict == ENTRANCE_ON) {
		verdict = e->step->applies(e) ? e->step->run(e, &want) : ENTRANCE_ON;
		if (verdict == ENTRANCE_ON)
			e->step++;
	}
	if (verdict == ENTRANCE_REFUSED)
		fail(e, e->why);
	else if (verdict == ENTRANCE_GONE)
		fail(e, NULL);
	else if (verdict == ENTRANCE_DONE)
		close_it(e);
	else if (verdict == ENTRANCE_ON)
		enter(e);
	else if (loop_watch(e->all->loop, &e->watch, want) < 0)
		fail(e, "it cannot be watched");
}

static void ready(struct watch *w, unsigned happened)
{
	(void)happened;
	proceed((struct entrance *)((char *)w - offsetof(struct entrance, watch)));
}

/* The first look comes from the loop too: whoever accepts need not think of one that ends at once. */
void entrance_begin(struct entrances *all, int fd, const struct address *peer, unsigned doors)
{
	struct entrance *e = mem_zalloc(sizeof(*e));

	e->all = all;
	e->peer = *peer;
	e->doors = doors;
	e->counted = !entrance_is_proxy(all, doors, peer);
	e->step = entrance_steps();
	e->watch = (struct watch){.ready = ready, .fd = fd};
	e->deadline.due = time_is_up;
	transport_plain_init(&e->transport, fd);
	LIST_INSERT_HEAD(&all->list, e, next);
	all->counts.under_way++;
	loop_timer_set(all->loop, &e->deadline, loop_clock(all->loop)->mono_ms + all->config->handshake_ms);
	/* Where it cannot be watched, its deadline ends it. */
	(void)loop_watch(all->loop, &e->watch, POLL_READ);
}

/* All of them */

struct entrances *entrances_new(struct loop *loop, const struct config *config, const struct entrance_host *host)
{
	struct entrances *all = mem_zalloc(sizeof(*all));

	all->loop = loop;
	all->config = config;
	all->host = *host;
	all->trim.due = give_back;
	LIST_INIT(&all->list);
	return all;
}

void entrances_close(struct entrances *all)
{
	while (!LIST_EMPTY(&all->list))
		close_it(LIST_FIRST(&all->list));
}

void entrances_free(struct entrances *all)
{
	if (!all)
		return;
	entrances_close(all);
	loop_timer_stop(all->loop, &all->trim);
	mem_free(all);
}

struct entrance_counts entrances_counts(const struct entrances *all)
{
	return all->counts;
}

const char *entrance_stage_name(enum entrance_stage stage)
{
	static const char *const names[ENTRANCE_STAGES] = {"proxy", "tls", "first", "http"};

	return names[stage];
}
