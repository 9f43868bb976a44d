#include <errno.h>
#include <linux/tls.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "loop/poller.h"
#include "net/tls_internal.h"

/*
 * The kernel does the records (Documentation/networking/tls.rst): data is read and written as on any socket, and a
 * record of another kind comes alone, with a control message that says which.
 */
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

enum { RECORD_ALERT = 21, RECORD_DATA = 23, ALERT_WARNING = 1, ALERT_FATAL = 2, CLOSE_NOTIFY = 0, UNEXPECTED = 10 };

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(unsigned char))];
};

static int record_kind(struct msghdr *msg)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(msg);

	if (head && head->cmsg_level == SOL_TLS && head->cmsg_type == TLS_GET_RECORD_TYPE)
		return *CMSG_DATA(head);
	return RECORD_DATA;
}

/* 0 or -errno. */
static int send_alert(int fd, unsigned char level, unsigned char what)
{
	union control control = {.room = {0}};
	unsigned char alert[2] = {level, what};
	struct iovec iov = {alert, sizeof(alert)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *head;

	msg.msg_controllen = sizeof(control.room);
	head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_TLS;
	head->cmsg_type = TLS_SET_RECORD_TYPE;
	head->cmsg_len = CMSG_LEN(sizeof(unsigned char));
	*CMSG_DATA(head) = RECORD_ALERT;
	if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

/* Of two or more that were read. The room of a ring may break behind the first. */
static unsigned char second_byte(const struct iovec *iov)
{
	if (iov[0].iov_len > 1)
		return ((const unsigned char *)iov[0].iov_base)[1];
	return ((const unsigned char *)iov[1].iov_base)[0];
}

/*
 * An alert ends it, well or not. A handshake message asks for new keys, which the kernel cannot take for us: it is told
 * so and ended, as no client does that to a chat.
 */
static ssize_t other_record(int fd, int kind, const struct iovec *iov, ssize_t n)
{
	if (kind == RECORD_ALERT)
		return n >= 2 && second_byte(iov) == CLOSE_NOTIFY ? 0 : -ECONNRESET;
	/* Where it does not fit, the peer sees the end alone. */
	(void)send_alert(fd, ALERT_FATAL, UNEXPECTED);
	return -EPROTO;
}

static ssize_t ktls_read(struct transport *t, struct iovec *iov, int iovcnt)
{
	union control control;
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)iovcnt, .msg_control = &control};
	ssize_t n;
	int kind;

	do {
		msg.msg_controllen = sizeof(control.room);
		n = recvmsg(t->fd, &msg, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	kind = record_kind(&msg);
	return n == 0 || kind == RECORD_DATA ? n : other_record(t->fd, kind, iov, n);
}

static ssize_t ktls_write(struct transport *t, struct iovec *iov, int iovcnt)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)iovcnt};
	ssize_t n;

	do
		n = sendmsg(t->fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

/*
 * What is in the socket's buffer still leaves, and close_notify behind it: without that one the peer must take what it
 * has for cut off. Where it does not fit, it waits for the peer to read; state says so.
 */
static int ktls_shutdown(struct transport *t)
{
	t->state = send_alert(t->fd, ALERT_WARNING, CLOSE_NOTIFY) == -EAGAIN ? t : NULL;
	if (t->state)
		return -EAGAIN;
	return shutdown(t->fd, SHUT_WR) < 0 ? -errno : 0;
}

static unsigned ktls_wants(const struct transport *t)
{
	return t->state ? POLL_WRITE : 0;
}

static void ktls_free(struct transport *t)
{
	close(t->fd);
	t->fd = -1;
}

/* The keys are the kernel's: the descriptor is all that goes. */
static bool ktls_save(const struct transport *t, struct wire_out *out)
{
	(void)t;
	if (out)
		wire_put_u8(out, TRANSPORT_KTLS);
	return true;
}

static const struct transport_ops ktls_ops = {
	.read = ktls_read,
	.write = ktls_write,
	.shutdown = ktls_shutdown,
	.wants = ktls_wants,
	.free = ktls_free,
	.save = ktls_save,
};

void transport_ktls_init(struct transport *t, int fd)
{
	*t = (struct transport){.ops = &ktls_ops, .fd = fd};
}
