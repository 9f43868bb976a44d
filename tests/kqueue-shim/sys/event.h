#pragma once

#include <stdint.h>
#include <time.h>

/*
 * The part of kqueue(2) that chatd uses, over epoll and signalfd, so that the files written for the BSDs can be tested
 * on Linux. Names and meaning are those of FreeBSD's manual page. Known differences: EVFILT_SIGNAL needs the signal
 * blocked and takes it off the pending ones, and only one kqueue of the process hears of it; regular files are refused
 * with EPERM.
 */
struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	int64_t data;
	void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_SIGNAL (-6)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define EV_SET(ev, id, flt, fl, ffl, dt, ud)                                                                           \
	(*(ev) = (struct kevent){                                                                                      \
		 .ident = (uintptr_t)(id),                                                                             \
		 .filter = (short)(flt),                                                                               \
		 .flags = (unsigned short)(fl),                                                                        \
		 .fflags = (unsigned int)(ffl),                                                                        \
		 .data = (int64_t)(dt),                                                                                \
		 .udata = (ud),                                                                                        \
	 })

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int nchanges, struct kevent *events, int nevents,
	   const struct timespec *timeout);

/* What the linker makes of close (--wrap=close), and the one it hides. */
int __wrap_close(int fd);
int __real_close(int fd);
