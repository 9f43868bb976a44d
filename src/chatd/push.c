#include "chatd/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/config.h"
#include "chatd/engine.h"
#include "chatd/push_pace.h"
#include "chatd/push_text.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "network/account.h"
#include "network/rules.h"
#include "post/post.h"
#include "post/webpush.h"

/* WORDS_MAX: of one message, that are looked up. TOKEN_S: how long a token holds, at most a day by RFC 8292. */
enum {
	LINE_SIZE = 2048,
	PAD = 512,
	FIELD_SIZE = 2200,
	WORDS_MAX = 300,
	MENTIONS_MAX = 20,
	TOKEN_S = 12 * 3600,
	RETRY_MS = 10 * 1000,
	RETRY_MAX_MS = 5 * 60 * 1000,
};

/* One message to one device. */
struct notification {
	TAILQ_ENTRY(notification) next;
	struct push *all;
	struct job job;
	struct post post;
	struct timer again;
	unsigned attempts;
	char *account, *kept; /* whose, and its subscription as that has it */
	char *contact;
	int64_t expires;
	char line[LINE_SIZE]; /* secret until it is encrypted */
	size_t nline;
	struct subscription to;
	bool made;
	char body[WEBPUSH_BODY_MAX];
	char authorization[FIELD_SIZE], ttl[32];
};

struct push {
	struct loop *loop;
	const struct config *config;
	struct engine *engine;
	struct vapid *vapid; /* NULL: nothing was pushed so far */
	struct worker *worker; /* NULL: nothing is to be encrypted */
	unsigned working;
	struct poster *poster;
	struct push_pace pace;
	TAILQ_HEAD(, notification) all;
	unsigned count;
	struct push_counts counts;
	bool ending;
};

static void notification_free(struct notification *n)
{
	struct push *p = n->all;

	TAILQ_REMOVE(&p->all, n, next);
	p->count--;
	loop_timer_stop(p->loop, &n->again);
	explicit_bzero(n->line, sizeof(n->line));
	mem_free(n->account);
	mem_free(n->kept);
	mem_free(n->contact);
	mem_free(n);
}

/* The service has forgotten it, and so do we: RFC 8030, 7.3. */
static void drop_subscription(const struct notification *n)
{
	const struct command_env *env = engine_env(n->all->engine);
	const struct account *a = network_account(env->net, str_of(n->account));
	struct account_edit e;

	if (!a || !account_find(a, ACCOUNT_PUSH, str_of(n->kept)))
		return;
	account_edit_begin(&e, a);
	account_edit_drop_exact(&e, ACCOUNT_PUSH, str_of(n->kept));
	(void)account_edit_submit(&e, env);
	n->all->counts.gone++;
}

static bool worth_another(const struct notification *n)
{
	int status = n->post.status;

	return n->attempts < PUSH_ATTEMPTS && !n->post.barred && (status == 0 || status == 408 || status == 429 || status >= 500);
}

static void try_again(struct notification *n)
{
	int64_t wait = RETRY_MS << (n->attempts - 1);

	wait = wait / 2 + arc4random_uniform((uint32_t)(wait / 2) + 1);
	if (n->post.wait_ms > wait)
		wait = n->post.wait_ms < RETRY_MAX_MS ? n->post.wait_ms : RETRY_MAX_MS;
	loop_timer_set(n->all->loop, &n->again, loop_clock(n->all->loop)->mono_ms + wait);
}

static void answered(struct post *post)
{
	struct notification *n = (struct notification *)((char *)post - offsetof(struct notification, post));
	struct push *p = n->all;

	if (post->status >= 200 && post->status < 300) {
		p->counts.sent++;
	} else if (!p->ending && worth_another(n)) {
		try_again(n);
		return;
	} else {
		p->counts.failed++;
		if (!p->ending && (post->status == 404 || post->status == 410))
			drop_subscription(n);
	}
	notification_free(n);
}

static void send_it(struct notification *n)
{
	n->attempts++;
	poster_send(n->all->poster, &n->post);
}

static void again_due(struct timer *t)
{
	send_it((struct notification *)((char *)t - offsetof(struct notification, again)));
}

static void work(struct job *job)
{
	struct notification *n = (struct notification *)((char *)job - offsetof(struct notification, job));
	const struct vapid_claim claim = {subscription_origin(str_of(n->to.endpoint)), str_of(n->contact), n->expires};
	struct buf body, field;

	buf_init(&body, n->body, sizeof(n->body));
	buf_init(&field, n->authorization, sizeof(n->authorization) - 1);
	buf_cstr(&field, "Authorization: vapid t=");
	n->made = webpush_encrypt(&body, &n->to, (struct str){n->line, n->nline}, PAD) &&
		  vapid_token(&field, n->all->vapid, &claim);
	buf_fmt(&field, ", k=%s", vapid_public(n->all->vapid));
	n->made = n->made && !field.full;
	n->authorization[field.n] = '\0';
	n->post.body = buf_view(&body);
	explicit_bzero(n->line, sizeof(n->line));
}

static void done(struct job *job)
{
	struct notification *n = (struct notification *)((char *)job - offsetof(struct notification, job));
	struct push *p = n->all;
	struct worker *w = p->worker;

	if (p->ending || !n->made) {
		p->counts.failed++;
		notification_free(n);
	} else {
		send_it(n);
	}
	/* The next message may be hours away. */
	if (--p->working || p->ending)
		return;
	p->worker = NULL;
	worker_free(w);
}

static void set_up(struct notification *n)
{
	const struct server *s = &n->all->config->server;

	n->contact = s->webpush.contact ? mem_strdup(s->webpush.contact) : mem_alloc(strlen(s->name) + 16);
	if (!s->webpush.contact)
		sprintf(n->contact, "https://%s/", s->name);
	n->expires = loop_clock(n->all->loop)->real_ms / 1000 + TOKEN_S;
	snprintf(n->ttl, sizeof(n->ttl), "TTL: %lld", (long long)s->webpush.ttl_ms / 1000);
	n->post = (struct post){
		.url = n->to.endpoint,
		.headers = {"Content-Type: application/octet-stream", "Content-Encoding: aes128gcm", "Urgency: high", n->ttl,
			    n->authorization},
		.done = answered,
	};
	n->again.due = again_due;
	n->job = (struct job){.work = work, .done = done};
}

static void push_to(struct push *p, const struct account *a, const char *kept, struct str line)
{
	struct notification *n;

	if (p->count >= PUSH_WAITING_MAX || (!p->worker && worker_new(&p->worker, p->loop) < 0)) {
		p->counts.dropped++;
		return;
	}
	n = mem_zalloc(sizeof(*n));
	n->all = p;
	TAILQ_INSERT_TAIL(&p->all, n, next);
	p->count++;
	if (!subscription_read(&n->to, str_of(kept))) {
		notification_free(n);
		return;
	}
	n->account = mem_strdup(account_text(a, ACCOUNT_NAME));
	n->kept = mem_strdup(kept);
	memcpy(n->line, line.p, line.n);
	n->nline = line.n;
	set_up(n);
	p->working++;
	worker_run(p->worker, &n->job);
}

/* Nobody is at any of the user's devices. */
static bool is_absent(const struct user *u)
{
	return u->away || !u->sessions;
}

static void tell(struct push *p, const struct change *c, const struct user *u)
{
	const struct network *net = engine_view(p->engine).net;
	const struct account *a = is_absent(u) ? network_account(net, user_str(u, USER_ACCOUNT)) : NULL;
	char memory[LINE_SIZE];
	struct buf line;

	if (!a || u == c->by || !account_count(a, ACCOUNT_PUSH))
		return;
	buf_init(&line, memory, sizeof(memory));
	if (!push_text(&line, c, u))
		return;
	if (!push_pace_take(&p->pace, account_str(a, ACCOUNT_FOLDED), p->config->server.webpush.per_minute,
			    loop_clock(p->loop)->mono_ms)) {
		p->counts.dropped++;
		return;
	}
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_PUSH)
			push_to(p, a, item->text, buf_view(&line));
	}
}

/* Whoever is called by name; each once. */
static void tell_mentioned(struct push *p, const struct change *c)
{
	const struct network *net = engine_view(p->engine).net;
	const struct user *told[MENTIONS_MAX], *u;
	struct str rest = c->record->message.text, word;
	size_t ntold = 0;

	for (int i = 0; i < WORDS_MAX && ntold < MENTIONS_MAX && push_word(&rest, &word); i++) {
		const struct member *m;
		bool before = false;

		u = network_user_by_nick(net, word);
		m = u ? network_member(c->channel, u) : NULL;
		for (size_t j = 0; j < ntold; j++)
			before = before || told[j] == u;
		if (!m || before || (c->record->message.min_rank && !rule_has_rank(m, c->record->message.min_rank)))
			continue;
		told[ntold++] = u;
		tell(p, c, u);
	}
}

static void on_change(void *ctx, const struct change *c)
{
	struct push *p = ctx;

	if (c->type == CHANGE_INVITED && c->user)
		tell(p, c, c->user);
	else if (c->type == CHANGE_MESSAGE && c->channel && c->record->message.kind == MESSAGE_PRIVMSG)
		tell_mentioned(p, c);
	else if (c->type == CHANGE_MESSAGE && !c->channel && c->user)
		tell(p, c, c->user);
}

int push_prepare(struct push *p, struct server *server)
{
	int err = 0;

	if (server->webpush.on && !p->vapid)
		err = vapid_open(&p->vapid, p->config->state);
	if (server->webpush.on && p->vapid)
		(void)strlcpy(server->webpush.key, vapid_public(p->vapid), sizeof(server->webpush.key));
	return err;
}

void push_reconfigured(struct push *p)
{
	const struct config *c = p->config;
	const struct post_policy policy = {c->post.allowed.items, c->post.allowed.count, c->post.plain,
					   c->post.authorities, c->post.timeout_ms, c->post.keep_ms};
	struct engine_listener listener = {.ctx = p};

	if (c->server.webpush.on && p->vapid) {
		if (!p->poster)
			p->poster = poster_new(p->loop);
		poster_configure(p->poster, &policy);
		listener.change = on_change;
	}
	engine_listen(p->engine, ENGINE_LISTENER_PUSH, &listener);
}

struct push *push_new(struct loop *loop, const struct config *config, struct engine *engine)
{
	struct push *p = mem_zalloc(sizeof(*p));
	struct hash_key seed;

	p->loop = loop;
	p->config = config;
	p->engine = engine;
	TAILQ_INIT(&p->all);
	arc4random_buf(&seed, sizeof(seed));
	push_pace_init(&p->pace, &seed);
	return p;
}

void push_free(struct push *p)
{
	const struct engine_listener nobody = {0};
	struct notification *n;

	if (!p)
		return;
	p->ending = true;
	engine_listen(p->engine, ENGINE_LISTENER_PUSH, &nobody);
	worker_free(p->worker);
	poster_free(p->poster);
	while ((n = TAILQ_FIRST(&p->all)))
		notification_free(n);
	push_pace_deinit(&p->pace);
	vapid_free(p->vapid);
	mem_free(p);
}

struct push_counts push_counts(const struct push *p)
{
	return p->counts;
}
