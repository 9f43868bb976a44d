#include "memory_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop/poller.h"

struct end {
	void *data; /* of the poller */
	const char *text;
	uint32_t size;
	uint8_t want;
	bool over, queued;
	bool deaf; /* nothing can be written to it */
};

/* The kernel, of which there is one. */
static struct kernel {
	struct end *ends;
	uint32_t *queue; /* of ends with something to be read, a ring */
	uint32_t count, first, queued;
	struct memory_heard heard;
} kernel;

void memory_net_init(uint32_t ends)
{
	kernel.ends = calloc(ends, sizeof(*kernel.ends));
	kernel.queue = calloc(ends, sizeof(*kernel.queue));
	if (!kernel.ends || !kernel.queue)
		abort();
	/* Touched now, so that it is not taken for the server's later. */
	memset(kernel.queue, 1, ends * sizeof(*kernel.queue));
	memset(kernel.ends, 1, ends * sizeof(*kernel.ends));
	memset(kernel.ends, 0, ends * sizeof(*kernel.ends));
	kernel.count = ends;
}

static struct end *end_of(int fd)
{
	return fd >= MEMORY_FD && (uint32_t)(fd - MEMORY_FD) < kernel.count ? &kernel.ends[fd - MEMORY_FD] : NULL;
}

static void queue_up(uint32_t n)
{
	if (kernel.ends[n].queued)
		return;
	kernel.ends[n].queued = true;
	kernel.queue[(kernel.first + kernel.queued++) % kernel.count] = n;
}

void memory_say(uint32_t n, const char *text, size_t size)
{
	kernel.ends[n].text = text;
	kernel.ends[n].size = (uint32_t)size;
	queue_up(n);
}

void memory_hang_up(uint32_t n)
{
	kernel.ends[n].over = true;
	queue_up(n);
}

void memory_deafen(uint32_t n, bool deaf)
{
	struct end *e = &kernel.ends[n];

	e->deaf = deaf;
	if (!deaf && e->want & POLL_WRITE)
		queue_up(n);
}

bool memory_busy(void)
{
	return kernel.queued > 0;
}

struct memory_heard memory_heard(void)
{
	return kernel.heard;
}

/* The transport */

static ssize_t memory_read(struct transport *t, struct iovec *iov, int iovcnt)
{
	struct end *e = end_of(t->fd);
	size_t n = 0;

	if (e->size == 0)
		return e->over ? 0 : -EAGAIN;
	for (int i = 0; i < iovcnt && e->size; i++) {
		size_t part = iov[i].iov_len < e->size ? iov[i].iov_len : e->size;

		memcpy(iov[i].iov_base, e->text, part);
		e->text += part;
		e->size -= (uint32_t)part;
		n += part;
	}
	return (ssize_t)n;
}

static ssize_t memory_write(struct transport *t, struct iovec *iov, int iovcnt)
{
	size_t n = 0;

	if (end_of(t->fd)->deaf)
		return -EAGAIN;
	for (int i = 0; i < iovcnt; i++)
		n += iov[i].iov_len;
	kernel.heard.bytes += n;
	kernel.heard.writes++;
	return (ssize_t)n;
}

static int memory_shutdown(struct transport *t)
{
	memory_hang_up((uint32_t)(t->fd - MEMORY_FD));
	return 0;
}

static unsigned memory_wants(const struct transport *t)
{
	(void)t;
	return 0;
}

static void memory_free(struct transport *t)
{
	t->fd = -1;
}

static const struct transport_ops memory_ops = {
	.read = memory_read,
	.write = memory_write,
	.shutdown = memory_shutdown,
	.wants = memory_wants,
	.free = memory_free,
};

void memory_transport(struct transport *t, uint32_t n)
{
	*t = (struct transport){.ops = &memory_ops, .fd = MEMORY_FD + (int)n};
}

/* The poller */

const char *poller_name(void)
{
	return "memory";
}

int poller_new(struct poller **out)
{
	*out = NULL;
	return 0;
}

void poller_free(struct poller *p)
{
	(void)p;
}

int poller_want(struct poller *p, int fd, unsigned had, unsigned want, void *data)
{
	struct end *e = end_of(fd);

	(void)p;
	(void)had;
	if (!e)
		return 0;
	e->data = data;
	e->want = (uint8_t)want;
	if (want & POLL_READ && (e->size || e->over))
		queue_up((uint32_t)(e - kernel.ends));
	return 0;
}

/* One that is not wanted is asked for again when it is. */
int poller_wait(struct poller *p, struct poll_event *events, int max, int64_t timeout_ms)
{
	int n = 0;

	(void)p;
	(void)timeout_ms;
	while (n < max && kernel.queued) {
		struct end *e = &kernel.ends[kernel.queue[kernel.first]];

		kernel.first = (kernel.first + 1) % kernel.count;
		kernel.queued--;
		e->queued = false;
		if (e->want & POLL_READ && (e->size || e->over))
			events[n++] = (struct poll_event){e->data, POLL_READ};
		else if (e->want & POLL_WRITE && !e->deaf)
			events[n++] = (struct poll_event){e->data, POLL_WRITE};
	}
	return n;
}
