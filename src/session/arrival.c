#include "session/arrival.h"

void arrival_plain(struct arrival *a, int fd, const struct address *peer)
{
	*a = (struct arrival){.peer = *peer};
	transport_plain_init(&a->transport, fd);
}
