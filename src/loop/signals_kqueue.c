#include "loop/signals_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/*
 * EVFILT_SIGNAL records each attempt to deliver a signal to the process, before the kernel looks at mask and
 * disposition. So nothing but blocking is needed: a blocked signal interrupts nobody and does no default action, and
 * unlike SIG_IGN this holds for SIGCHLD too (an ignored one is not recorded, and its children leave no status).
 * What blocking leaves behind is the pending signal itself; it is taken off when its event is fetched, so that
 * neither an unblocking later nor a program that replaces this one, which inherits what is pending, meets it again.
 *
 * The set has a kqueue of its own, since the poller knows descriptors only, and a kqueue is one.
 */
static void take_pending(int signo)
{
	sigset_t pending, one;
	int got;
	sigemptyset(&one);
	sigaddset(&one, signo);
	if (sigpending(&pending) == 0 && sigismember(&pending, signo) == 1)
		(void)sigwait(&one, &got);
}

/*
 * What was pending before the filter existed is not recorded, so it is sent once more: a pending signal stays a
 * single one, but this attempt is seen.
 */
static int record_signal(int kq, int signo)
{
	struct kevent ev;
	sigset_t pending;
	memset(&ev, 0, sizeof(ev));
	ev.ident = (uintptr_t)signo;
	ev.filter = EVFILT_SIGNAL;
	ev.flags = EV_ADD;
	if (kevent(kq, &ev, 1, NULL, 0, NULL) < 0)
		return -errno;
	if (sigpending(&pending) == 0 && sigismember(&pending, signo) == 1 && kill(getpid(), signo) < 0)
		return -errno;
	return 0;
}

int signals_fd_open(const sigset_t *set)
{
	int kq = kqueue();
	if (kq < 0)
		return -errno;
	int error = fcntl(kq, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
	for (int signo = 1; signo < NSIG && !error; signo++)
		if (sigismember(set, signo) == 1)
			error = record_signal(kq, signo);
	if (!error)
		return kq;
	close(kq);
	return error;
}

int signals_fd_next(int fd)
{
	const struct timespec now = {0, 0};
	struct kevent ev;
	if (kevent(fd, NULL, 0, &ev, 1, &now) != 1 || (ev.flags & EV_ERROR))
		return 0;
	take_pending((int)ev.ident);
	return (int)ev.ident;
}
