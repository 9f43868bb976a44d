#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The order of everything. append gives a record its place; the owner applies it when `ordered` is called, nowhere
 * else. Records are opaque here: kept ones are encoded through the owner.
 *
 * On one machine `ordered` comes from inside append. Another engine may call it later, from the loop; callers must
 * not depend on which.
 */
enum journal_class {
	JOURNAL_PASSING, /* ordered, not kept */
	JOURNAL_MESSAGE,
	JOURNAL_STATE,
	JOURNAL_REMOVAL, /* takes messages away that were kept before, and is not kept itself */
	JOURNAL_REVISION, /* takes the place of the message with its msgid, where that is kept */
};

/* What the store files a kept record under. */
struct journal_about {
	int64_t time;      /* ms since 1970 */
	struct str msgid;  /* may be empty */
	/* Of a message: the folded channel, or another name of history.h; empty: for state, and what is not read. */
	struct str target;
	/*
	 * Of state: two folded channels with a blank between them: all that is filed under the first is from now on under
	 * the second, with what belongs to it. Who asks under the second finds nothing of what was there before.
	 */
	/*
	 * Of a removal: msgid is the message's, or target begins with an account, all of whose messages from time up to now
	 * go. Lines behind it name places: those of channels and conversations, where alone they go, with what belongs to
	 * these; or "*", with which nothing of older state may be left either, for the account goes.
	 */
};

/* What of a stored message is looked for. What does not apply is empty; without a text it is found by its account alone. */
struct journal_text {
	struct str text;
	struct str nick, account; /* whose it is */
};

struct journal_owner {
	/* The record has its place: apply and deliver. */
	void (*ordered)(void *ctx, uint64_t position, const void *record);
	/* Every kept record up to position is durable (err 0), or will never be (-errno). Rising positions. */
	void (*durable)(void *ctx, uint64_t position, int err);
	/*
	 * The stored form of a kept record, appended to out, and what it is about (views valid until the next call). Asked for
	 * when it has been applied: nothing appended means that nothing came of it, and it is not kept.
	 */
	void (*encode)(void *ctx, struct buf *out, const void *record, struct journal_about *about);
	/*
	 * The state as records, for a snapshot: appends the nth (from 0, rising by one) to out and returns true, where there
	 * may be nothing to append; false: there are no more.
	 * Called over many turns while the state goes on changing: each item is as it is when it is asked for, and one that
	 * changes or comes later is in a record behind the snapshot's position.
	 */
	bool (*snapshot)(void *ctx, uint64_t nth, struct buf *out);
	void *ctx;
	/*
	 * What there is to look for in the stored form of a message; views into bytes. Called from any thread. False:
	 * nothing. NULL: nothing is ever looked for.
	 */
	bool (*text)(struct str bytes, struct journal_text *out);
};

struct history_read;
struct journal;

typedef bool (*journal_each_fn)(void *ctx, uint64_t position, struct str bytes);

struct journal_ops {
	/* 0, or -errno: it was not taken and will not be ordered. */
	int (*append)(struct journal *j, const void *record, enum journal_class class);
	/* The position of the newest record; 0: none yet. */
	uint64_t (*head)(const struct journal *j);
	/*
	 * Start-up: calls each with the records that make up the state, snapshot first, in order, until it returns false.
	 * 0 or -errno.
	 */
	int (*restore)(struct journal *j, journal_each_fn each, void *ctx);
	/*
	 * Reads history (history.h), without making anybody wait; what was appended before is seen. What is kept of each target
	 * is what `encode` said of a JOURNAL_MESSAGE record.
	 */
	void (*read)(struct journal *j, struct history_read *r);
	/* Ends it: what was appended is made durable first, and `durable` called. */
	void (*free)(struct journal *j);
};

struct journal {
	const struct journal_ops *ops;
};

/* Orders, and keeps messages for a while in memory alone: what is durable is durable at once. */
struct journal *journal_local_new(const struct journal_owner *owner);
/* Orders, and keeps every record in memory, passing ones too: for tests and replay; restore gives them all. */
struct journal *journal_mem_new(const struct journal_owner *owner);
