#include "loop/child.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* pidfd_open(2); it closes on exec. */
int child_exit_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}
