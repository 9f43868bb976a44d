#pragma once

#include <stdint.h>

/*
 * Readiness of descriptors; one file per kernel (poller_epoll.c, poller_kqueue.c), chosen by meson. Whether the kernel
 * works by level or by edge is the file's business: callers see levels. One event per descriptor and wait, with
 * the union of what happened.
 * HANGUP is never asked for, and always comes with what is wanted: reading goes on until it says that it is over. That
 * the peer has shut its half alone is READ and no HANGUP.
 */
enum { POLL_READ = 1, POLL_WRITE = 2, POLL_HANGUP = 4 };

struct poller;

struct poll_event {
	void *data;
	unsigned happened; /* POLL_* */
};

const char *poller_name(void);       /* "epoll" or "kqueue" */
int poller_new(struct poller **out); /* 0 or -errno */
void poller_free(struct poller *p);

/*
 * Wants exactly these events of fd from now on; had is what was wanted before (0: fd is new here), want 0 forgets it.
 * fd must still be open. data points to something aligned to 4 bytes at least. 0 or -errno, and then nothing changed.
 */
int poller_want(struct poller *p, int fd, unsigned had, unsigned want, void *data);

/* Waits until timeout_ms (-1: for ever) for up to max events. Returns how many, or -errno; EINTR counts as none. */
int poller_wait(struct poller *p, struct poll_event *events, int max, int64_t timeout_ms);
