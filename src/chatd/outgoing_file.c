#include "chatd/outgoing_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

struct outgoing_file {
	char path[PATH_MAX];
	FILE *out; /* NULL: nothing was written */
	uint64_t count;
	int err;
};

static void path_of(char path[PATH_MAX], const char *state)
{
	snprintf(path, PATH_MAX, "%s/outgoing", state);
}

void outgoing_file_read(const char *state, void (*each)(void *ctx, struct str name, char *text), void *ctx)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *in;

	path_of(path, state);
	in = fopen(path, "re");
	if (!in)
		return;
	while ((n = getline(&line, &size, in)) > 0) {
		struct str rest = {line, (size_t)n - (line[n - 1] == '\n')}, name;

		/* One that was cut is no event. */
		if (line[n - 1] == '\n' && str_split(&rest, ' ', &name) && rest.n > 1 && rest.p[0] == '{' &&
		    rest.p[rest.n - 1] == '}')
			each(ctx, name, mem_strndup(rest.p, rest.n));
	}
	free(line);
	fclose(in);
	unlink(path);
}

struct outgoing_file *outgoing_file_begin(const char *state)
{
	struct outgoing_file *f = mem_zalloc(sizeof(*f));

	path_of(f->path, state);
	return f;
}

static void open_out(struct outgoing_file *f)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	f->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (f->out)
		return;
	f->err = errno;
	if (fd >= 0)
		close(fd);
}

void outgoing_file_add(struct outgoing_file *f, const char *name, const char *text)
{
	f->count++;
	if (!f->out && !f->err)
		open_out(f);
	if (f->out)
		fprintf(f->out, "%s %s\n", name, text);
}

void outgoing_file_end(struct outgoing_file *f)
{
	char count[24];

	if (f->out && ferror(f->out))
		f->err = EIO;
	if (f->out && fclose(f->out) != 0)
		f->err = errno;
	if (f->err) {
		snprintf(count, sizeof(count), "%llu", (unsigned long long)f->count);
		log_event(EVENT_HOOK_DROPPED, LOG_FIELDS({"CHATD_COUNT", count}, {"CHATD_REASON", strerror(f->err)}),
			  "webhooks: up to %s events that waited are lost: %s", count, strerror(f->err));
	}
	mem_free(f);
}
