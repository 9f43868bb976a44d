#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/poller.h"
#include "net/listen_socket.h"

enum {
	ACCEPT_MAX = 64, /* connections in one turn */
	REST_MS = 1000,  /* after accept(2) failed for want of something */
	LOG_MS = 60000,
};

struct listener {
	struct watch watch;
	struct loop *loop;
	struct address address;
	unsigned doors;
	bool adopted;
	bool started;
	bool resting;
	bool freed;
	int spare; /* a descriptor kept for the time when there is none; -1 when it could not be had */
	struct timer rest;
	int64_t logged_ms; /* when the last failure was logged, 0: never */
	listener_accept_fn accept;
	void *ctx;
	struct disposal disposal;
	dev_t path_dev; /* the socket file, while it is ours to unlink */
	ino_t path_ino; /* 0: none */
};

/* Accepting */

static void log_failed(const struct listener *l, int error)
{
	char text[ADDRESS_TEXT_MAX];
	address_format(&l->address, text);
	log_event(EVENT_ACCEPT_FAILED, LOG_FIELDS({"CHATD_LISTENER", text}, {"CHATD_REASON", strerror(error)}),
		  "cannot accept connections on %s for now: %s", text, strerror(error));
}

/* What cannot be watched for now is tried again. */
static void update_watch(struct listener *l)
{
	int error = loop_watch(l->loop, &l->watch, l->started && !l->resting ? POLL_READ : 0);
	if (!error)
		return;
	log_failed(l, -error);
	l->resting = true;
	loop_timer_set(l->loop, &l->rest, loop_clock(l->loop)->mono_ms + REST_MS);
}

static void rested(struct timer *t)
{
	struct listener *l = (struct listener *)((char *)t - offsetof(struct listener, rest));
	l->resting = false;
	update_watch(l);
}

static void log_failure(struct listener *l, int error)
{
	int64_t now_ms = loop_clock(l->loop)->mono_ms;
	if (l->logged_ms && now_ms - l->logged_ms < LOG_MS)
		return;
	l->logged_ms = now_ms;
	log_failed(l, error);
}

static int spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * The connection stays ready for as long as it waits in the kernel's queue, so without a rest the loop would spin. The
 * one in front is told by being closed; the others keep their place.
 */
static void rest(struct listener *l, int error)
{
	log_failure(l, error);
	if (l->spare >= 0) {
		close(l->spare);
		int fd = accept4(l->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
	}
	l->spare = spare_open();
	l->resting = true;
	update_watch(l);
	loop_timer_set(l->loop, &l->rest, loop_clock(l->loop)->mono_ms + REST_MS);
}

/* accept(2) also passes on errors of the connection that it would have returned: the next one may be well. */
static bool is_passing(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENOPROTOOPT:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

/* False: none is left, or this is no time for more. */
static bool accept_one(struct listener *l)
{
	struct address peer = {.len = sizeof(peer.ss)};
	int fd = accept4(l->watch.fd, (struct sockaddr *)&peer.ss, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		int error = errno;
		if (is_passing(error))
			return true;
		if (error != EAGAIN && error != EWOULDBLOCK)
			rest(l, error);
		return false;
	}
	l->accept(l->ctx, l, fd, &peer);
	return l->started && !l->freed;
}

static void listener_ready(struct watch *w, unsigned happened)
{
	struct listener *l = (struct listener *)((char *)w - offsetof(struct listener, watch));
	(void)happened;
	for (int i = 0; i < ACCEPT_MAX; i++)
		if (!accept_one(l))
			break;
}

/* Opening and closing */

static struct listener *listener_new(struct loop *loop, int fd, unsigned doors)
{
	struct listener *l = mem_zalloc(sizeof(*l));
	l->watch = (struct watch){.ready = listener_ready, .fd = fd};
	l->rest.due = rested;
	l->loop = loop;
	l->doors = doors;
	l->spare = spare_open();
	l->address.len = sizeof(l->address.ss);
	if (getsockname(fd, (struct sockaddr *)&l->address.ss, &l->address.len) < 0)
		l->address.len = 0;
	return l;
}

static const char *path_of(const struct listener *l)
{
	return ((const struct sockaddr_un *)&l->address.ss)->sun_path;
}

static void own_path(struct listener *l)
{
	struct stat st;
	if (!address_is_unix(&l->address) || lstat(path_of(l), &st) < 0)
		return;
	l->path_dev = st.st_dev;
	l->path_ino = st.st_ino;
}

void listener_leave(struct listener *l)
{
	l->path_ino = 0;
}

int listener_open(struct listener **out, struct loop *loop, const struct endpoint *e, char *why, size_t size)
{
	int fd = listen_socket_open(e, &(struct complaint){why, size});
	if (fd < 0)
		return fd;
	*out = listener_new(loop, fd, e->doors);
	own_path(*out);
	return 0;
}

int listener_adopt(struct listener **out, struct loop *loop, const struct handed_socket *h, char *why, size_t size)
{
	const struct complaint to = {why, size};
	const int fd = h->fd;
	int error = listen_socket_check(fd, &to);
	if (error)
		return error;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return complain(&to, -errno, "cannot set up descriptor %d: %s", fd, strerror(errno));
	*out = listener_new(loop, fd, h->doors);
	(*out)->adopted = !h->own;
	if (h->own)
		own_path(*out);
	return 0;
}

/* Another process may have put its own socket at the path meanwhile: that one stays. */
static void unlink_path(const struct listener *l)
{
	struct stat st;
	if (l->path_ino && lstat(path_of(l), &st) == 0 && st.st_dev == l->path_dev && st.st_ino == l->path_ino)
		unlink(path_of(l));
}

static void release(struct disposal *d)
{
	mem_free((char *)d - offsetof(struct listener, disposal));
}

void listener_free(struct listener *l)
{
	if (!l || l->freed)
		return;
	l->freed = true;
	loop_watch_stop(l->loop, &l->watch);
	loop_timer_stop(l->loop, &l->rest);
	unlink_path(l);
	close(l->watch.fd);
	if (l->spare >= 0)
		close(l->spare);
	l->disposal.dispose = release;
	loop_dispose(l->loop, &l->disposal);
}

void listener_start(struct listener *l, listener_accept_fn accept, void *ctx)
{
	l->accept = accept;
	l->ctx = ctx;
	l->started = true;
	update_watch(l);
}

void listener_pause(struct listener *l)
{
	l->started = false;
	update_watch(l);
}

const struct address *listener_address(const struct listener *l)
{
	return &l->address;
}

unsigned listener_doors(const struct listener *l)
{
	return l->doors;
}

void listener_set_doors(struct listener *l, unsigned doors)
{
	l->doors = doors;
}

int listener_fd(const struct listener *l)
{
	return l->watch.fd;
}

bool listener_is_adopted(const struct listener *l)
{
	return l->adopted;
}
