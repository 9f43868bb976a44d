#include "chatctl/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "chatctl/copy.h"
#include "chatctl/flat.h"
#include "chatctl/journal.h"
#include "chatctl/request.h"
#include "chatctl/talk.h"

enum { FILES_MAX = 16, NAME_SIZE = 64 };

struct backup {
	const char *directory;
	int fd;    /* of it */
	bool made; /* it was not there before */
	char names[FILES_MAX][NAME_SIZE];
	size_t count;
};

static int fail(int code, const char *what, int error)
{
	fprintf(stderr, "chatctl: %s: %s\n", what, strerror(error));
	return code;
}

/* A directory for the copy alone: an older backup must not mix with it. */
static int open_directory(struct backup *b)
{
	b->made = mkdir(b->directory, 0700) == 0;
	if (!b->made && errno != EEXIST)
		return fail(EX_CANTCREAT, b->directory, errno);
	b->fd = open(b->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd < 0)
		return fail(EX_CANTCREAT, b->directory, errno);
	if (!b->made && faccessat(b->fd, "chatd.db", F_OK, 0) == 0)
		return fail(EX_CANTCREAT, b->directory, EEXIST);
	return EX_OK;
}

static void undo(struct backup *b)
{
	for (size_t i = 0; i < b->count; i++)
		unlinkat(b->fd, b->names[i], 0);
	if (b->made)
		rmdir(b->directory);
}

/* Names are the server's, which is no reason to let one lead elsewhere. */
static int take_file(struct backup *b, const char *name, int from)
{
	int to, error;

	if (strlen(name) >= NAME_SIZE || b->count == FILES_MAX || name[0] == '.' || strchr(name, '/'))
		return fail(EX_PROTOCOL, b->directory, EBADMSG);
	to = openat(b->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(EX_CANTCREAT, name, errno);
	strlcpy(b->names[b->count++], name, NAME_SIZE);
	error = copy_bytes(from, to);
	close(to);
	return error ? fail(EX_IOERR, name, error) : EX_OK;
}

static int take_line(struct backup *b, struct talk *t, const struct flat *f)
{
	const char *name = flat_value(f, "file");
	int fd, code;

	if (!name)
		return EX_OK;
	fd = talk_take_fd(t);
	if (fd < 0)
		return fail(EX_PROTOCOL, name, EBADF);
	code = take_file(b, name, fd);
	close(fd);
	return code;
}

static int converse(struct backup *b, struct talk *t)
{
	struct flat f;
	char *line;
	int code = talk_ask(t, "backup");

	while (code == EX_OK && (line = talk_next(t, &code))) {
		if (!flat_read(&f, line))
			return fail(EX_PROTOCOL, "the server", EBADMSG);
		if (flat_find(&f, "ok"))
			return request_conclude(&f);
		code = take_line(b, t, &f);
	}
	return code;
}

static int verify(const struct backup *b, const struct options *o)
{
	struct options looking = *o;
	int code;

	if (b->count == 0 || fsync(b->fd) < 0)
		return fail(EX_IOERR, b->directory, b->count ? errno : ENODATA);
	looking.state = b->directory;
	code = journal_verify(&looking);
	/* Looking at it leaves these beside it. */
	unlinkat(b->fd, "chatd.db-shm", 0);
	unlinkat(b->fd, "chatd.db-wal", 0);
	return code;
}

int backup_run(const struct options *o)
{
	struct backup b = {.directory = o->words[1], .fd = -1};
	struct talk *talk = NULL;
	int code;

	if (o->nwords != 2)
		return options_usage();
	code = talk_open(&talk, o->socket);
	if (code == EX_OK)
		code = open_directory(&b);
	if (code == EX_OK) {
		code = converse(&b, talk);
		if (code == EX_OK)
			code = verify(&b, o);
		if (code != EX_OK)
			undo(&b);
	}
	talk_close(talk);
	if (b.fd >= 0)
		close(b.fd);
	return code;
}
