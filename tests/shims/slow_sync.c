#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sys/syscall.h>

/*
 * A disk that takes its time: preloaded into a program, it delays each fsync and fdatasync by as many milliseconds as
 * the file named by SLOW_SYNC says, for as long as that file is there.
 */
int fsync(int fd);
int fdatasync(int fd);

static void wait_for_disk(void)
{
	const char *path = getenv("SLOW_SYNC");
	FILE *f = path ? fopen(path, "re") : NULL;
	struct timespec pause = {0};
	long ms = 0;

	if (!f)
		return;
	if (fscanf(f, "%ld", &ms) == 1)
		pause = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	fclose(f);
	nanosleep(&pause, NULL);
}

int fsync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fdatasync, fd);
}
