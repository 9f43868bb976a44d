#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/conn.h"
#include "net/listener.h"

/*
 * A side entrance, for the programs of an administrator: a listener of its own with a few connections at a time, each
 * with a deadline.
 */
enum { SIDE_CONNS_MAX = 8 };

struct side;

struct side_conn {
	struct conn conn; /* first: handlers get from one to the other */
	struct side *side;
	struct timer deadline;
	LIST_ENTRY(side_conn) next;
};

/* What is behind an entrance: const data of its module. */
struct side_kind {
	const char *what;
	size_t size; /* of what a connection is embedded in, at its front */
	enum conn_line (*line)(struct conn *c, char *text, size_t n, bool too_long);
	void (*drained)(struct conn *c);
	struct conn_limits limits;
	int64_t deadline_ms; /* from the connection's begin, and from each side_conn_touch */
	/* A connection begins, or (busy) there is one too many, which is closed at once. May write and close. */
	void (*begin)(struct side_conn *c, bool busy);
	/* Its memory, zeroed at the begin, is released next. */
	void (*end)(struct side_conn *c);
};

/* owner: for side_owner. Connections come from hub. */
struct side *side_new(struct loop *loop, struct conn_hub *hub, const struct side_kind *kind, void *owner);
void *side_owner(const struct side_conn *c);
uint32_t side_count(const struct side *s); /* connections */

/*
 * A change of place in two steps. prepare opens the new listener, where text differs from what is open (NULL: none): 0
 * or -errno with a sentence in why. commit puts it in the old one's place; drop takes it back.
 */
int side_prepare(struct side *s, const char *text, const struct endpoint *at, char *why, size_t size);
void side_commit(struct side *s);
void side_drop(struct side *s);
/* NULL: none is open. */
const char *side_text(const struct side *s);

/* Nobody new comes in. */
void side_shut(struct side *s);
/* Ends the connections as well: they are over after a turn of the loop. */
void side_end(struct side *s);
/* When no connection is left. */
void side_free(struct side *s);

/* The deadline starts anew. */
void side_conn_touch(struct side_conn *c);
/* What was written still leaves. Nothing is heard from it any more. */
void side_conn_close(struct side_conn *c);
