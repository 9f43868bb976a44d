#pragma once

#include "net/conn.h"

/* What the files of the connection share: conn.c (lines, bytes), conn_bye.c (the end), conn_hub.c (whose turn it is).
 */

enum conn_state {
	CONN_OPEN,
	CONN_DEAD,      /* `ended` is due */
	CONN_ENDED,     /* the owner knows, and may write its last words */
	CONN_FLUSHING,  /* conn_close was called: the last words are leaving */
	CONN_LINGERING, /* they left: what the peer still says is thrown away */
	CONN_GONE,
};

enum conn_flag {
	CONN_HELD = 1 << 0,       /* lines wait for conn_resume */
	CONN_IN_LINE = 1 << 1,    /* `line` is on the stack, */
	CONN_RESUMED = 1 << 2,    /* and conn_resume was called inside it */
	CONN_SKIPPING = 1 << 3,   /* the rest of a line that was too long goes by */
	CONN_EOF = 1 << 4,        /* no more input will come */
	CONN_BROKEN = 1 << 5,     /* no more output can leave */
	CONN_BLOCKED = 1 << 6,    /* the kernel refused bytes: wait until it takes more */
	CONN_OVERFLOW = 1 << 7,   /* died of its sendq */
	CONN_CLOGGED = 1 << 8,    /* output was above the low mark and has not fallen below half of it */
	CONN_DRAINED = 1 << 9,    /* `drained` is due */
	CONN_FLUSH_DUE = 1 << 10, /* in this turn's hook */
	CONN_PUMP_DUE = 1 << 11,  /* in the next turn, with what no event of the kernel announces */
	CONN_RETURNS = 1 << 12,   /* CR ends a line as well, */
	CONN_RETURNED = 1 << 13,  /* and has ended this one */
};

/* The queues of the hub. A connection is in one at most: the first of these that applies. */
enum conn_queue { CONN_QUEUE_NONE, CONN_QUEUE_DEAD, CONN_QUEUE_PUMP, CONN_QUEUE_FLUSH, CONN_QUEUES };

enum { CONN_SCRATCH = 16 << 10 };

/* conn_hub.c */
struct loop *conn_hub_loop(const struct conn_hub *hub);
struct conn_counts *conn_hub_counting(struct conn_hub *hub);
char *conn_hub_scratch(struct conn_hub *hub); /* CONN_SCRATCH bytes, for the moment */
bool conn_hub_is_frozen(const struct conn_hub *hub);
/* A connection is gone, memory is free: gives it back to the system soon. */
void conn_hub_expect_trim(struct conn_hub *hub);
/* Moves it to the queue that its state and flags ask for. */
void conn_place(struct conn *c);

/* conn.c */
static inline size_t conn_low_mark(const struct conn *c)
{
	return c->limits->sendq_max / 4;
}
void conn_ready(struct watch *w, unsigned happened);
/* Lines that were held, `drained`, what is left to read after the output broke. */
void conn_pump(struct conn *c);
/* What was written and not sent is given up. */
void conn_drop_output(struct conn *c);
/* One attempt to send what there is. */
void conn_flush(struct conn *c);
/* Asks the loop for what it waits for now, and ends it when nothing can come any more. */
void conn_settle(struct conn *c);

/* conn_bye.c */
void conn_bye(struct conn *c);
void conn_bye_ready(struct conn *c, unsigned happened);
