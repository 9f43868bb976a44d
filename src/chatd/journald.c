#include "chatd/journald.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
	VALUE_MAX = 1024,
	/* More than any entry has, and far less than the buffer of a socket, so that no entry has to go by a file. */
	ENTRY_MAX = 16 << 10,
};

/* While it is only busy, the journal is waited for: so long in each second, all entries together. */
enum { WAIT_US = 20000, WAIT_WINDOW_US = 1000000 };

struct journald {
	int fd;
	uint64_t lost;
	int64_t window_us; /* when the second began in which was waited ... */
	int64_t waited_us; /* ... for so long */
	struct sockaddr_un to;
};

static bool reach(const struct journald *j)
{
	return connect(j->fd, (const struct sockaddr *)&j->to, sizeof(j->to)) == 0;
}

/* True: there is room in its queue now. */
static bool wait_for_room(struct journald *j)
{
	struct pollfd pfd = {.fd = j->fd, .events = POLLOUT};
	int64_t now_us = clock_mono_us();
	int ready;

	if (now_us - j->window_us >= WAIT_WINDOW_US) {
		j->window_us = now_us;
		j->waited_us = 0;
	}
	/* One that has let an entry be lost is stuck. */
	if (j->lost || j->waited_us >= WAIT_US)
		return false;
	ready = poll(&pfd, 1, (int)((WAIT_US - j->waited_us + 999) / 1000));
	j->waited_us += clock_mono_us() - now_us;
	return ready == 1;
}

/* False: it is lost. */
static bool deliver(struct journald *j, struct str bytes)
{
	enum { FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL };
	bool again;

	if (send(j->fd, bytes.p, bytes.n, FLAGS) >= 0)
		return true;
	/* Anything else than a full queue is a socket that was closed; another may have taken its place. */
	again = errno == EAGAIN ? wait_for_room(j) : reach(j);
	return again && send(j->fd, bytes.p, bytes.n, FLAGS) >= 0;
}

/* Every NAME=value is a line: nothing that was escaped holds a newline. One that does not fit is left out whole. */
static void add_field(struct buf *b, const char *name, const char *value)
{
	char shown[VALUE_MAX];
	size_t before = b->n;

	log_escape(shown, sizeof(shown), value, strlen(value));
	buf_fmt(b, "%s=%s\n", name, shown);
	if (!b->full)
		return;
	b->n = before;
	b->full = false;
}

static bool send_entry(struct journald *j, const struct log_entry *entry)
{
	char memory[ENTRY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	/* This one is escaped already. */
	buf_fmt(&b, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=chatd\n", entry->text, entry->level);
	if (entry->message_id)
		add_field(&b, "MESSAGE_ID", entry->message_id);
	for (size_t i = 0; i < entry->nfields; i++) {
		if (entry->fields[i].value)
			add_field(&b, entry->fields[i].name, entry->fields[i].value);
	}
	return deliver(j, buf_view(&b));
}

/* True: there is nothing to tell, or it is told. */
static bool tell_lost(struct journald *j)
{
	const struct log_about *about = log_about(EVENT_LOG_LOST);
	char count[24], text[96];
	const struct log_field fields[] = {{"CHATD_EVENT", about->name}, {"CHATD_COUNT", count}};
	const struct log_entry entry = {about->level, about->message_id, text, fields, 2};

	if (j->lost == 0)
		return true;
	(void)snprintf(count, sizeof(count), "%" PRIu64, j->lost);
	(void)snprintf(text, sizeof(text), "%s entries are missing here: the journal did not take them", count);
	if (!send_entry(j, &entry))
		return false;
	j->lost = 0;
	return true;
}

void journald_write(void *ctx, const struct log_entry *entry)
{
	struct journald *j = ctx;

	if (!tell_lost(j) || !send_entry(j, entry))
		j->lost++;
}

int journald_open(struct journald **out, const char *path)
{
	struct journald j = {.to.sun_family = AF_UNIX};
	int err;

	if (!path)
		path = "/run/systemd/journal/socket";
	if (strlcpy(j.to.sun_path, path, sizeof(j.to.sun_path)) >= sizeof(j.to.sun_path))
		return -ENAMETOOLONG;
	j.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (j.fd < 0)
		return -errno;
	if (!reach(&j)) {
		err = -errno;
		close(j.fd);
		return err;
	}
	*out = mem_alloc(sizeof(**out));
	**out = j;
	return 0;
}

void journald_free(struct journald *j)
{
	if (!j)
		return;
	close(j->fd);
	mem_free(j);
}
