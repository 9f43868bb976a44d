#include "chatd/socket_id.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/hash.h"

typedef int (*name_fn)(int fd, struct sockaddr *name, socklen_t *len);

static uint64_t mix(uint64_t id, int fd, name_fn get)
{
	const struct hash_key key = {{id, 0x736f636b6574}};
	struct sockaddr_storage name = {0};
	socklen_t len = sizeof(name);

	if (get(fd, (struct sockaddr *)&name, &len) < 0 || len > sizeof(name))
		len = 0;
	return hash_bytes(&key, (struct str){(const char *)&name, len});
}

uint64_t socket_id(int fd)
{
	struct stat st = {0};

	(void)fstat(fd, &st);
	return mix(mix((uint64_t)st.st_ino, fd, getsockname), fd, getpeername);
}
