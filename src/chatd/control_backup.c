#include "chatd/control_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/control_private.h"
#include "journal/store_backup.h"
#include "loop/worker.h"

/* NEWS_MS: how often it is said how far it has come; the other side gives up after a minute of silence. */
enum { WHY_MAX = 512, LINE_BYTES = 512, NEWS_MS = 10000, RETRY_MS = 10 };

struct backup {
	struct job job;
	struct control *control;
	struct control_conn *to; /* NULL: gone */
	struct worker *worker;
	struct store_backup store;
	char from[PATH_MAX], place[PATH_MAX];
	int err;
	char why[WHY_MAX];
	struct timer news;
	bool ending; /* the server is: whoever calls done frees the worker */
};

/* The place holds files alone. */
static void clear(const char *place)
{
	DIR *dir = opendir(place);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(place);
}

static void copy(struct job *job)
{
	struct backup *b = (struct backup *)job;

	clear(b->place); /* left by one that was killed */
	b->err = mkdir(b->place, 0700) < 0 ? -errno : 0;
	if (b->err)
		snprintf(b->why, sizeof(b->why), "backup.tmp: %s", strerror(-b->err));
	else
		b->err = store_backup(&b->store, b->why, sizeof(b->why));
}

static void put(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

/* At once, past the queue, which must be empty: descriptors go with the bytes they are sent with. */
static int send_line(struct control_conn *c, struct str line, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {(void *)line.p, line.n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *head;

	if (conn_sendq(&c->base.conn))
		return -EAGAIN;
	msg.msg_controllen = sizeof(control.room);
	head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(c->base.conn.watch.fd, &msg, MSG_NOSIGNAL) == (ssize_t)line.n ? 0 : -EIO;
}

static int give_file(struct control_conn *c, int place, const char *name)
{
	int fd = openat(place, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err;
	char text[LINE_BYTES];
	struct buf line;
	struct json j = {.put = put, .ctx = &line};
	struct stat st;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : 0;
	buf_init(&line, text, sizeof(text));
	json_begin(&j);
	json_str(&j, "file", str_of(name));
	json_u64(&j, "bytes", (uint64_t)st.st_size);
	json_end(&j);
	if (!err)
		err = send_line(c, (struct str){text, line.n}, fd);
	close(fd);
	return err;
}

static int give_all(struct backup *b)
{
	DIR *dir = opendir(b->place);
	const struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = give_file(b->to, dirfd(dir), entry->d_name);
	closedir(dir);
	return err;
}

static void conclude(struct backup *b)
{
	struct control_conn *c = b->to;

	c->waits = false;
	if (!b->err && (b->err = give_all(b)) < 0)
		snprintf(b->why, sizeof(b->why), "the copy cannot be handed over: %s", strerror(-b->err));
	if (b->err)
		control_fail(c, "failed", b->why);
	else
		control_ok(c);
	side_conn_touch(&c->base);
	conn_resume(&c->base.conn);
}

static void release(struct backup *b)
{
	b->control->backup = NULL;
	loop_timer_stop(b->control->loop, &b->news);
	mem_free(b);
}

static void finish(struct backup *b)
{
	struct worker *worker = b->worker;

	if (b->to)
		conclude(b);
	clear(b->place);
	release(b);
	worker_free(worker);
}

static void finish_when_sent(struct timer *t)
{
	struct backup *b = (struct backup *)((char *)t - offsetof(struct backup, news));

	if (b->to && conn_sendq(&b->to->base.conn))
		loop_timer_set(b->control->loop, t, loop_clock(b->control->loop)->mono_ms + RETRY_MS);
	else
		finish(b);
}

static void done(struct job *job)
{
	struct backup *b = (struct backup *)job;

	if (b->err && b->err != -ECANCELED)
		log_event(EVENT_BACKUP_FAILED, LOG_FIELDS({"CHATD_REASON", b->why}), "no backup: %s", b->why);
	b->news.due = finish_when_sent;
	if (b->ending)
		finish(b);
	else
		finish_when_sent(&b->news);
}

static void tell_news(struct timer *t)
{
	struct backup *b = (struct backup *)((char *)t - offsetof(struct backup, news));

	if (b->to) {
		json_begin(&b->to->json);
		json_u64(&b->to->json, "percent", b->store.percent);
		json_end(&b->to->json);
		side_conn_touch(&b->to->base);
	}
	loop_timer_set(b->control->loop, t, loop_clock(b->control->loop)->mono_ms + NEWS_MS);
}

static struct backup *backup_new(struct control_conn *c, const char *state)
{
	struct backup *b = mem_zalloc(sizeof(*b));

	b->job = (struct job){.work = copy, .done = done};
	b->control = control_of(c);
	b->to = c;
	b->news.due = tell_news;
	snprintf(b->from, sizeof(b->from), "%s", state);
	snprintf(b->place, sizeof(b->place), "%s/backup.tmp", state);
	b->store.directory = b->from;
	b->store.to = b->place;
	b->store.beside[0] = "hooks";
	b->store.beside[1] = "vapid.key";
	return b;
}

void control_backup(struct control_conn *c)
{
	struct control *control = control_of(c);
	const char *state = control->host.config->state;
	struct backup *b;

	if (!state || strlen(state) > PATH_MAX - 32) {
		control_fail(c, "no_store", "the server keeps nothing: it has no state directory");
		return;
	}
	if (control->backup) {
		control_fail(c, "busy", "a backup is being made already");
		return;
	}
	b = backup_new(c, state);
	if (worker_new(&b->worker, control->loop) < 0) {
		mem_free(b);
		control_fail(c, "failed", "the system has no thread left");
		return;
	}
	control->backup = b;
	c->waits = true;
	worker_run(b->worker, &b->job);
	loop_timer_set(control->loop, &b->news, loop_clock(control->loop)->mono_ms + NEWS_MS);
}

void control_backup_forget(struct control_conn *c)
{
	struct backup *b = control_of(c)->backup;

	if (!b || b->to != c)
		return;
	b->to = NULL;
	b->store.cancelled = true;
}

void control_backup_end(struct backup *b)
{
	struct worker *worker;

	if (!b)
		return;
	b->to = NULL;
	b->store.cancelled = true;
	if (b->news.due == finish_when_sent) {
		finish(b);
		return;
	}
	worker = b->worker;
	b->worker = NULL;
	b->ending = true;
	worker_free(worker);
}
