#include "net/handed.h"

#include <stdbool.h>
#include <systemd/sd-daemon.h>

_Static_assert(HANDED_FIRST == SD_LISTEN_FDS_START, "the same first descriptor");

int handed_take(char ***names)
{
	return sd_listen_fds_with_names(true, names);
}
