#include "loop/poller.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"

enum { BATCH = 256, TAG = POLL_READ | POLL_WRITE };

struct poller {
	int fd;
};

const char *poller_name(void)
{
	return "epoll";
}

int poller_new(struct poller **out)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return -errno;
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

/*
 * The kernel reports errors and hang-ups whether asked or not, and then without saying that a read or a write would
 * return at once. What is wanted travels in the two low bits of the pointer, so that such an event becomes the one
 * that is waited for.
 */
int poller_want(struct poller *p, int fd, unsigned had, unsigned want, void *data)
{
	assert(((uintptr_t)data & TAG) == 0);
	struct epoll_event ev = {.data.u64 = (uintptr_t)data | (want & TAG)};
	if (want & POLL_READ)
		ev.events |= EPOLLIN;
	if (want & POLL_WRITE)
		ev.events |= EPOLLOUT;
	if (!had && !want)
		return 0;
	int op = !had ? EPOLL_CTL_ADD : want ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
	return epoll_ctl(p->fd, op, fd, &ev) < 0 ? -errno : 0;
}

static struct poll_event from_kernel(const struct epoll_event *ev)
{
	unsigned want = (unsigned)ev->data.u64 & TAG;
	unsigned happened = 0;
	if (ev->events & EPOLLIN)
		happened |= POLL_READ;
	if (ev->events & EPOLLOUT)
		happened |= POLL_WRITE;
	if (ev->events & (EPOLLHUP | EPOLLERR))
		happened |= POLL_HANGUP | want;
	return (struct poll_event){(void *)(uintptr_t)(ev->data.u64 & ~(uint64_t)TAG), happened};
}

int poller_wait(struct poller *p, struct poll_event *events, int max, int64_t timeout_ms)
{
	struct epoll_event got[BATCH];
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	int n = epoll_wait(p->fd, got, max < BATCH ? max : BATCH, timeout_ms < 0 ? -1 : (int)timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		events[i] = from_kernel(&got[i]);
	return n;
}
