#include "chat-client/reconnect.h"

#include <stddef.h>
#include <stdlib.h>

#include "chat-client/dial.h"

enum { DOUBLINGS_MAX = 9 };

int64_t reconnect_delay(unsigned tries, uint32_t random)
{
	int64_t ms = (int64_t)RECONNECT_FIRST_MS << (tries < DOUBLINGS_MAX ? tries : DOUBLINGS_MAX);

	if (ms > RECONNECT_MAX_MS)
		ms = RECONNECT_MAX_MS;
	return ms - ms / 4 + (int64_t)(random % (uint32_t)(ms / 2 + 1));
}

static void work(struct job *job)
{
	struct reconnect *r = (struct reconnect *)((char *)job - offsetof(struct reconnect, job));

	r->result = dial_server(r->options, &r->transport, &r->report);
}

static void done(struct job *job)
{
	struct reconnect *r = (struct reconnect *)((char *)job - offsetof(struct reconnect, job));

	r->dialling = false;
	if (r->result < 0)
		reconnect_start(r);
	r->dialled(r->ctx, r->result, r->report.why);
}

static void on_wait(struct timer *timer)
{
	struct reconnect *r = (struct reconnect *)((char *)timer - offsetof(struct reconnect, wait));

	if (!r->worker && worker_new(&r->worker, r->loop) < 0) {
		reconnect_start(r);
		return;
	}
	r->dialling = true;
	worker_run(r->worker, &r->job);
}

void reconnect_init(struct reconnect *r)
{
	r->wait.due = on_wait;
	r->job.work = work;
	r->job.done = done;
}

void reconnect_deinit(struct reconnect *r)
{
	loop_timer_stop(r->loop, &r->wait);
	if (r->worker)
		worker_free(r->worker);
}

bool reconnect_has_lasted(const struct reconnect *r)
{
	return r->since_ms && loop_clock(r->loop)->mono_ms - r->since_ms >= RECONNECT_LASTED_MS;
}

void reconnect_start(struct reconnect *r)
{
	int64_t now = loop_clock(r->loop)->mono_ms;

	if (reconnect_has_lasted(r))
		r->tries = 0;
	r->since_ms = 0;
	r->delay_ms = reconnect_delay(r->tries++, arc4random());
	loop_timer_set(r->loop, &r->wait, now + r->delay_ms);
}

void reconnect_now(struct reconnect *r)
{
	loop_timer_set(r->loop, &r->wait, loop_clock(r->loop)->mono_ms);
}

void reconnect_succeeded(struct reconnect *r)
{
	r->since_ms = loop_clock(r->loop)->mono_ms;
}
