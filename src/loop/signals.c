#include "loop/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/poller.h"
#include "loop/signals_fd.h"

struct signals {
	struct watch watch;
	struct loop *loop;
	void (*handler)(void *ctx, int signo);
	void *ctx;
	sigset_t blocked; /* by us: those that were not before */
	bool any;         /* of those */
	struct disposal disposal;
};

static void ready(struct watch *w, unsigned happened)
{
	struct signals *s = (struct signals *)((char *)w - offsetof(struct signals, watch));
	int signo;
	(void)happened;
	/* A handler may have called signals_free: the memory is there until the turn ends, the descriptor is not. */
	while (w->want && (signo = signals_fd_next(w->fd)) > 0)
		s->handler(s->ctx, signo);
}

static void dispose(struct disposal *d)
{
	mem_free((char *)d - offsetof(struct signals, disposal));
}

/* Blocks the set and keeps in s->blocked what this changed. */
static int block(struct signals *s, const int *signos, sigset_t *set)
{
	sigset_t before;
	sigemptyset(set);
	sigemptyset(&s->blocked);
	for (int i = 0; signos[i]; i++)
		if (sigaddset(set, signos[i]) < 0)
			return -errno;
	int error = pthread_sigmask(SIG_BLOCK, set, &before);
	if (error)
		return -error;
	for (int i = 0; signos[i]; i++)
		if (sigismember(&before, signos[i]) == 0) {
			sigaddset(&s->blocked, signos[i]);
			s->any = true;
		}
	return 0;
}

static int open_watch(struct signals *s, const sigset_t *set)
{
	s->watch.fd = signals_fd_open(set);
	if (s->watch.fd < 0)
		return s->watch.fd;
	int error = loop_watch(s->loop, &s->watch, POLL_READ);
	if (error)
		close(s->watch.fd);
	return error;
}

int signals_new(struct signals **out, struct loop *loop, const int *signos, void (*handler)(void *ctx, int signo),
		void *ctx)
{
	struct signals *s = mem_zalloc(sizeof(*s));
	sigset_t set;
	s->watch.ready = ready;
	s->disposal.dispose = dispose;
	s->loop = loop;
	s->handler = handler;
	s->ctx = ctx;
	int error = block(s, signos, &set);
	if (!error)
		error = open_watch(s, &set);
	if (error) {
		pthread_sigmask(SIG_UNBLOCK, &s->blocked, NULL);
		mem_free(s);
		return error;
	}
	*out = s;
	return 0;
}

void signals_free(struct signals *s)
{
	if (!s)
		return;
	loop_watch_stop(s->loop, &s->watch);
	/* One that still waits would otherwise do its default, most often kill, as soon as it is unblocked. */
	while (s->any && signals_fd_next(s->watch.fd) > 0)
		continue;
	close(s->watch.fd);
	pthread_sigmask(SIG_UNBLOCK, &s->blocked, NULL);
	loop_dispose(s->loop, &s->disposal);
}
