#include "account/helper.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/child.h"
#include "loop/poller.h"
#include "proto/json_read.h"
#include "proto/utf8.h"

enum { RETRY_FIRST_MS = 1000, RETRY_MOST_MS = 60000, RETRY_DOUBLINGS = 6 };

TAILQ_HEAD(questions, helper_question);

/* One program. Without a child there is none; one that was killed is there until it has ended. */
struct process {
	struct helper *helper;
	struct child child;
	struct watch out, exited;
	struct helper_question *question; /* NULL: it waits for one */
	bool dying;
	bool useful; /* it has answered something */
	size_t got;
	char said[HELPER_LINE_MAX];
};

struct helper {
	struct loop *loop;
	const struct helper_policy *policy;
	char *command; /* of those that run */
	struct questions waiting;
	uint32_t count;
	struct process *processes; /* HELPER_PROCESSES_MAX; NULL: none was needed so far */
	unsigned failures;         /* in a row */
	int64_t not_before;        /* mono ms: nothing is started earlier */
	struct timer retry;
	bool ending;
};

void helper_policy_deinit(struct helper_policy *p)
{
	mem_free(p->command);
}

static int64_t now_ms(const struct helper *h)
{
	return loop_clock(h->loop)->mono_ms;
}

/* Questions */

static void put_field(struct buf *b, const char *name, struct str value)
{
	buf_chr(b, b->n ? ',' : '{');
	json_put(b, str_of(name));
	buf_chr(b, ':');
	json_put(b, value);
}

static void put_token(struct buf *b, struct str token)
{
	buf_cstr(b, b->n ? ",\"oauth2\":{\"token\":" : "{\"oauth2\":{\"token\":");
	json_put(b, token);
	buf_chr(b, '}');
}

bool helper_write(struct helper_question *q, const struct helper_about *about)
{
	struct buf b;

	if (!utf8_valid(about->account) || !utf8_valid(about->passphrase) || !utf8_valid(about->token))
		return false;
	buf_init(&b, q->line, sizeof(q->line));
	/* Under both names: programs that were written for Ergo know the second. */
	if (about->account.n) {
		put_field(&b, "account", about->account);
		put_field(&b, "accountName", about->account);
	}
	if (about->token.n)
		put_token(&b, about->token);
	else if (about->certfp)
		put_field(&b, "certfp", str_of(about->certfp));
	else
		put_field(&b, "passphrase", about->passphrase);
	put_field(&b, "ip", str_of(about->address));
	buf_cstr(&b, "}\n");
	q->size = (uint32_t)b.n;
	return !b.full;
}

static void answer(struct helper_question *q, enum helper_verdict verdict, struct str account)
{
	loop_timer_stop(q->helper->loop, &q->deadline);
	explicit_bzero(q->line, sizeof(q->line));
	q->answered(q, verdict, account);
}

static void go_on(struct helper *h);

/* Processes */

static void broken(struct helper *h, const char *why)
{
	int64_t wait = RETRY_FIRST_MS << (h->failures < RETRY_DOUBLINGS ? h->failures : RETRY_DOUBLINGS);

	h->failures++;
	h->not_before = now_ms(h) + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
	log_event(EVENT_HELPER_BROKEN, LOG_FIELDS({"CHATD_REASON", why}), "the helper for accounts: %s", why);
}

/* Its question has no answer any more. */
static void drop_question(struct process *p)
{
	struct helper_question *q = p->question;

	p->question = NULL;
	if (q)
		answer(q, HELPER_BROKEN, STR_NONE);
}

static void end(struct process *p)
{
	if (p->dying)
		return;
	p->dying = true;
	loop_watch_stop(p->helper->loop, &p->out);
	child_kill(&p->child);
}

static void fail(struct process *p, const char *why)
{
	broken(p->helper, why);
	end(p);
	drop_question(p);
}

/* {"success": true, "account": "ann", "error": ""}; as Ergo has it: accountName. */
static bool read_answer(struct str line, enum helper_verdict *verdict, char account[HELPER_NAME_MAX])
{
	struct json_value v;

	account[0] = '\0';
	if (!json_object_valid(line) || !json_member(line, "success", &v) || v.kind != JSON_BOOL)
		return false;
	*verdict = json_true(&v) ? HELPER_YES : HELPER_NO;
	if (*verdict == HELPER_NO)
		return true;
	if (!json_member(line, "account", &v) && !json_member(line, "accountName", &v))
		return true;
	return v.kind == JSON_NULL || json_string(&v, account, HELPER_NAME_MAX);
}

static void take_line(struct process *p, struct str line)
{
	struct helper *h = p->helper;
	struct helper_question *q = p->question;
	char account[HELPER_NAME_MAX];
	enum helper_verdict verdict;

	if (!q || !read_answer(line, &verdict, account)) {
		fail(p, q ? "it said what is no answer" : "it said something that nobody asked for");
		return;
	}
	h->failures = 0;
	p->useful = true;
	p->question = NULL;
	explicit_bzero(p->said, p->got);
	p->got = 0;
	answer(q, verdict, str_of(account));
}

/* An answer is the last that it says until it is asked again. False: it says nothing more. */
static bool hear(struct process *p)
{
	ssize_t n = read(p->child.out, p->said + p->got, sizeof(p->said) - p->got);
	const char *newline;

	if (n <= 0)
		return n < 0;
	p->got += (size_t)n;
	newline = memchr(p->said, '\n', p->got);
	if (newline && newline + 1 == p->said + p->got)
		take_line(p, (struct str){p->said, (size_t)(newline - p->said)});
	else if (newline || p->got == sizeof(p->said))
		fail(p, "it said more than an answer");
	return true;
}

/* Its end comes by another way; one that only shuts its mouth is of no use. */
static void process_said(struct watch *w, unsigned happened)
{
	struct process *p = (struct process *)((char *)w - offsetof(struct process, out));

	(void)happened;
	if (hear(p)) {
		go_on(p->helper);
		return;
	}
	loop_watch_stop(p->helper->loop, w);
	child_close_in(&p->child);
}

/* One that answers and ends is as good as one that stays: what it was asked while it ended is asked anew. */
static void ask_again(struct process *p)
{
	struct helper *h = p->helper;

	p->question->waits = true;
	TAILQ_INSERT_HEAD(&h->waiting, p->question, next);
	h->count++;
	p->question = NULL;
}

static void process_gone(struct watch *w, unsigned happened)
{
	struct process *p = (struct process *)((char *)w - offsetof(struct process, exited));
	struct helper *h = p->helper;
	bool good;
	int status;

	(void)happened;
	loop_watch_stop(h->loop, w);
	loop_watch_stop(h->loop, &p->out);
	if (p->question && !p->dying)
		(void)hear(p);
	status = child_reap(&p->child);
	good = p->useful && status == 0;
	if (!p->dying && !good)
		broken(h, "it ended");
	if (p->question && good && !p->dying)
		ask_again(p);
	explicit_bzero(p->said, sizeof(p->said));
	drop_question(p);
	go_on(h);
}

static bool start(struct process *p)
{
	struct helper *h = p->helper;

	if (child_start(&p->child, h->command, true) < 0) {
		broken(h, "it could not be started");
		return false;
	}
	p->dying = p->useful = false;
	p->got = 0;
	p->out = (struct watch){.ready = process_said, .fd = p->child.out};
	p->exited = (struct watch){.ready = process_gone, .fd = p->child.exited};
	if (loop_watch(h->loop, &p->exited, POLL_READ) == 0 && loop_watch(h->loop, &p->out, POLL_READ) == 0)
		return true;
	loop_watch_stop(h->loop, &p->exited);
	child_end(&p->child);
	broken(h, "it could not be watched");
	return false;
}

/* A pipe takes the line at once, for what it was told before has been read. */
static void give(struct process *p, struct helper_question *q)
{
	p->question = q;
	q->waits = false;
	/* Where it is ending by itself, its end says more. */
	if (write(p->child.in, q->line, q->size) != (ssize_t)q->size && !p->useful)
		fail(p, "it does not listen");
}

/* One that can be asked now; NULL: none. */
static struct process *free_process(struct helper *h)
{
	uint32_t max = h->policy->processes < HELPER_PROCESSES_MAX ? h->policy->processes : HELPER_PROCESSES_MAX;
	struct process *none = NULL;

	if (!h->processes)
		return NULL;
	for (uint32_t i = 0; i < max; i++) {
		struct process *p = &h->processes[i];

		if (p->child.pid && !p->question && !p->dying && p->child.in >= 0)
			return p;
		if (!p->child.pid && !none)
			none = p;
	}
	return none && now_ms(h) >= h->not_before && start(none) ? none : NULL;
}

/* The configuration names another program: those of before end, and it has no failures yet. */
static void follow_command(struct helper *h, const char *command)
{
	if (h->command && strcmp(h->command, command) == 0)
		return;
	mem_free(h->command);
	h->command = mem_strdup(command);
	h->failures = 0;
	h->not_before = 0;
	for (int i = 0; h->processes && i < HELPER_PROCESSES_MAX; i++) {
		struct process *p = &h->processes[i];

		if (!p->child.pid)
			continue;
		end(p);
		drop_question(p);
	}
	if (h->processes)
		return;
	h->processes = mem_zalloc(HELPER_PROCESSES_MAX * sizeof(*h->processes));
	for (int i = 0; i < HELPER_PROCESSES_MAX; i++)
		h->processes[i].helper = h;
}

static void go_on(struct helper *h)
{
	struct helper_question *q;
	struct process *p;

	if (!h->ending && h->policy->command)
		follow_command(h, h->policy->command);
	while (!h->ending && (q = TAILQ_FIRST(&h->waiting)) && (p = free_process(h))) {
		TAILQ_REMOVE(&h->waiting, q, next);
		h->count--;
		give(p, q);
	}
	if (!TAILQ_EMPTY(&h->waiting) && now_ms(h) < h->not_before)
		loop_timer_set(h->loop, &h->retry, h->not_before);
}

static void retry_due(struct timer *t)
{
	go_on((struct helper *)((char *)t - offsetof(struct helper, retry)));
}

static struct process *process_of(const struct helper *h, const struct helper_question *q)
{
	for (int i = 0; i < HELPER_PROCESSES_MAX; i++)
		if (h->processes[i].question == q)
			return &h->processes[i];
	return NULL;
}

/* Whoever waited in the queue is not the fault of those that are busy. */
static void late(struct timer *t)
{
	struct helper_question *q = (struct helper_question *)((char *)t - offsetof(struct helper_question, deadline));
	struct helper *h = q->helper;
	struct process *p;

	if (q->waits) {
		TAILQ_REMOVE(&h->waiting, q, next);
		h->count--;
		answer(q, HELPER_BROKEN, STR_NONE);
		return;
	}
	p = process_of(h, q);
	if (p)
		fail(p, "it took too long");
}

struct helper *helper_new(struct loop *loop)
{
	struct helper *h = mem_zalloc(sizeof(*h));

	h->loop = loop;
	h->retry.due = retry_due;
	TAILQ_INIT(&h->waiting);
	return h;
}

static void drop_processes(struct helper *h)
{
	for (int i = 0; h->processes && i < HELPER_PROCESSES_MAX; i++) {
		struct process *p = &h->processes[i];

		if (!p->child.pid)
			continue;
		loop_watch_stop(h->loop, &p->exited);
		loop_watch_stop(h->loop, &p->out);
		child_end(&p->child);
		drop_question(p);
	}
}

void helper_free(struct helper *h)
{
	struct helper_question *q;

	if (!h)
		return;
	h->ending = true;
	loop_timer_stop(h->loop, &h->retry);
	drop_processes(h);
	while ((q = TAILQ_FIRST(&h->waiting))) {
		TAILQ_REMOVE(&h->waiting, q, next);
		answer(q, HELPER_BROKEN, STR_NONE);
	}
	mem_free(h->processes);
	mem_free(h->command);
	mem_free(h);
}

bool helper_ask(struct helper *h, const struct helper_policy *p, struct helper_question *q)
{
	if (!p->command || h->count >= p->queue)
		return false;
	h->policy = p;
	q->helper = h;
	q->waits = true;
	q->deadline = (struct timer){.due = late};
	loop_timer_set(h->loop, &q->deadline, now_ms(h) + p->timeout_ms);
	TAILQ_INSERT_TAIL(&h->waiting, q, next);
	h->count++;
	/* Whatever comes of it comes when the asker is done. */
	loop_timer_set(h->loop, &h->retry, now_ms(h));
	return true;
}
