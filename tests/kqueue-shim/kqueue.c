#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READER, WRITER, KINDS };

struct knote {
	void *udata;
	unsigned short flags; /* EV_CLEAR and EV_ONESHOT */
	bool exists;
	bool armed; /* the kernel watches: not disabled */
};

struct fd_knotes {
	struct knote of[KINDS];
};

/*
 * epoll has one entry for a descriptor, kqueue one for each filter, of which one may be edge-triggered and the other
 * not. So each filter has an epoll set of its own, and the descriptor that stands for the kqueue is an epoll set of
 * those two and the signalfd; being one it can be watched by another kqueue.
 */
struct kq {
	LIST_ENTRY(kq) next;
	int fd;
	int sets[KINDS];
	int signal_fd; /* -1 until a signal is asked for */
	sigset_t signals;
	struct knote signal_notes[NSIG];
	struct fd_knotes *fds;
	size_t nfds;
	int first; /* the kind that is collected first, in turns, so that neither starves the other */
};

struct registry {
	pthread_mutex_t lock;
	LIST_HEAD(kq_list, kq) queues;
};

static struct registry *registry(void)
{
	static struct registry all = {PTHREAD_MUTEX_INITIALIZER, LIST_HEAD_INITIALIZER(all.queues)};
	return &all;
}

static struct kq *find_queue(int fd)
{
	struct kq *q = LIST_FIRST(&registry()->queues);
	while (q && q->fd != fd)
		q = LIST_NEXT(q, next);
	return q;
}

static void free_queue(struct kq *q)
{
	int inner[] = {q->sets[READER], q->sets[WRITER], q->signal_fd};
	for (int i = 0; i < 3; i++)
		if (inner[i] >= 0)
			__real_close(inner[i]);
	free(q->fds);
	free(q);
}

static int add_inner(struct kq *q, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};
	return epoll_ctl(q->fd, EPOLL_CTL_ADD, fd, &ev);
}

static int open_sets(struct kq *q)
{
	q->fd = epoll_create1(0);
	if (q->fd < 0)
		return -1;
	for (int kind = READER; kind < KINDS; kind++) {
		q->sets[kind] = epoll_create1(EPOLL_CLOEXEC);
		if (q->sets[kind] < 0 || add_inner(q, q->sets[kind]) < 0)
			return -1;
	}
	return 0;
}

int kqueue(void)
{
	struct kq *q = calloc(1, sizeof(*q));
	if (!q)
		return -1;
	q->sets[READER] = q->sets[WRITER] = q->signal_fd = -1;
	sigemptyset(&q->signals);
	if (open_sets(q) < 0) {
		int error = errno;
		if (q->fd >= 0)
			__real_close(q->fd);
		free_queue(q);
		errno = error;
		return -1;
	}
	pthread_mutex_lock(&registry()->lock);
	LIST_INSERT_HEAD(&registry()->queues, q, next);
	pthread_mutex_unlock(&registry()->lock);
	return q->fd;
}

/* All functions that change a knote return 0 or an errno. */

static int disarm(const struct kq *q, int fd, int kind)
{
	struct knote *k = &q->fds[fd].of[kind];
	if (!k->armed)
		return 0;
	k->armed = false;
	/* ENOENT: it was closed in a way that close did not see, and the number may have a new owner. */
	return epoll_ctl(q->sets[kind], EPOLL_CTL_DEL, fd, NULL) < 0 && errno != ENOENT ? errno : 0;
}

static int arm(const struct kq *q, int fd, int kind)
{
	struct knote *k = &q->fds[fd].of[kind];
	struct epoll_event ev = {.events = kind == READER ? EPOLLIN | EPOLLRDHUP : EPOLLOUT, .data.fd = fd};
	if (k->flags & EV_CLEAR)
		ev.events |= EPOLLET;
	if (k->armed && epoll_ctl(q->sets[kind], EPOLL_CTL_MOD, fd, &ev) == 0)
		return 0;
	k->armed = epoll_ctl(q->sets[kind], EPOLL_CTL_ADD, fd, &ev) == 0;
	return k->armed ? 0 : errno;
}

static int drop_note(const struct kq *q, int fd, int kind)
{
	int error = disarm(q, fd, kind);
	q->fds[fd].of[kind] = (struct knote){0};
	return error;
}

static int grow_table(struct kq *q, size_t count)
{
	if (count <= q->nfds)
		return 0;
	size_t wanted = count + count / 2 + 16;
	struct fd_knotes *fds = calloc(wanted, sizeof(*fds));
	if (!fds)
		return ENOMEM;
	for (size_t i = 0; i < q->nfds; i++)
		fds[i] = q->fds[i];
	free(q->fds);
	q->fds = fds;
	q->nfds = wanted;
	return 0;
}

/* What add, enable, disable and their combinations leave behind: should it be armed? */
static bool take_flags(struct knote *k, const struct kevent *ev)
{
	bool arm_it = k->armed;
	if (ev->flags & EV_ADD) {
		k->exists = true;
		k->udata = ev->udata;
		k->flags = ev->flags & (EV_CLEAR | EV_ONESHOT);
	}
	if (ev->flags & (EV_ADD | EV_ENABLE))
		arm_it = true;
	if (ev->flags & EV_DISABLE)
		arm_it = false;
	return arm_it;
}

static int change_fd(struct kq *q, const struct kevent *ev, int kind)
{
	if (ev->ident > INT_MAX || fcntl((int)ev->ident, F_GETFD) < 0)
		return EBADF;
	int fd = (int)ev->ident;
	int error = grow_table(q, ev->ident + 1);
	if (error)
		return error;
	struct knote *k = &q->fds[fd].of[kind];
	if (!k->exists && !(ev->flags & EV_ADD))
		return ENOENT;
	if (ev->flags & EV_DELETE)
		return drop_note(q, fd, kind);
	bool is_new = !k->exists;
	if (!take_flags(k, ev))
		return disarm(q, fd, kind);
	error = arm(q, fd, kind);
	if (error && is_new)
		*k = (struct knote){0};
	return error;
}

static int update_signals(struct kq *q)
{
	int fd = signalfd(q->signal_fd, &q->signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return errno;
	if (q->signal_fd >= 0)
		return 0;
	q->signal_fd = fd;
	return add_inner(q, fd) < 0 ? errno : 0;
}

static int change_signal(struct kq *q, const struct kevent *ev)
{
	if (ev->ident == 0 || ev->ident >= NSIG)
		return EINVAL;
	struct knote *k = &q->signal_notes[ev->ident];
	if (!k->exists && !(ev->flags & EV_ADD))
		return ENOENT;
	if (ev->flags & EV_DELETE)
		*k = (struct knote){0};
	else
		k->armed = take_flags(k, ev);
	if (k->armed)
		sigaddset(&q->signals, (int)ev->ident);
	else
		sigdelset(&q->signals, (int)ev->ident);
	return update_signals(q);
}

static int change(struct kq *q, const struct kevent *ev)
{
	switch (ev->filter) {
	case EVFILT_READ:
		return change_fd(q, ev, READER);
	case EVFILT_WRITE:
		return change_fd(q, ev, WRITER);
	case EVFILT_SIGNAL:
		return change_signal(q, ev);
	default:
		return EINVAL;
	}
}

/* Results of changes, errors or receipts, go into events; without room the first error ends it. */
static int change_all(struct kq *q, const struct kevent *changes, int nchanges, struct kevent *events, int nevents)
{
	int n = 0;
	for (int i = 0; i < nchanges; i++) {
		int error = change(q, &changes[i]);
		if (!error && !(changes[i].flags & EV_RECEIPT))
			continue;
		if (n < nevents) {
			events[n] = changes[i];
			events[n].flags = EV_ERROR;
			events[n++].data = error;
		} else if (error) {
			errno = error;
			return -1;
		}
	}
	return n;
}

/* How much can be read, or written at least; for what has no such number, "some". */
static int64_t amount(int fd, int kind)
{
	int size = 0, used = 0;
	socklen_t len = sizeof(size);
	if (kind == READER)
		return ioctl(fd, FIONREAD, &size) == 0 ? size : 1;
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 && ioctl(fd, TIOCOUTQ, &used) == 0 && size > used)
		return size - used;
	return PIPE_BUF;
}

/* The error itself stays with the socket: asking for it would take it away from the one who is told of it here. */
static struct kevent from_epoll(const struct knote *k, const struct epoll_event *ev, int kind)
{
	struct kevent out = {
		.ident = (uintptr_t)ev->data.fd,
		.filter = kind == READER ? EVFILT_READ : EVFILT_WRITE,
		.flags = k->flags,
		.fflags = ev->events & EPOLLERR ? ECONNRESET : 0,
		.data = amount(ev->data.fd, kind),
		.udata = k->udata,
	};
	unsigned end = kind == READER ? EPOLLRDHUP | EPOLLHUP : EPOLLERR | EPOLLHUP;
	if (ev->events & end)
		out.flags |= EV_EOF;
	return out;
}

static int collect_fds(struct kq *q, int kind, struct kevent *events, int room)
{
	struct epoll_event got[64];
	int n = room > 0 ? epoll_wait(q->sets[kind], got, room < 64 ? room : 64, 0) : 0;
	for (int i = 0; i < n; i++) {
		int fd = got[i].data.fd;
		struct knote *k = &q->fds[fd].of[kind];
		events[i] = from_epoll(k, &got[i], kind);
		if (k->flags & EV_ONESHOT)
			drop_note(q, fd, kind);
	}
	return n > 0 ? n : 0;
}

static int collect_signals(struct kq *q, struct kevent *events, int room)
{
	struct signalfd_siginfo info;
	int n = 0;
	while (q->signal_fd >= 0 && n < room && read(q->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		struct knote *k = &q->signal_notes[info.ssi_signo];
		EV_SET(&events[n++], info.ssi_signo, EVFILT_SIGNAL, k->flags | EV_CLEAR, 0, 1, k->udata);
		if (k->flags & EV_ONESHOT) {
			struct kevent gone = {.ident = info.ssi_signo, .filter = EVFILT_SIGNAL, .flags = EV_DELETE};
			change_signal(q, &gone);
		}
	}
	return n;
}

static int collect(struct kq *q, struct kevent *events, int room)
{
	int n = collect_signals(q, events, room);
	n += collect_fds(q, q->first, events + n, room - n);
	n += collect_fds(q, !q->first, events + n, room - n);
	q->first = !q->first;
	return n;
}

static int64_t now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* -1: for ever */
static int ms_left(int64_t deadline_ns)
{
	if (deadline_ns < 0)
		return -1;
	int64_t left = deadline_ns - now_ns();
	if (left <= 0)
		return 0;
	left = (left + 999999) / 1000000;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int kevent(int kq, const struct kevent *changes, int nchanges, struct kevent *events, int nevents,
	   const struct timespec *timeout)
{
	int64_t deadline_ns = timeout ? now_ns() + (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec : -1;
	pthread_mutex_lock(&registry()->lock);
	struct kq *q = find_queue(kq);
	int n = q ? change_all(q, changes, nchanges, events, nevents) : -1;
	pthread_mutex_unlock(&registry()->lock);
	if (!q)
		errno = EBADF;
	if (n != 0 || nevents == 0)
		return n;
	for (;;) {
		struct epoll_event any;
		int ms = ms_left(deadline_ns);
		if (epoll_wait(q->fd, &any, 1, ms) < 0)
			return -1;
		pthread_mutex_lock(&registry()->lock);
		n = collect(q, events, nevents);
		pthread_mutex_unlock(&registry()->lock);
		if (n > 0 || ms == 0)
			return n;
	}
}

static void forget_fd(struct kq *q, int fd)
{
	for (int kind = READER; fd >= 0 && (size_t)fd < q->nfds && kind < KINDS; kind++)
		if (q->fds[fd].of[kind].exists)
			drop_note(q, fd, kind);
}

int __wrap_close(int fd)
{
	struct kq *q;
	pthread_mutex_lock(&registry()->lock);
	for (q = LIST_FIRST(&registry()->queues); q; q = LIST_NEXT(q, next))
		forget_fd(q, fd);
	q = find_queue(fd);
	if (q) {
		LIST_REMOVE(q, next);
		free_queue(q);
	}
	pthread_mutex_unlock(&registry()->lock);
	return __real_close(fd);
}
