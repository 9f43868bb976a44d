#include "loop/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/poller.h"

STAILQ_HEAD(job_list, job);

struct worker {
	struct watch watch; /* the end of the pipe that is read */
	struct loop *loop;
	int wake_fd;            /* the end that is written */
	struct job_list handed; /* finished, and with the loop: their done comes next */
	struct disposal disposal;

	pthread_t thread;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t given; /* a job, or the end */
	pthread_cond_t idle;  /* no job is left */
	struct job_list todo;
	struct job_list finished;
	bool working;
	bool ending;
};

/*
 * The loop is woken when the list of finished jobs stops being empty; it takes the whole list, so more is never
 * needed: under the lock the pipe holds a byte while the list holds a job, and nothing otherwise.
 */
static void finish_job(struct worker *w, struct job *job)
{
	bool wake = STAILQ_EMPTY(&w->finished);
	STAILQ_INSERT_TAIL(&w->finished, job, next);
	w->working = false;
	if (STAILQ_EMPTY(&w->todo))
		pthread_cond_signal(&w->idle);
	while (wake && write(w->wake_fd, "", 1) < 0 && errno == EINTR)
		continue;
}

static void *run_thread(void *arg)
{
	struct worker *w = arg;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job = STAILQ_FIRST(&w->todo);
		if (job) {
			STAILQ_REMOVE_HEAD(&w->todo, next);
			w->working = true;
			pthread_mutex_unlock(&w->lock);
			job->work(job);
			pthread_mutex_lock(&w->lock);
			finish_job(w, job);
		} else if (w->ending) {
			break;
		} else {
			pthread_cond_wait(&w->given, &w->lock);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void take_finished(struct worker *w)
{
	char byte;
	pthread_mutex_lock(&w->lock);
	if (!STAILQ_EMPTY(&w->finished)) {
		while (read(w->watch.fd, &byte, 1) < 0 && errno == EINTR)
			continue;
		STAILQ_CONCAT(&w->handed, &w->finished);
	}
	pthread_mutex_unlock(&w->lock);
}

/* The list is the worker's, not ours: a done that frees the worker leaves it empty, and the rest is still in order. */
static void call_done(struct worker *w)
{
	struct job *job;
	while ((job = STAILQ_FIRST(&w->handed))) {
		STAILQ_REMOVE_HEAD(&w->handed, next);
		job->done(job);
	}
}

static void ready(struct watch *watch, unsigned happened)
{
	struct worker *w = (struct worker *)((char *)watch - offsetof(struct worker, watch));
	(void)happened;
	take_finished(w);
	call_done(w);
}

static void dispose(struct disposal *d)
{
	mem_free((char *)d - offsetof(struct worker, disposal));
}

static int set_flags(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

/* pipe and not pipe2, which not every system has; nothing forks before the flags are set. */
static int open_pipe(struct worker *w)
{
	int ends[2];
	if (pipe(ends) < 0)
		return -errno;
	w->watch.fd = ends[0];
	w->wake_fd = ends[1];
	int error = set_flags(ends[0]);
	if (!error)
		error = set_flags(ends[1]);
	if (!error)
		error = loop_watch(w->loop, &w->watch, POLL_READ);
	if (error) {
		close(ends[0]);
		close(ends[1]);
	}
	return error;
}

static void close_pipe(struct worker *w)
{
	loop_watch_stop(w->loop, &w->watch);
	close(w->watch.fd);
	close(w->wake_fd);
}

/* The thread inherits a mask that lets no signal through: signals are the loop's. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	sigfillset(&all);
	int error = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (error)
		return -error;
	error = pthread_create(&w->thread, NULL, run_thread, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static void deinit_sync(struct worker *w)
{
	pthread_cond_destroy(&w->idle);
	pthread_cond_destroy(&w->given);
	pthread_mutex_destroy(&w->lock);
}

int worker_new(struct worker **out, struct loop *loop)
{
	struct worker *w = mem_zalloc(sizeof(*w));
	w->loop = loop;
	w->watch.ready = ready;
	w->disposal.dispose = dispose;
	STAILQ_INIT(&w->handed);
	STAILQ_INIT(&w->todo);
	STAILQ_INIT(&w->finished);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->given, NULL);
	pthread_cond_init(&w->idle, NULL);
	int error = open_pipe(w);
	if (!error) {
		error = start_thread(w);
		if (error)
			close_pipe(w);
	}
	if (error) {
		deinit_sync(w);
		mem_free(w);
		return error;
	}
	*out = w;
	return 0;
}

void worker_run(struct worker *w, struct job *job)
{
	pthread_mutex_lock(&w->lock);
	STAILQ_INSERT_TAIL(&w->todo, job, next);
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
}

static void wait_idle(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->working || !STAILQ_EMPTY(&w->todo))
		pthread_cond_wait(&w->idle, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

/* A done may give one more job, the next of a chain for example: it ends when all is done and nothing came after. */
static void finish_all(struct worker *w)
{
	for (;;) {
		wait_idle(w);
		take_finished(w);
		if (STAILQ_EMPTY(&w->handed))
			return;
		call_done(w);
	}
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	finish_all(w);
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	close_pipe(w);
	deinit_sync(w);
	loop_dispose(w->loop, &w->disposal);
}
