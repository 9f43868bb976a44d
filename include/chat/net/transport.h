#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * How bytes come and go: plain now; TLS and WebSocket stack on another transport. Nothing above asks which it is.
 */
struct transport;
struct wire_in;
struct wire_out;

/* As saved: numbers are not used again. */
enum transport_kind { TRANSPORT_PLAIN = 1, TRANSPORT_KTLS = 2, TRANSPORT_WEBSOCKET = 3 };

struct transport_ops {
	/*
	 * > 0 bytes read; 0 at the end of the stream; -EAGAIN; other -errno. Fewer bytes than there was room for mean
	 * that nothing more is at hand, but for what `pending` says.
	 */
	ssize_t (*read)(struct transport *t, struct iovec *iov, int iovcnt);
	/* >= 0 bytes taken, fewer than given when no more fit for now; -EAGAIN; other -errno. */
	ssize_t (*write)(struct transport *t, struct iovec *iov, int iovcnt);
	/* No more will be written. 0, -EAGAIN (call again when wanted), other -errno. */
	int (*shutdown)(struct transport *t);
	/* What the transport itself must wait for before it can go on (POLL_*), 0 for nothing of its own. */
	unsigned (*wants)(const struct transport *t);
	/* It has bytes to be read that the descriptor does not tell of. NULL: it never has. */
	bool (*pending)(const struct transport *t);
	void (*free)(struct transport *t); /* closes the descriptor */
	/*
	 * Writes which transport it is (enum transport_kind), and all that another process needs to go on with the
	 * descriptor. False, and nothing written: it cannot. out NULL asks whether it could. NULL: it never can.
	 */
	bool (*save)(const struct transport *t, struct wire_out *out);
};

struct transport {
	const struct transport_ops *ops;
	void *state; /* of those that are more than a descriptor */
	int fd;
};

/* A plain stream socket, embedded in its owner: no allocation. free closes fd. */
void transport_plain_init(struct transport *t, int fd);

/*
 * Puts in t's place, which is plain, what `save` wrote. False: the bytes are damaged, or of a transport that is not known
 * here; t is as it was.
 */
bool transport_load(struct transport *t, struct wire_in *in);
