#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * The process at the other end of a Unix socket, as the kernel vouches for it; peer_linux.c, peer_other.c where the
 * kernel tells less.
 */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* 0: not told */
};

/* 0 or -errno. */
int peer_get(struct peer *out, int fd);

/* It belongs to the group, by its main one or one of the others. */
bool peer_has_group(const struct peer *p, int fd, gid_t group);
