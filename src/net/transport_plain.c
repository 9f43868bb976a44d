#include "net/transport.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"

static ssize_t plain_read(struct transport *t, struct iovec *iov, int iovcnt)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)iovcnt};
	ssize_t n;
	do
		n = iovcnt == 1 ? recv(t->fd, iov->iov_base, iov->iov_len, 0) : recvmsg(t->fd, &msg, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

static ssize_t plain_write(struct transport *t, struct iovec *iov, int iovcnt)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)iovcnt};
	ssize_t n;
	do
		n = iovcnt == 1 ? send(t->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
				: sendmsg(t->fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

static int plain_shutdown(struct transport *t)
{
	return shutdown(t->fd, SHUT_WR) < 0 ? -errno : 0;
}

static unsigned plain_wants(const struct transport *t)
{
	(void)t;
	return 0;
}

static void plain_free(struct transport *t)
{
	close(t->fd);
	t->fd = -1;
}

static bool plain_save(const struct transport *t, struct wire_out *out)
{
	(void)t;
	if (out)
		wire_put_u8(out, TRANSPORT_PLAIN);
	return true;
}

static const struct transport_ops plain_ops = {
	.read = plain_read,
	.write = plain_write,
	.shutdown = plain_shutdown,
	.wants = plain_wants,
	.free = plain_free,
	.save = plain_save,
};

void transport_plain_init(struct transport *t, int fd)
{
	*t = (struct transport){.ops = &plain_ops, .fd = fd};
}
