#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "net/address.h"

/*
 * Listening sockets: opened here from an endpoint's text, or handed over by the service manager.
 *
 * Endpoint: "127.0.0.1:6667", "[::1]:6667", "*:6667", "6667" (every address), "/run/chatd/sock". A scheme or a '?' part
 * names the doors: irc:// (default; with line at port 6667), ircs:// (tls), ws://, wss://; "?accept=irc,line&proxy" (added to those of a scheme
 * that is written out; "tls" and "websocket" are names too).
 */
enum {
	DOOR_IRC = 1 << 0,
	DOOR_LINE = 1 << 1,
	DOOR_TLS = 1 << 2,
	DOOR_WEBSOCKET = 1 << 3,
	DOOR_PROXY = 1 << 4,
};

struct endpoint {
	struct address address;
	bool dual;      /* "*": IPv4 and IPv6 on one socket */
	unsigned doors; /* DOOR_* */
	unsigned mode;  /* of a Unix socket; 0: 0666, as anyone may chat */
};

/* 0, or -EINVAL with a sentence in why (of size bytes). */
int endpoint_parse(struct endpoint *e, const char *text, char *why, size_t size);

/*
 * The doors of a list of their names, as in accept=, which a socket of the service manager can be called: "irc,line".
 * False: one of them is no door, and *doors is as it was.
 */
bool doors_parse(unsigned *doors, const char *names);

struct listener;

/* A new connection. The descriptor is the callee's: non-blocking, close-on-exec. peer is valid during the call. */
typedef void (*listener_accept_fn)(void *ctx, struct listener *l, int fd, const struct address *peer);

/*
 * Opens and listens (SO_REUSEADDR; IPV6_V6ONLY unless the address is "*", which is IPv4 alone where there is no IPv6; a
 * stale Unix socket file is replaced, a live one refused; a path gets its mode). 0 or -errno with a sentence in
 * why.
 */
int listener_open(struct listener **out, struct loop *loop, const struct endpoint *e, char *why, size_t size);

/* A socket that the service manager handed over, or this program's predecessor. name is "" when it has none. */
struct handed_socket {
	int fd;
	bool own; /* the predecessor made it with listener_open: so it counts here */
	unsigned doors; /* DOOR_IRC, until who took it knows better */
	char name[64];
};

/*
 * Takes a descriptor that already listens. Refused (-EINVAL and a sentence; fd stays the caller's) when it is not a
 * listening stream socket.
 */
int listener_adopt(struct listener **out, struct loop *loop, const struct handed_socket *h, char *why, size_t size);

/* Closes, from a handler too; a path that listener_open made is unlinked. NULL is legal. */
void listener_free(struct listener *l);
/* Its socket goes on in a successor: listener_free leaves the path alone. */
void listener_leave(struct listener *l);

/* Starts accepting, or goes on after a pause. */
void listener_start(struct listener *l, listener_accept_fn accept, void *ctx);
/* Leaves new connections in the kernel's queue. */
void listener_pause(struct listener *l);

const struct address *listener_address(const struct listener *l);
unsigned listener_doors(const struct listener *l);
void listener_set_doors(struct listener *l, unsigned doors); /* of those who come from now on */
int listener_fd(const struct listener *l);
bool listener_is_adopted(const struct listener *l);

/*
 * With no descriptor left, accept(2) fails: the listener then accepts and closes one connection with a spare
 * descriptor (so that the queue does not spin), logs at most once a minute, and rests for a second. It recovers by
 * itself.
 */

/*
 * Takes LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES out of the environment. Returns how many were written to out (at most
 * max; the rest is closed and logged), 0 when they are meant for another process, or -errno. All are close-on-exec.
 */
int handed_sockets(struct handed_socket *out, size_t max);
