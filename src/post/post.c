#include "post/post.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "post/post_private.h"

TAILQ_HEAD(post_list, post);

/*
 * While a job is with the thread, the engine is the thread's. So what is given meanwhile waits, the thread is woken, and
 * gives the engine back.
 */
struct poster {
	struct loop *loop;
	struct worker *worker; /* NULL: not needed so far */
	struct job job;
	struct post_engine *engine;
	struct timer idle; /* the thread and the connections go */
	struct post_terms *terms;
	struct post_list waiting, under_way;
	unsigned count; /* under way */
	bool running;   /* the engine is the thread's */
	bool stale;     /* connections of before are not to be used */
	bool ending;
};

bool post_url_fits(struct str url, bool plain)
{
	static const struct str tls = STR("https://"), none = STR("http://");
	size_t front = str_starts(url, tls) ? tls.n : plain && str_starts(url, none) ? none.n : 0;

	if (!front || url.n <= front || url.n > POST_URL_MAX || memchr("/?#:@", url.p[front], 5))
		return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7f || strchr("\"<>\\^`{|}", url.p[i]))
			return false;
	return true;
}

static void terms_drop(struct post_terms *t)
{
	if (!t || --t->users)
		return;
	mem_free(t->allowed);
	mem_free(t->authorities);
	mem_free(t);
}

void poster_configure(struct poster *p, const struct post_policy *policy)
{
	struct post_terms *t = mem_zalloc(sizeof(*t));

	t->users = 1;
	t->policy = *policy;
	t->allowed = mem_alloc((policy->nallowed + 1) * sizeof(*t->allowed));
	if (policy->nallowed)
		memcpy(t->allowed, policy->allowed, policy->nallowed * sizeof(*t->allowed));
	t->policy.allowed = t->allowed;
	t->authorities = mem_strdup(policy->authorities);
	t->policy.authorities = t->authorities;
	terms_drop(p->terms);
	p->terms = t;
	p->stale = true;
}

static void fail(struct post *post, const char *why)
{
	post->status = 0;
	snprintf(post->why, sizeof(post->why), "%s", why);
	post->done(post);
}

/* The engine is ours. */
static void begin(struct poster *p, struct post *post)
{
	if (p->stale && !p->count) {
		post_engine_free(p->engine);
		p->engine = NULL;
		p->stale = false;
	}
	if (!p->engine)
		p->engine = post_engine_new();
	post->status = 0;
	post->wait_ms = 0;
	post->barred = false;
	post->why[0] = '\0';
	if (!p->engine || !post_engine_add(p->engine, post, p->terms, p->stale)) {
		fail(post, post->why[0] ? post->why : "requests cannot be made");
		return;
	}
	p->terms->users++;
	p->count++;
	TAILQ_INSERT_TAIL(&p->under_way, post, next);
}

static void work(struct job *job)
{
	struct poster *p = (struct poster *)((char *)job - offsetof(struct poster, job));

	post_engine_run(p->engine);
}

static void end(struct poster *p, struct post *post)
{
	terms_drop(post_engine_remove(p->engine, post));
	TAILQ_REMOVE(&p->under_way, post, next);
	p->count--;
}

static void go_on(struct poster *p);

/* It stays running while those who gave the requests hear of them, for they may give more. */
static void done(struct job *job)
{
	struct poster *p = (struct poster *)((char *)job - offsetof(struct poster, job));
	struct post *post;

	while ((post = post_engine_finished(p->engine))) {
		end(p, post);
		post->done(post);
	}
	p->running = false;
	go_on(p);
}

static void go_on(struct poster *p)
{
	struct post *post;

	if (p->running || p->ending)
		return;
	p->running = true;
	while (p->count < POST_UNDER_WAY_MAX && (post = TAILQ_FIRST(&p->waiting))) {
		TAILQ_REMOVE(&p->waiting, post, next);
		begin(p, post);
	}
	p->running = false;
	if (!p->count) {
		loop_timer_set(p->loop, &p->idle, loop_clock(p->loop)->mono_ms + p->terms->policy.keep_ms);
		return;
	}
	p->running = true;
	p->job = (struct job){.work = work, .done = done};
	worker_run(p->worker, &p->job);
}

/* The next request may be days away. */
static void idle_due(struct timer *t)
{
	struct poster *p = (struct poster *)((char *)t - offsetof(struct poster, idle));
	struct worker *w = p->worker;

	p->worker = NULL;
	worker_free(w);
	post_engine_free(p->engine);
	p->engine = NULL;
}

struct poster *poster_new(struct loop *loop)
{
	struct poster *p = mem_zalloc(sizeof(*p));

	p->loop = loop;
	p->idle.due = idle_due;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->under_way);
	return p;
}

void poster_send(struct poster *p, struct post *post)
{
	if (p->ending || (!p->worker && worker_new(&p->worker, p->loop) < 0)) {
		fail(post, p->ending ? "the server is ending" : "there is no thread for it");
		return;
	}
	loop_timer_stop(p->loop, &p->idle);
	TAILQ_INSERT_TAIL(&p->waiting, post, next);
	if (p->running && p->engine)
		post_engine_wake(p->engine);
	go_on(p);
}

void poster_free(struct poster *p)
{
	struct post *post;

	if (!p)
		return;
	p->ending = true;
	loop_timer_stop(p->loop, &p->idle);
	if (p->running)
		post_engine_wake(p->engine);
	worker_free(p->worker);
	while ((post = TAILQ_FIRST(&p->under_way))) {
		end(p, post);
		fail(post, "the server is ending");
	}
	while ((post = TAILQ_FIRST(&p->waiting))) {
		TAILQ_REMOVE(&p->waiting, post, next);
		fail(post, "the server is ending");
	}
	post_engine_free(p->engine);
	terms_drop(p->terms);
	mem_free(p);
}
