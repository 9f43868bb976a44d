#include "journal/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PID_CHARS = 16 };

static int say_holder(int fd, const char *directory, char *why, size_t size)
{
	char pid[PID_CHARS + 1];
	ssize_t n = pread(fd, pid, PID_CHARS, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	snprintf(why, size, "%s is held by process %s", directory, pid[0] ? pid : "(unknown)");
	return -EBUSY;
}

static int write_pid(int fd)
{
	char pid[PID_CHARS + 1];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		return errno ? -errno : -EIO;
	return 0;
}

int store_lock(const char *directory, char *why, size_t size)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/lock", directory) >= (int)sizeof(path)) {
		snprintf(why, size, "the name of the state directory is too long");
		return -ENAMETOOLONG;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		int err = -errno;

		snprintf(why, size, "%s: %s", path, strerror(-err));
		return err;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = errno == EWOULDBLOCK ? say_holder(fd, directory, why, size) : -errno;

		if (err != -EBUSY)
			snprintf(why, size, "%s: %s", path, strerror(-err));
		close(fd);
		return err;
	}
	/* A full disk keeps nobody from holding the lock, only from being named. */
	(void)write_pid(fd);
	return fd;
}
