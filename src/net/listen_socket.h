#pragma once

#include "net/complaint.h"
#include "net/listener.h"

/* A non-blocking, close-on-exec socket that listens at e, as listener_open promises. -errno and a sentence otherwise.
 */
int listen_socket_open(const struct endpoint *e, const struct complaint *to);

/* Whether fd is a stream socket that listens: 0, or -EINVAL and a sentence. */
int listen_socket_check(int fd, const struct complaint *to);
