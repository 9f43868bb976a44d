#include "loop/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { BATCH = 256, SLOTS = 2 * BATCH };

struct poller {
	int fd;
};

const char *poller_name(void)
{
	return "kqueue";
}

int poller_new(struct poller **out)
{
	int fd = kqueue();
	if (fd < 0)
		return -errno;
	/* A child never inherits a kqueue, but a program that replaces this one would. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	struct poller *p = mem_alloc(sizeof(*p));
	p->fd = fd;
	*out = p;
	return 0;
}

void poller_free(struct poller *p)
{
	if (!p)
		return;
	close(p->fd);
	mem_free(p);
}

/* The one place that knows udata: void * nearly everywhere, intptr_t on NetBSD before 10. */
static void set_data(struct kevent *ev, void *data)
{
	ev->udata = (__typeof__(ev->udata))(intptr_t)data;
}

static void *get_data(const struct kevent *ev)
{
	return (void *)(intptr_t)ev->udata;
}

static void set_change(struct kevent *ev, int fd, unsigned event, bool add, void *data)
{
	memset(ev, 0, sizeof(*ev));
	ev->ident = (uintptr_t)fd;
	ev->filter = event == POLL_READ ? EVFILT_READ : EVFILT_WRITE;
	ev->flags = add ? EV_ADD : EV_DELETE;
	set_data(ev, data);
}

/* Takes back what a change that failed half-way may have added. */
static void undo(struct poller *p, int fd, unsigned added)
{
	struct kevent ev;
	for (unsigned event = POLL_READ; event <= POLL_WRITE; event <<= 1) {
		if (!(added & event))
			continue;
		set_change(&ev, fd, event, false, NULL);
		(void)kevent(p->fd, &ev, 1, NULL, 0, NULL);
	}
}

/*
 * Without room for results kevent stops at the first change that fails and says why in errno. Additions go first:
 * only they can fail for want of memory, and they can be undone.
 */
int poller_want(struct poller *p, int fd, unsigned had, unsigned want, void *data)
{
	struct kevent changes[2];
	int n = 0;
	for (unsigned event = POLL_READ; event <= POLL_WRITE; event <<= 1)
		if (want & event)
			set_change(&changes[n++], fd, event, true, data);
	for (unsigned event = POLL_READ; event <= POLL_WRITE; event <<= 1)
		if (had & ~want & event)
			set_change(&changes[n++], fd, event, false, data);
	if (n == 0 || kevent(p->fd, changes, n, NULL, 0, NULL) == 0)
		return 0;
	int error = -errno;
	undo(p, fd, want & ~had);
	return error;
}

/*
 * EV_EOF of the reading filter is only the peer's half of the connection, and bytes may still wait in front of it:
 * that is something to read. The writing filter's, or an error with either, is the whole connection.
 */
static unsigned happened_in(const struct kevent *ev)
{
	if (ev->flags & EV_ERROR)
		return POLL_HANGUP;
	bool eof = ev->flags & EV_EOF;
	if (ev->filter == EVFILT_READ)
		return POLL_READ | (eof && ev->fflags != 0 && ev->data == 0 ? POLL_HANGUP : 0);
	return POLL_WRITE | (eof ? POLL_HANGUP : 0);
}

/*
 * The kernel reports each filter by itself. A small table from descriptor to place in the batch brings both of a
 * descriptor into one event.
 */
static int merge(const struct kevent *got, int n, struct poll_event *events)
{
	uint16_t slots[SLOTS] = {0}; /* 1 + index into got of the first of a descriptor, 0: none */
	uint16_t place[BATCH];
	int count = 0;
	for (int i = 0; i < n; i++) {
		unsigned at = (unsigned)got[i].ident % SLOTS;
		while (slots[at] && got[slots[at] - 1].ident != got[i].ident)
			at = (at + 1) % SLOTS;
		if (!slots[at]) {
			slots[at] = (uint16_t)(i + 1);
			place[i] = (uint16_t)count;
			events[count++] = (struct poll_event){get_data(&got[i]), 0};
		}
		events[place[slots[at] - 1]].happened |= happened_in(&got[i]);
	}
	return count;
}

int poller_wait(struct poller *p, struct poll_event *events, int max, int64_t timeout_ms)
{
	struct kevent got[BATCH];
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	struct timespec ts = {.tv_sec = (time_t)(timeout_ms / 1000), .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
	int n = kevent(p->fd, NULL, 0, got, max < BATCH ? max : BATCH, timeout_ms < 0 ? NULL : &ts);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return merge(got, n, events);
}
