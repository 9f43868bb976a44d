#include "chatd/handoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "chatd/handoff_format.h"
#include "chatd/socket_id.h"
#include "chatd/state_file.h"

enum { FIRST_ROOM = 64 };

struct handoff_out {
	struct wire_out state;
	uint64_t id;
	int64_t time;
	int *fds; /* the caller's */
	uint32_t nfds, room;
	int carriers[HANDOFF_CARRIERS_MAX]; /* the file, then the pairs: the end that holds the messages first */
	size_t ncarriers;
};

struct handoff_out *handoff_new(void)
{
	struct handoff_out *h = mem_zalloc(sizeof(*h));

	wire_init(&h->state);
	arc4random_buf(&h->id, sizeof(h->id));
	h->time = clock_mono_us();
	return h;
}

void handoff_release(struct handoff_out *h)
{
	if (!h)
		return;
	wire_deinit(&h->state);
	mem_free(h->fds);
	mem_free(h);
}

void handoff_free(struct handoff_out *h)
{
	for (size_t i = 0; h && i < h->ncarriers; i++)
		close(h->carriers[i]);
	handoff_release(h);
}

struct wire_out *handoff_state(struct handoff_out *h)
{
	return &h->state;
}

uint32_t handoff_add(struct handoff_out *h, int fd)
{
	if (h->nfds == h->room) {
		h->room = h->room ? h->room * 2 : FIRST_ROOM;
		h->fds = mem_realloc(h->fds, h->room * sizeof(*h->fds));
	}
	h->fds[h->nfds] = fd;
	return h->nfds++;
}

static int write_all(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return 0;
}

static void write_body(const struct handoff_out *h, struct wire_out *body)
{
	size_t begun = wire_begin(body);

	for (uint32_t i = 0; i < h->nfds; i++)
		wire_put_u64(body, socket_id(h->fds[i]));
	wire_end(body, begun);
	wire_put_str(body, buf_view(&h->state.buf));
}

static int write_file(const struct handoff_out *h, int fd, struct str body)
{
	const struct handoff_head head = {
		.version = HANDOFF_VERSION,
		.needs = HANDOFF_NEEDS,
		.id = h->id,
		.time = h->time,
		.body_size = body.n,
		.body_hash = handoff_hash(body),
	};
	char bytes[HANDOFF_HEAD_SIZE];
	int err;

	handoff_head_write(bytes, &head);
	err = write_all(fd, (struct str){bytes, sizeof(bytes)});
	return err < 0 ? err : write_all(fd, body);
}

static int make_file(struct handoff_out *h)
{
	struct wire_out body;
	int err = state_file_open();

	if (err < 0)
		return err;
	h->carriers[h->ncarriers++] = err;
	wire_init(&body);
	write_body(h, &body);
	err = h->state.buf.full || body.buf.full ? -ENOMEM : write_file(h, h->carriers[0], buf_view(&body.buf));
	wire_deinit(&body);
	return err;
}

static int add_pair(struct handoff_out *h)
{
	int ends[2];

	if (h->ncarriers + 2 > HANDOFF_CARRIERS_MAX)
		return -ENOBUFS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	h->carriers[h->ncarriers++] = ends[0];
	h->carriers[h->ncarriers++] = ends[1];
	return 0;
}

/* Into the newest pair. -EAGAIN: it is full. */
static int queue_batch(const struct handoff_out *h, uint32_t first, uint32_t count)
{
	union {
		char bytes[CMSG_SPACE(HANDOFF_BATCH * sizeof(int))];
		struct cmsghdr aligned;
	} control = {{0}};
	char text[HANDOFF_MESSAGE_SIZE];
	struct iovec iov = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	handoff_message_write(text, &(struct handoff_message){h->id, first, count});
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), h->fds + first, count * sizeof(int));
	if (sendmsg(h->carriers[h->ncarriers - 1], &msg, MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EWOULDBLOCK || errno == ENOBUFS ? -EAGAIN : -errno;
}

static int queue_all(struct handoff_out *h)
{
	int err = add_pair(h);

	for (uint32_t at = 0; err == 0 && at < h->nfds;) {
		uint32_t count = h->nfds - at < HANDOFF_BATCH ? h->nfds - at : HANDOFF_BATCH;

		err = queue_batch(h, at, count);
		if (err == 0)
			at += count;
		else if (err == -EAGAIN)
			err = add_pair(h);
	}
	return err;
}

int handoff_seal(struct handoff_out *h)
{
	int err = make_file(h);

	return err < 0 ? err : queue_all(h);
}

size_t handoff_carriers(const struct handoff_out *h, int fds[HANDOFF_CARRIERS_MAX])
{
	memcpy(fds, h->carriers, h->ncarriers * sizeof(*fds));
	return h->ncarriers;
}
