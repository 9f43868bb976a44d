#pragma once

#include <fcntl.h>
#include <sys/resource.h>

enum { FD_LIMIT = 4096 };

/* Open descriptors of this process, without asking /proc, which not every system has. */
static inline int fd_count(void)
{
	int n = 0;
	for (int fd = 0; fd < FD_LIMIT; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static inline int fd_raise_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return -1;
	if (r.rlim_cur < FD_LIMIT)
		r.rlim_cur = r.rlim_max < FD_LIMIT ? r.rlim_max : FD_LIMIT;
	return setrlimit(RLIMIT_NOFILE, &r);
}
