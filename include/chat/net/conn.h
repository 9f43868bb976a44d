#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/ring.h"
#include "base/str.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/transport.h"

/*
 * A connection: a transport with a ring for each direction. The owner sees lines and one end, never a socket.
 *
 * Output: conn_write appends; all connections that got bytes are flushed once, at the end of the turn, or when the
 * queue is full and the peer has not been found slow yet. When the output would exceed sendq_max all the same the
 * connection is marked dead with a reason ("SendQ exceeded"): conn_write then returns false, further writes do nothing,
 * and `ended` is called after the turn, never from inside conn_write. Input: complete lines go to `line` while the
 * owner takes them; the rest stays in the ring, and when it holds recvq_max bytes reading stops until there is room
 * (TCP then holds the peer back).
 */
struct conn;
struct conn_hub;
struct wire_in;
struct wire_out;

#define CONN_SENDQ_EXCEEDED "SendQ exceeded"

enum conn_line { CONN_NEXT, CONN_HOLD }; /* HOLD: keep what follows until conn_resume */

struct conn_handlers {
	/*
	 * One line without its LF (a CR may still be at its end), or the front of one that is longer than
	 * LINE_MAX_BYTES (too_long; the rest of it is thrown away). Valid, and writable, during the call.
	 */
	enum conn_line (*line)(struct conn *c, char *text, size_t n, bool too_long);
	/*
	 * Output fell below half of the low mark after it had been above it (conn_is_clogged): streams may go on.
	 * Called from the loop, not from inside a flush. NULL: nobody streams.
	 */
	void (*drained)(struct conn *c);
	/*
	 * It is over: the peer closed ("Connection closed"), an error ("Connection reset by peer", "Broken pipe" ...),
	 * or conn_kill. Called once, from the hub's hook, with no handler of this connection on the stack; afterwards
	 * the owner calls conn_close (bytes can still be written before it, which are sent as well as they can be). A
	 * peer that closes, or whose reading half is broken, is heard out first: `ended` comes after the lines that had
	 * arrived, also after those that were held, unless nothing can be sent to it any more. An end without its LF
	 * is not a line.
	 */
	void (*ended)(struct conn *c, const char *reason);
};

struct conn_limits {
	uint32_t sendq_max; /* bytes */
	uint32_t recvq_max; /* bytes, at least LINE_MAX_BYTES */
};

/*
 * What all connections of a loop share: the ring pool, the queues of those with something due, the scratch line. Its
 * hook, which calls `ended` and then flushes, is registered with the loop when it is made. What is written or killed
 * after the hook of a turn makes the next turn come at once.
 */
int conn_hub_new(struct conn_hub **out, struct loop *loop); /* 0 or -errno */
void conn_hub_free(struct conn_hub *hub);
struct ring_pool *conn_hub_pool(struct conn_hub *hub);

/* Sums over all connections, those that are gone included. */
struct conn_counts {
	uint64_t bytes_in, bytes_out;
	uint64_t lines;   /* handed to their owners */
	uint64_t written; /* bytes of conn_write, */
	uint64_t dropped; /* and of those that will never leave */
};
const struct conn_counts *conn_hub_counts(const struct conn_hub *hub);
/* Bytes that wait to be sent now, of all of them. */
static inline uint64_t conn_hub_sendq(const struct conn_hub *hub)
{
	const struct conn_counts *counts = conn_hub_counts(hub);

	return counts->written - counts->dropped - counts->bytes_out;
}

/*
 * Embedded in its owner. Sizes matter: an idle one is all there is of an idle client.
 */
struct conn {
	struct watch watch;
	struct transport transport;
	struct conn_hub *hub;
	union { /* the first until conn_close, the second after it */
		struct {
			const struct conn_handlers *handlers;
			const struct conn_limits *limits; /* the owner's; outlive the connection */
			struct ring in;
			const char *end_reason; /* why it died; static text */
		};
		struct {
			struct timer linger; /* bounds the goodbye; set while there is time for one */
			struct disposal disposal;
			void (*closed)(struct conn *c);
		};
	};
	struct ring out;
	TAILQ_ENTRY(conn) link; /* in the hub's queue of this kind: */
	uint8_t queue;
	uint8_t state;    /* enum conn_state */
	uint16_t flags;   /* enum conn_flag */
	uint16_t scanned; /* how much of the front of in is known to hold no LF */
	uint64_t bytes_in, bytes_out;
};

/*
 * fd: non-blocking and connected; the connection's from here on, also on failure. 0 or -errno.
 */
int conn_init(struct conn *c, struct conn_hub *hub, int fd, const struct conn_handlers *h,
	      const struct conn_limits *limits);
/* The same over a transport that is ready, of which the connection takes a copy; freed on failure. */
int conn_begin(struct conn *c, struct conn_hub *hub, const struct transport *t, const struct conn_handlers *h,
	       const struct conn_limits *limits);
/*
 * What was read before it was a connection, at most recvq_max bytes: it is heard first, from the loop. Only straight
 * after conn_begin. False: no memory for it.
 */
bool conn_feed(struct conn *c, struct str bytes);

/*
 * Appends. False: it is dead, died of this (sendq), or can no longer be written to and is about to end; nothing was
 * appended. From `ended` on there is room for the last words even when the sendq was what it died of.
 */
bool conn_write(struct conn *c, const void *p, size_t n);
static inline bool conn_write_str(struct conn *c, struct str s)
{
	return conn_write(c, s.p, s.n);
}

/* Takes the last n bytes of what was written back, to dst. They must have been written in this turn. */
void conn_take_back(struct conn *c, void *dst, size_t n);

/* A CR ends a line as well from now on, as some terminals end theirs. The LF behind it is then a line with nothing in it. */
void conn_end_lines_at_returns(struct conn *c);
/* Inside `line`: what ended it, '\n' or '\r'. */
char conn_line_end(const struct conn *c);

/* Bytes that wait to be sent. */
static inline uint32_t conn_sendq(const struct conn *c)
{
	return c->out.len;
}

/* Output is above the low mark, a quarter of sendq_max: a stream waits for `drained`. */
bool conn_is_clogged(const struct conn *c);

/* `drained` is called in the next turn, however much waits to be sent: for a stream that gives others their turn. */
void conn_call_drained(struct conn *c);

/* Marks it dead; reason is static text. `ended` is called after the turn. No-op on a dead or closing one. */
void conn_kill(struct conn *c, const char *reason);
bool conn_is_dead(const struct conn *c);

/*
 * Goes on with lines that were held back. From a handler or not; the lines come from the loop, not from inside. Called
 * inside `line` it takes back the CONN_HOLD that this call of `line` is about to return.
 */
void conn_resume(struct conn *c);

/*
 * The end, from the owner. What was written is still delivered: flushed, then the writing half is shut, then input is
 * read and thrown away until the peer closes or linger_ms have passed (so that no RST eats the last words). One that
 * died of its sendq gets one attempt, and no more time unless that took everything; so does any with linger_ms 0.
 * `closed` is called when all is over and no handler runs: there the owner frees its memory. No handler is called
 * after conn_close but closed.
 */
void conn_close(struct conn *c, int64_t linger_ms, void (*closed)(struct conn *c));

/*
 * Leaving for another process. Frozen, no connection of the hub reads or hands out lines; what is written to them still
 * leaves, as far as the kernel takes it at once.
 */
void conn_hub_freeze(struct conn_hub *hub);
void conn_hub_thaw(struct conn_hub *hub);

/* False: it is over, or its transport has secrets that cannot leave the process. */
bool conn_can_leave(const struct conn *c);
/* Writes what was read and not handed out, what was not sent, and all else but the descriptor. False: it cannot leave. */
bool conn_save(const struct conn *c, struct wire_out *out);
/*
 * Goes on with what was saved, on one that conn_init just made of the descriptor. False: the bytes are damaged, or of a
 * transport that is not known here; it is good for conn_abandon alone.
 */
bool conn_load(struct conn *c, struct wire_in *in);
/* Forgets it, not inside a handler: closes the descriptor without a word; no handler is called, and closed neither. */
void conn_abandon(struct conn *c);
