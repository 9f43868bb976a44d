#include "chatd/peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"

int peer_get(struct peer *out, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	*out = (struct peer){cred.uid, cred.gid, cred.pid};
	return 0;
}

/* Those that the process had when it connected: no database is asked, which might take its time. */
static bool has_other_group(int fd, gid_t group)
{
	socklen_t len = 0;
	gid_t *groups;
	bool found = false;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		return false;
	groups = mem_alloc(len);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0) {
		for (socklen_t i = 0; i < len / sizeof(gid_t); i++)
			found |= groups[i] == group;
	}
	mem_free(groups);
	return found;
}

bool peer_has_group(const struct peer *p, int fd, gid_t group)
{
	return p->gid == group || has_other_group(fd, group);
}
