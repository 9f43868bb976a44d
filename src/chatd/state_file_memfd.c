#include "chatd/state_file.h"

#include <errno.h>
#include <sys/mman.h>

int state_file_open(void)
{
	int fd = memfd_create("chatd-state", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
