#include "chatctl/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

enum { PATIENCE_MS = 60000, LINE_BYTES_MAX = 16 << 20, READ_BYTES = 64 << 10, FDS_MAX = 16 };

struct talk {
	int fd;
	char *bytes;
	size_t n, cap;
	size_t taken; /* the front of bytes that was handed out */
	int fds[FDS_MAX]; /* that came and were not taken */
	size_t nfds;
};

static int fail(int code, const char *what, const char *why)
{
	fprintf(stderr, "chatctl: %s: %s\n", what, why);
	return code;
}

static int fail_connect(const char *path, int error)
{
	if (error == ENOENT || error == ECONNREFUSED)
		return fail(EX_UNAVAILABLE, path, "no server listens here");
	return fail(error == EACCES || error == EPERM ? EX_NOPERM : EX_OSERR, path, strerror(error));
}

int talk_open(struct talk **out, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct talk *t;
	int fd;

	if (strlcpy(un.sun_path, path, sizeof(un.sun_path)) >= sizeof(un.sun_path))
		return fail(EX_USAGE, path, "the path of the socket is too long");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(EX_OSERR, "socket", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) < 0) {
		int error = errno;

		close(fd);
		return fail_connect(path, error);
	}
	t = mem_zalloc(sizeof(*t));
	t->fd = fd;
	*out = t;
	return EX_OK;
}

void talk_close(struct talk *t)
{
	if (!t)
		return;
	while (t->nfds)
		close(talk_take_fd(t));
	close(t->fd);
	mem_free(t->bytes);
	mem_free(t);
}

/* A server that refuses may be quicker than the request: its answer is still to be read. */
int talk_ask(struct talk *t, const char *line)
{
	size_t n = strlen(line);
	char *text = mem_alloc(n + 2);
	ssize_t sent;

	memcpy(text, line, n);
	memcpy(text + n, "\n", 2);
	sent = send(t->fd, text, n + 1, MSG_NOSIGNAL);
	mem_free(text);
	if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
		return fail(EX_IOERR, "the server", strerror(errno));
	return EX_OK;
}

int talk_take_fd(struct talk *t)
{
	int fd = t->nfds ? t->fds[0] : -1;

	if (t->nfds)
		memmove(t->fds, t->fds + 1, --t->nfds * sizeof(*t->fds));
	return fd;
}

static void keep_fds(struct talk *t, struct msghdr *msg)
{
	struct cmsghdr *head;
	int fd;

	for (head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
		if (t->nfds < FDS_MAX)
			t->fds[t->nfds++] = fd;
		else
			close(fd);
	}
}

/* Descriptors come one at a time, each with the first byte of its line. */
static ssize_t receive(struct talk *t)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {t->bytes + t->n, READ_BYTES};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	ssize_t n;

	msg.msg_controllen = sizeof(control.room);
	n = recvmsg(t->fd, &msg, MSG_CMSG_CLOEXEC);
	if (n >= 0)
		keep_fds(t, &msg);
	return n;
}

/* Reads some more. 1; 0 at the end; -errno. */
static int read_more(struct talk *t)
{
	struct pollfd pfd = {.fd = t->fd, .events = POLLIN};
	ssize_t n;
	int ready;

	do
		ready = poll(&pfd, 1, PATIENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready == 0 ? -ETIMEDOUT : -errno;
	if (t->cap - t->n < READ_BYTES) {
		t->cap = t->cap * 2 + READ_BYTES;
		t->bytes = mem_realloc(t->bytes, t->cap);
	}
	n = receive(t);
	if (n < 0)
		return -errno;
	t->n += (size_t)n;
	return n > 0;
}

static void move_to_front(struct talk *t)
{
	t->n -= t->taken;
	if (t->taken)
		memmove(t->bytes, t->bytes + t->taken, t->n);
	t->taken = 0;
}

/* The end of the first line that was not handed out. NULL: more must be read. */
static char *find_end(const struct talk *t, size_t searched)
{
	size_t from = t->taken + searched;

	return t->n > from ? memchr(t->bytes + from, '\n', t->n - from) : NULL;
}

char *talk_next(struct talk *t, int *code)
{
	size_t searched = 0;
	char *end, *line;
	int got;

	while (!(end = find_end(t, searched))) {
		move_to_front(t);
		searched = t->n;
		got = t->n > LINE_BYTES_MAX ? -EMSGSIZE : read_more(t);
		if (got > 0)
			continue;
		*code = fail(EX_IOERR, "the server", got < 0 ? strerror(-got) : "it closed the connection");
		return NULL;
	}
	*end = '\0';
	line = t->bytes + t->taken;
	t->taken = (size_t)(end - t->bytes) + 1;
	return line;
}

int talk_await_end(struct talk *t)
{
	int got;

	do {
		t->n = t->taken = 0;
		got = read_more(t);
	} while (got > 0);
	return got == 0 || got == -ECONNRESET ? EX_OK
					      : fail(EX_TEMPFAIL, "the server has not ended yet", strerror(-got));
}
