#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/history.h"

/* What answers reads: a database, or memory. Inside, results are 0, -errno, or a code of the source's own. */
struct history_place {
	int64_t time;
	uint64_t position;
	const void *item; /* what the source itself needs to find it again */
};

/* The places between two, both excluded, of one target; at most limit of them, from one end on. */
struct history_scan {
	const struct history_target *target;
	struct history_place after, before;
	bool newest; /* from the end on, and the newest first */
	uint32_t limit;
	struct history_place *places; /* room for limit */
	uint32_t count;
};

/* Told the name of a conversation. */
typedef int (*history_talk_fn)(void *ctx, struct str name);

struct history_source {
	int (*scan)(void *ctx, struct history_scan *scan);
	/* -ENOENT: there is no such message in any of the targets. */
	int (*find)(void *ctx, const struct history_read *r, struct str msgid, struct history_place *out);
	/* NULL in *out: it is gone. */
	int (*fetch)(void *ctx, const struct history_place *at, struct history_row **out);
	int (*search)(void *ctx, struct history_read *r); /* fills in the rows, in any order */
	int (*talks)(void *ctx, struct str person, history_talk_fn each, void *each_ctx);
	int (*said)(void *ctx, struct history_read *r); /* fills in the rows, and seen */
	void *ctx;
	bool (*late)(void *ctx); /* it takes too long; NULL: it never does */
};

struct history_row *history_row_new(const struct history_row *from);

/* Takes the next part of a history_search's text: a word, or what stands between two quotation marks. False: the end. */
bool history_search_next(struct str *rest, struct str *part, bool *quoted);

/* In the loop: nobody is at work on it any more. Calls done, or frees what was freed meanwhile. */
void history_read_end(struct history_read *r);

/* Fills in what comes of the read, and its err. */
void history_answer(struct history_read *r, const struct history_source *source);

struct history_mem;
struct journal_about;
struct journal_text;

/*
 * History in memory, where nothing is kept on a disk: the newest of each target, and no more of all together than a
 * fixed number of bytes.
 */
/* text: journal_owner's. */
struct history_mem *history_mem_new(bool (*text)(struct str bytes, struct journal_text *out));
void history_mem_free(struct history_mem *h);
void history_mem_add(struct history_mem *h, uint64_t position, const struct journal_about *about, struct str bytes);
/* As JOURNAL_REMOVAL has it. */
/* move: as journal_about has it. */
void history_mem_move(struct history_mem *h, struct str move);
void history_mem_remove(struct history_mem *h, const struct journal_about *about);
/* As JOURNAL_REVISION has it. */
void history_mem_revise(struct history_mem *h, const struct journal_about *about, struct str bytes);
/* Answers at once, and calls done. */
void history_mem_read(struct history_mem *h, struct history_read *r);
