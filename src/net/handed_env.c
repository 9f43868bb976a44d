#include "net/handed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* The protocol: sd_listen_fds(3). */

struct variables {
	const char *pid;
	const char *fds;
	const char *names; /* NULL: all nameless */
};

/* 0 also when the sockets are another process's, as after a fork without exec of what the manager started. */
static int count_of(const struct variables *v)
{
	unsigned long long pid, count;
	if (!v->pid || !v->fds)
		return 0;
	if (!str_u64(str_of(v->pid), INT_MAX, &pid) || pid == 0)
		return -EINVAL;
	if ((pid_t)pid != getpid())
		return 0;
	if (!str_u64(str_of(v->fds), INT_MAX - HANDED_FIRST, &count))
		return -EINVAL;
	return (int)count;
}

static int set_cloexec(int count)
{
	for (int fd = HANDED_FIRST; fd < HANDED_FIRST + count; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
	return 0;
}

static void free_list(char **list)
{
	for (int i = 0; list[i]; i++)
		free(list[i]);
	free(list);
}

/* As many names as descriptors, or it is nobody's guess which is whose. */
static int split_names(const char *text, int count, char ***names)
{
	struct str rest = str_of(text);
	struct str name = STR_NONE;
	int n = 0;
	char **list = calloc((size_t)count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (; n < count && (!text || str_split(&rest, ':', &name)); n++) {
		list[n] = strndup(name.n ? name.p : "", name.n);
		if (!list[n]) {
			free_list(list);
			return -ENOMEM;
		}
	}
	if (n < count || rest.n > 0) {
		free_list(list);
		return -EINVAL;
	}
	*names = list;
	return count;
}

int handed_take(char ***names)
{
	const struct variables v = {getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES")};
	int count = count_of(&v);
	if (count > 0) {
		int error = set_cloexec(count);
		count = error ? error : split_names(v.names, count, names);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}
