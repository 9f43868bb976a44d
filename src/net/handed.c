#include "net/handed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener.h"

/* "unknown" is what libsystemd calls one without a name. */
static const char *name_of(char *const *names, int i)
{
	const char *name = names && names[i] ? names[i] : "";
	return strcmp(name, "unknown") == 0 ? "" : name;
}

static void drop(int fd, const char *name)
{
	log_event(EVENT_SOCKET_REFUSED, LOG_FIELDS({"CHATD_LISTENER", name}, {"CHATD_REASON", "too many"}),
		  "too many sockets handed over: descriptor %d closed", fd);
	close(fd);
}

int handed_sockets(struct handed_socket *out, size_t max)
{
	char **names = NULL;
	int count = handed_take(&names);
	size_t kept = 0;
	for (int i = 0; i < count; i++) {
		const char *name = name_of(names, i);
		if (kept == max) {
			drop(HANDED_FIRST + i, name);
			continue;
		}
		out[kept].fd = HANDED_FIRST + i;
		out[kept].own = false;
		out[kept].doors = DOOR_IRC;
		strlcpy(out[kept].name, name, sizeof(out[kept].name));
		kept++;
	}
	for (int i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
	return count < 0 ? count : (int)kept;
}
