#include "chatd/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/handoff_format.h"
#include "chatd/socket_id.h"

enum { RESERVE = 64 };

struct handoff_in {
	char *file;
	size_t size;
	struct handoff_head head;
	struct str state;
	struct wire_in ids; /* what the sockets must be, by number */
	uint32_t count, placed;
	int *fds; /* by number; HANDOFF_NONE: did not come, or was taken */
};

void handoff_close(struct handoff_in *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; h->fds && i < h->count; i++)
		if (h->fds[i] != HANDOFF_NONE)
			close(h->fds[i]);
	if (h->file)
		explicit_bzero(h->file, h->size);
	mem_free(h->file);
	mem_free(h->fds);
	mem_free(h);
}

/* The file */

static int say(char *why, size_t size, int err, const char *text)
{
	snprintf(why, size, "%s", text);
	return err;
}

static bool read_all(struct handoff_in *h, int fd)
{
	size_t at = 0;

	while (at < h->size) {
		ssize_t n = pread(fd, h->file + at, h->size - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Opens the parts, once the head says that this version can. */
static bool open_body(struct handoff_in *h)
{
	struct str body = {h->file + HANDOFF_HEAD_SIZE, h->size - HANDOFF_HEAD_SIZE};
	struct wire_in in = wire_read(body);

	if (h->head.body_size != body.n || handoff_hash(body) != h->head.body_hash)
		return false;
	h->ids = wire_section(&in);
	h->state = wire_str(&in);
	h->count = (uint32_t)(h->ids.rest.n / sizeof(uint64_t));
	return !in.bad;
}

static int open_file(struct handoff_in *h, int fd, char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return say(why, size, -errno, strerror(errno));
	if (st.st_size < HANDOFF_HEAD_SIZE || st.st_size > (off_t)UINT32_MAX + HANDOFF_HEAD_SIZE)
		return say(why, size, -EBADMSG, "the state has no size that it could have");
	h->size = (size_t)st.st_size;
	h->file = mem_try_alloc(h->size);
	if (!h->file)
		return say(why, size, -ENOMEM, strerror(ENOMEM));
	if (!read_all(h, fd) || !handoff_head_read(&h->head, (struct str){h->file, h->size}))
		return say(why, size, -EBADMSG, "the state is damaged");
	if (h->head.needs > HANDOFF_VERSION) {
		snprintf(why, size, "the state has version %u of its format, and this program knows %d",
			 (unsigned)h->head.version, (int)HANDOFF_VERSION);
		return -EPROTONOSUPPORT;
	}
	return open_body(h) ? 0 : say(why, size, -EBADMSG, "the state is damaged");
}

/* The newest of the files that can be used: a manager may still have one that nobody took. */
static int choose_file(struct handoff_in **out, int fd, char *why, size_t size)
{
	struct handoff_in *h = mem_zalloc(sizeof(*h)), *other = *out;
	int err = open_file(h, fd, why, size);

	if (err == 0 && (!other || other->head.time < h->head.time)) {
		*out = h;
		h = other;
	}
	handoff_close(h);
	return err;
}

/* The descriptors */

/* Whose number it is. False: nobody's. */
static bool place(struct handoff_in *h, uint32_t number, int fd)
{
	struct wire_in id = h->ids;

	if (number >= h->count || h->fds[number] != HANDOFF_NONE)
		return false;
	id.rest.p += number * sizeof(uint64_t);
	id.rest.n -= number * sizeof(uint64_t);
	if (wire_u64(&id) != socket_id(fd))
		return false;
	h->fds[number] = fd;
	h->placed++;
	return true;
}

static void place_all(struct handoff_in *h, const struct handoff_message *m, const struct cmsghdr *c)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (m->id != h->head.id || i >= m->count || !place(h, m->first + (uint32_t)i, fd))
			close(fd);
	}
}

/* Takes one message off the pair. False: there is none. */
static bool take_message(struct handoff_in *h, int pair)
{
	union {
		char bytes[CMSG_SPACE(HANDOFF_BATCH * sizeof(int))];
		struct cmsghdr aligned;
	} control;
	char text[HANDOFF_MESSAGE_SIZE] = {0};
	struct iovec iov = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	struct handoff_message m;
	ssize_t n;

	do
		n = recvmsg(pair, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	if (msg.msg_flags & MSG_CTRUNC)
		log_text(LOG_LEVEL_ERR, "hand-over: there are not enough descriptors for all connections");
	m = n == sizeof(text) ? handoff_message_read(text) : (struct handoff_message){0};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			place_all(h, &m, c);
	return true;
}

/* Where there are fewer descriptors than connections some are left for what the program needs itself. */
static void take_descriptors(struct handoff_in *h, const int *carriers, size_t count)
{
	int reserve[RESERVE];

	h->fds = mem_alloc(h->count * sizeof(*h->fds) + 1);
	for (uint32_t i = 0; i < h->count; i++)
		h->fds[i] = HANDOFF_NONE;
	for (size_t i = 0; i < RESERVE; i++)
		reserve[i] = count ? fcntl(carriers[0], F_DUPFD_CLOEXEC, 0) : -1;
	for (size_t i = 0; i < count; i++)
		while (take_message(h, carriers[i]))
			;
	for (size_t i = 0; i < RESERVE; i++)
		if (reserve[i] >= 0)
			close(reserve[i]);
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int handoff_open(struct handoff_in **out, const int *carriers, size_t count, char *why, size_t size)
{
	struct handoff_in *h = NULL;
	int err = say(why, size, -ENODATA, "the state is missing");

	for (size_t i = 0; i < count; i++) {
		int one = is_file(carriers[i]) ? choose_file(&h, carriers[i], why, size) : 0;

		err = one < 0 ? one : err;
	}
	*out = h;
	/* Without a state they are nobody's, but must not stay open in a pair that others have too: some are listeners.
	 */
	if (!h)
		h = mem_zalloc(sizeof(*h));
	take_descriptors(h, carriers, count);
	for (size_t i = 0; i < count; i++)
		close(carriers[i]);
	if (*out)
		return 0;
	handoff_close(h);
	return err;
}

struct wire_in handoff_read(const struct handoff_in *h)
{
	return wire_read(h->state);
}

int64_t handoff_time(const struct handoff_in *h)
{
	return h->head.time;
}

uint32_t handoff_missing(const struct handoff_in *h)
{
	return h->count - h->placed;
}

int handoff_take(struct handoff_in *h, uint32_t number)
{
	int fd = HANDOFF_NONE;

	if (number < h->count) {
		fd = h->fds[number];
		h->fds[number] = HANDOFF_NONE;
	}
	return fd;
}
