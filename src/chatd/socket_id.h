#pragma once

#include <stdint.h>

/*
 * Something that tells a socket from others, the same in whatever process it is open: socket_id_cookie.c asks the
 * kernel for its cookie; socket_id_names.c, elsewhere, makes it of its inode number, which those of IP may lack, and
 * its addresses, which Unix sockets may have in common.
 */
uint64_t socket_id(int fd);
