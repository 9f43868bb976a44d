#include "command/errand.h"

#include <stddef.h>

#include "base/mem.h"
#include "command/command.h"
#include "proto/tags.h"

static struct errand *of_stream(struct stream *st)
{
	return (struct errand *)((char *)st - offsetof(struct errand, stream));
}

static struct errand *of_job(struct job *job)
{
	return (struct errand *)((char *)job - offsetof(struct errand, job));
}

/* When neither the session nor the thread has it any more. */
static void release(struct errand *e)
{
	if (e->session || e->working || e->running)
		return;
	mem_free(e->label);
	e->free(e);
}

static void stream_free(struct stream *st)
{
	struct errand *e = of_stream(st);

	e->session = NULL;
	atomic_store(&e->vain, true);
	if (e->counted)
		(*e->env->errands)--;
	release(e);
}

/* What was cut short by a restart has no answer yet: the client may ask the successor. */
static bool stream_step(struct stream *st, struct session *s)
{
	struct errand *e = of_stream(st);
	const struct command_host *host = e->env->host;

	if (e->working) {
		reply(s, RPL_TRYAGAIN, e->command);
		return true;
	}
	e->running = true;
	host->resume(host->ctx, e);
	e->running = false;
	/* Gone with its session, which has taken the stream away already. */
	if (!e->session)
		release(e);
	return true;
}

static void job_work(struct job *job)
{
	struct errand *e = of_job(job);

	/* Whoever asks and leaves keeps nobody waiting who comes after. */
	if (!atomic_load(&e->vain))
		e->work(e);
}

void errand_answered(struct errand *e)
{
	e->working = false;
	e->stream.waits = false;
	if (e->session)
		session_stream_resume(e->session);
	else
		release(e);
}

static void job_done(struct job *job)
{
	errand_answered(of_job(job));
}

static char *label_of(const struct message *m)
{
	struct tag label;

	return tags_find(m->tags, STR("label"), &label) && label.value.n ? mem_strndup(label.value.p, label.value.n)
									 : NULL;
}

void errand_run(const struct call *call, struct errand *e)
{
	struct worker *worker = call->env->worker;

	e->env = call->env;
	e->command = call->row->name;
	e->label = label_of(call->msg);
	e->session = call->session;
	e->stream = (struct stream){.step = stream_step, .free = stream_free, .waits = worker != NULL};
	e->job = (struct job){.work = job_work, .done = job_done};
	e->working = worker != NULL;
	e->running = false;
	atomic_init(&e->vain, false);
	e->counted = true;
	(*call->env->errands)++;
	if (worker)
		worker_run(worker, &e->job);
	else
		e->work(e);
	session_stream(call->session, &e->stream);
}

void errand_ask(const struct call *call, struct errand *e)
{
	e->env = call->env;
	e->command = call->row->name;
	e->label = label_of(call->msg);
	e->session = call->session;
	e->stream = (struct stream){.step = stream_step, .free = stream_free, .waits = true};
	e->working = true;
	e->running = false;
	atomic_init(&e->vain, false);
	e->counted = true;
	(*call->env->errands)++;
	session_stream(call->session, &e->stream);
}

void errand_wait(const struct command_env *env, struct session *s, struct errand *e)
{
	e->env = env;
	e->command = "USER";
	e->session = s;
	e->stream = (struct stream){.step = stream_step, .free = stream_free, .waits = true, .stays = true};
	session_stream(s, &e->stream);
}

void errand_ready(struct errand *e)
{
	e->stream.waits = false;
	session_stream_resume(e->session);
}

void errand_finish(struct errand *e)
{
	e->done(e, e->session);
}
