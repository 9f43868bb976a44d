#include "chatd/handon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 3, COPIES = 64, MOST = 32 };

void hand_on(const int *fds, int count)
{
	char text[16];
	int copies[MOST];

	if (count == 0)
		return;
	if (count > MOST)
		count = MOST;
	/* Out of the way first: a target number may be the source of another. */
	for (int i = 0; i < count; i++)
		copies[i] = fcntl(fds[i], F_DUPFD, COPIES);
	for (int i = 0; i < count; i++) {
		dup2(copies[i], FIRST + i);
		close(copies[i]);
	}
	snprintf(text, sizeof(text), "%d", count);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	setenv("LISTEN_PID", text, 1);
}
