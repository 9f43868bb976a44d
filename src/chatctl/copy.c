#include "chatctl/copy.h"

#include <errno.h>
#include <unistd.h>

enum { COPY_BYTES = 64 << 10 };

int copy_bytes(int from, int to)
{
	char block[COPY_BYTES];
	ssize_t n, wrote;

	while ((n = read(from, block, sizeof(block))) > 0)
		for (ssize_t done = 0; done < n; done += wrote) {
			wrote = write(to, block + done, (size_t)(n - done));
			if (wrote < 0)
				return errno;
		}
	return n < 0 || fsync(to) < 0 ? errno : 0;
}
