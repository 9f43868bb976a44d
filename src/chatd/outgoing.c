#include "chatd/outgoing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "chatd/config.h"
#include "chatd/engine.h"
#include "chatd/outgoing_body.h"
#include "chatd/outgoing_event.h"
#include "chatd/outgoing_file.h"
#include "loop/loop.h"
#include "post/post.h"

/* TELL_MS: how often it is said that events were dropped. WAIT_MAX_MS: the waits between attempts grow up to here. */
enum { TELL_MS = 60 * 1000, WAIT_MAX_MS = 5 * 60 * 1000 };

struct hook {
	struct outgoing *all;
	char *name;
	const struct outgoing_block *block; /* of the configuration; NULL: it is no more there */
	struct outgoing_queue queue;
	struct outgoing_body body;
	struct post post;
	char *url; /* of the request that is under way */
	struct timer timer, telling;
	bool under_way;
	bool paused;
	bool urgent;       /* an attempt at once, whatever came of the one that is under way */
	int64_t until;     /* of the pause, ms since 1970 */
	uint32_t failures; /* in a row */
	uint64_t sent, dropped, refused;
	uint64_t missing; /* events dropped since the last request that was taken */
	uint64_t untold;  /* the same, that the log has not heard of */
	char trouble[POST_WHY_MAX];
};

struct outgoing {
	struct loop *loop;
	const struct config *config;
	struct engine *engine;
	struct poster *poster;
	struct vec hooks; /* struct hook * */
	bool ending;
};

static int64_t mono_ms(const struct hook *h)
{
	return loop_clock(h->all->loop)->mono_ms;
}

static int64_t real_ms(const struct hook *h)
{
	return loop_clock(h->all->loop)->real_ms;
}

/* What is dropped */

static void tell_dropped(struct hook *h)
{
	char count[24];

	snprintf(count, sizeof(count), "%llu", (unsigned long long)h->untold);
	h->untold = 0;
	log_event(EVENT_HOOK_DROPPED, LOG_FIELDS({"CHATD_HOOK", h->name}, {"CHATD_COUNT", count}),
		  "webhook %s: %s events were dropped, for too many wait", h->name, count);
}

static void telling_due(struct timer *t)
{
	tell_dropped((struct hook *)((char *)t - offsetof(struct hook, telling)));
}

static void count_dropped(struct hook *h, uint32_t count)
{
	h->dropped += count;
	h->missing += count;
	h->untold += count;
	if (h->untold && !loop_timer_is_set(&h->telling))
		loop_timer_set(h->all->loop, &h->telling, mono_ms(h) + TELL_MS);
}

/* Requests */

static void arm(struct hook *h, int64_t ms)
{
	if (h->all->ending)
		return;
	loop_timer_set(h->all->loop, &h->timer, mono_ms(h) + ms);
}

/* What happens in one turn goes together. */
static void add(struct hook *h, char *text)
{
	if (!text)
		return;
	count_dropped(h, outgoing_queue_add(&h->queue, text, h->block->waiting));
	if (!h->under_way && !loop_timer_is_set(&h->timer))
		arm(h, 0);
}

/* Half of it is chance, so that those who failed together do not come back together. */
static int64_t wait_of(const struct hook *h)
{
	const struct outgoing_policy *p = &h->all->config->outgoing;
	int64_t most = p->retry_ms > WAIT_MAX_MS ? p->retry_ms : WAIT_MAX_MS, wait = p->retry_ms;

	for (uint32_t i = 1; i < h->failures && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	wait = wait / 2 + arc4random_uniform((uint32_t)(wait / 2) + 1);
	if (h->post.wait_ms > wait)
		wait = h->post.wait_ms < p->pause_ms ? h->post.wait_ms : p->pause_ms;
	return wait;
}

static void pause_hook(struct hook *h)
{
	int64_t pause = h->all->config->outgoing.pause_ms;

	h->until = real_ms(h) + pause;
	arm(h, pause);
	if (h->paused)
		return;
	h->paused = true;
	log_event(EVENT_HOOK_PAUSED, LOG_FIELDS({"CHATD_HOOK", h->name}, {"CHATD_REASON", h->trouble}),
		  "webhook %s is paused: %s", h->name, h->trouble);
}

static void failed(struct hook *h)
{
	(void)strlcpy(h->trouble, h->post.why, sizeof(h->trouble));
	h->failures++;
	if (h->paused || h->post.status == 410 || h->failures >= h->all->config->outgoing.attempts)
		pause_hook(h);
	else
		arm(h, wait_of(h));
}

static void done_with(struct hook *h)
{
	outgoing_queue_told(&h->queue);
	outgoing_body_free(&h->body);
}

static void taken(struct hook *h)
{
	h->sent += h->queue.telling;
	done_with(h);
	if (h->paused)
		log_event(EVENT_HOOK_BACK, LOG_FIELDS({"CHATD_HOOK", h->name}), "webhook %s is taken again", h->name);
	h->paused = false;
	h->failures = 0;
	h->trouble[0] = '\0';
	if (h->queue.count)
		arm(h, 0);
}

static void hook_free(struct hook *h)
{
	loop_timer_stop(h->all->loop, &h->timer);
	loop_timer_stop(h->all->loop, &h->telling);
	outgoing_queue_deinit(&h->queue);
	outgoing_body_free(&h->body);
	mem_free(h->url);
	mem_free(h->name);
	mem_free(h);
}

/* That these events are not understood is no reason for the next ones not to be. */
static void answered(struct post *p)
{
	struct hook *h = (struct hook *)((char *)p - offsetof(struct hook, post));

	bool good = p->status >= 200 && p->status < 300, urgent = h->urgent;

	h->under_way = false;
	h->urgent = false;
	if (!h->block) {
		hook_free(h);
		return;
	}
	if (good) {
		taken(h);
		return;
	}
	if (h->all->ending)
		return;
	if (p->status == 400 || p->status == 413 || p->status == 422) {
		h->refused += h->queue.telling;
		done_with(h);
	}
	failed(h);
	if (urgent)
		arm(h, 0);
}

static void make_body(struct hook *h)
{
	const struct server *server = &h->all->config->server;
	const struct outgoing_about about = {h->name, server->name, server->network, h->missing};

	outgoing_queue_tell(&h->queue);
	outgoing_body_make(&h->body, &about, &h->queue);
	h->missing = 0;
}

static void attempt(struct timer *t)
{
	struct hook *h = (struct hook *)((char *)t - offsetof(struct hook, timer));

	if (!h->queue.count || h->under_way)
		return;
	if (!h->body.text)
		make_body(h);
	(void)outgoing_body_sign(&h->body, h->block->secret, real_ms(h) / 1000);
	mem_free(h->url);
	h->url = mem_strdup(h->block->url);
	h->post = (struct post){
		.url = h->url,
		.headers = {"Content-Type: application/json", h->body.fields[0], h->body.fields[1],
			    h->body.fields[2][0] ? h->body.fields[2] : NULL},
		.body = {h->body.text, h->body.n},
		.done = answered,
	};
	h->under_way = true;
	poster_send(h->all->poster, &h->post);
}

/* What happens */

static void on_change(void *ctx, const struct change *c)
{
	struct outgoing *o = ctx;

	for (uint32_t i = 0; i < o->hooks.count; i++) {
		struct hook *h = o->hooks.items[i];
		const struct outgoing_asking a = {h->block, o->config->server.casemap};

		add(h, outgoing_event_change(&a, c));
	}
}

static void on_notice(void *ctx, enum notice kind, const char *text)
{
	struct outgoing *o = ctx;

	for (uint32_t i = 0; i < o->hooks.count; i++) {
		struct hook *h = o->hooks.items[i];
		const struct outgoing_asking a = {h->block, o->config->server.casemap};

		add(h, outgoing_event_notice(&a, kind, text, real_ms(h)));
	}
}

/* The configuration */

static struct hook *find(const struct outgoing *o, struct str name)
{
	for (uint32_t i = 0; i < o->hooks.count; i++) {
		struct hook *h = o->hooks.items[i];

		if (str_eq(str_of(h->name), name))
			return h;
	}
	return NULL;
}

static struct hook *hook_new(struct outgoing *o, const char *name)
{
	struct hook *h = mem_zalloc(sizeof(*h));

	h->all = o;
	h->name = mem_strdup(name);
	h->timer.due = attempt;
	h->telling.due = telling_due;
	outgoing_queue_init(&h->queue);
	return h;
}

/* What waits with it is nobody's. */
static void dismiss(struct hook *h)
{
	h->block = NULL;
	loop_timer_stop(h->all->loop, &h->timer);
	loop_timer_stop(h->all->loop, &h->telling);
	if (!h->under_way)
		hook_free(h);
}

static void listen_for(struct outgoing *o)
{
	struct engine_listener listener = {.ctx = o};
	uint32_t kinds = 0;

	for (uint32_t i = 0; i < o->hooks.count; i++)
		kinds |= ((const struct hook *)o->hooks.items[i])->block->kinds;
	if (kinds & OUTGOING_OF_CHANNELS)
		listener.change = on_change;
	listener.notices = kinds >> OUTGOING_SERVER;
	if (listener.notices)
		listener.notice = on_notice;
	engine_listen(o->engine, ENGINE_LISTENER_OUTGOING, &listener);
}

static void set_poster(struct outgoing *o)
{
	const struct config *c = o->config;
	const struct post_policy policy = {c->post.allowed.items, c->post.allowed.count, c->post.plain,
					   c->post.authorities, c->post.timeout_ms, c->post.keep_ms};

	if (!o->poster)
		o->poster = poster_new(o->loop);
	poster_configure(o->poster, &policy);
}

/* One that was paused may be mended by what is new: it is tried at once. */
void outgoing_reconfigured(struct outgoing *o)
{
	const struct outgoing_policy *p = &o->config->outgoing;
	struct vec before = o->hooks;

	o->hooks = (struct vec){0};
	for (size_t i = 0; i < p->count; i++) {
		struct outgoing was = {.hooks = before};
		struct hook *h = find(&was, str_of(p->blocks[i].name));

		if (!h)
			h = hook_new(o, p->blocks[i].name);
		h->block = &p->blocks[i];
		vec_push(&o->hooks, h);
	}
	for (uint32_t i = 0; i < before.count; i++)
		if (find(o, str_of(((const struct hook *)before.items[i])->name)) != before.items[i])
			dismiss(before.items[i]);
	vec_deinit(&before);
	if (p->count)
		set_poster(o);
	for (uint32_t i = 0; i < o->hooks.count; i++)
		outgoing_resume(o, str_of(((const struct hook *)o->hooks.items[i])->name));
	listen_for(o);
}

static void restore(void *ctx, struct str name, char *text)
{
	struct hook *h = find(ctx, name);

	if (h)
		add(h, text);
	else
		mem_free(text);
}

struct outgoing *outgoing_new(struct loop *loop, const struct config *config, struct engine *engine)
{
	struct outgoing *o = mem_zalloc(sizeof(*o));

	o->loop = loop;
	o->config = config;
	o->engine = engine;
	outgoing_reconfigured(o);
	if (config->state)
		outgoing_file_read(config->state, restore, o);
	return o;
}

/* A request that is given up here may have been taken: it is told once more. */
static void keep(struct outgoing *o)
{
	struct outgoing_file *f = outgoing_file_begin(o->config->state);

	for (uint32_t i = 0; i < o->hooks.count; i++) {
		struct hook *h = o->hooks.items[i];
		const struct outgoing_queued *e;

		STAILQ_FOREACH(e, &h->queue.list, next) {
			outgoing_file_add(f, h->name, e->text);
		}
	}
	outgoing_file_end(f);
}

void outgoing_free(struct outgoing *o)
{
	const struct engine_listener nobody = {0};

	if (!o)
		return;
	o->ending = true;
	engine_listen(o->engine, ENGINE_LISTENER_OUTGOING, &nobody);
	poster_free(o->poster);
	if (o->config->state)
		keep(o);
	for (uint32_t i = 0; i < o->hooks.count; i++)
		hook_free(o->hooks.items[i]);
	vec_deinit(&o->hooks);
	mem_free(o);
}

/* For administrators */

bool outgoing_nth(const struct outgoing *o, size_t nth, struct outgoing_view *v)
{
	const struct hook *h = nth < o->hooks.count ? o->hooks.items[nth] : NULL;

	if (!h)
		return false;
	*v = (struct outgoing_view){.name = h->name,
				    .trouble = h->trouble,
				    .waiting = h->queue.count,
				    .failures = h->failures,
				    .sent = h->sent,
				    .dropped = h->dropped,
				    .refused = h->refused,
				    .paused_until = h->paused ? h->until : 0};
	return true;
}

bool outgoing_ping(struct outgoing *o, struct str name)
{
	struct hook *h = find(o, name);

	if (h)
		add(h, outgoing_event_ping(real_ms(h)));
	return h;
}

bool outgoing_resume(struct outgoing *o, struct str name)
{
	struct hook *h = find(o, name);

	if (h && h->under_way)
		h->urgent = true;
	else if (h && h->queue.count)
		arm(h, 0);
	return h;
}
