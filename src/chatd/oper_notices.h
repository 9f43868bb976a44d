#pragma once

#include "proto/notices.h"

struct loop;
struct network;
struct oper_notices;

/*
 * Server notices: what is logged, in words, to operators who asked for its kind, at the end of the turn in which it
 * happened. What comes faster than it can be told is counted.
 */
struct oper_notices *oper_notices_new(struct loop *loop, const struct network *net);
void oper_notices_free(struct oper_notices *n);

/* The operators of a predecessor are here. */
void oper_notices_arrive(struct oper_notices *n);

/* One for what is not logged. From the loop alone. */
void oper_notices_add(struct oper_notices *n, enum notice kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Somebody beside the operators who is told, of the kinds of this mask of NOTICE_BIT, in the loop. One at a time; NULL: nobody
 * any more.
 */
typedef void (*oper_notices_fn)(void *ctx, enum notice kind, const char *text);
void oper_notices_listen(struct oper_notices *n, uint32_t mask, oper_notices_fn listener, void *ctx);
