#pragma once

#include <signal.h>

/*
 * What the kernels differ in: a descriptor that is readable while a signal of the set, all of them blocked, waits.
 * signals_signalfd.c and signals_kqueue.c.
 */
int signals_fd_open(const sigset_t *set); /* non-blocking in use, closed on exec; or -errno */
int signals_fd_next(int fd);              /* takes one off; 0: none is left */
