#include "chatd/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

enum { GROUPS_MAX = 256, ENTRY_MAX = 4096 };

int peer_get(struct peer *out, int fd)
{
	*out = (struct peer){.pid = 0};
	return getpeereid(fd, &out->uid, &out->gid) < 0 ? -errno : 0;
}

/* Those that the user has by the database. */
bool peer_has_group(const struct peer *p, int fd, gid_t group)
{
	char memory[ENTRY_MAX];
	struct passwd entry, *found = NULL;
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	(void)fd;
	if (p->gid == group)
		return true;
	if (getpwuid_r(p->uid, &entry, memory, sizeof(memory), &found) != 0 || !found)
		return false;
	if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}
