#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <unistd.h>

/* A queue is a descriptor itself, and can be read when something happened in it. */
int child_exit_open(pid_t pid)
{
	struct kevent wanted;
	int fd = kqueue(), err;

	if (fd < 0)
		return -errno;
	EV_SET(&wanted, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && kevent(fd, &wanted, 1, NULL, 0, NULL) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
