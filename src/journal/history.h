#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/str.h"
#include "base/vec.h"
#include "loop/worker.h"

/*
 * Reading what a journal keeps of messages, for those who ask for history. A read is made, filled in and given to the
 * journal (journal.h); it sees everything that was ordered before it was given. Messages have one order, that of
 * their times and, where these are equal, of their positions: it never changes, and pages go by it.
 */
enum history_kind {
	HISTORY_LATEST,  /* the newest; from: and behind it */
	HISTORY_BEFORE,  /* the newest in front of from */
	HISTORY_AFTER,   /* the oldest behind from */
	HISTORY_AROUND,  /* from and what stands next to it */
	HISTORY_BETWEEN, /* counted from `from` on towards to, which may be the older one */
	HISTORY_SEARCH,  /* by words, the newest or, where there is an after, the oldest; of person's conversations too
			  */
	HISTORY_TALKS,   /* the targets alone, each with its newest message, where that is between from and to */
	HISTORY_SAID,    /* all of person's own, and what they did, as it was ordered: what stands behind seen */
};

enum {
	HISTORY_NO_MESSAGE = 1, /* a result: a bound's msgid is none of the targets' */
	HISTORY_TOO_LONG = 2,   /* a result: the search would take too long */
	HISTORY_LIMIT_MAX = 10000,
};

/* A bound, itself excluded; where nothing of it is set there is none. */
struct history_bound {
	bool set;
	int64_t time;     /* ms since 1970; of a msgid that is not kept, it stands for that; 0: it is not known */
	struct str msgid; /* empty: by time. A view that must last until history_read_bounds copied it */
};

/*
 * What is looked for. What is empty or 0 does not matter; both times are part of the span. Each word of the text is
 * somewhere in a message; those between two quotation marks stand there in a row.
 */
struct history_search {
	struct str text, nick;
	int64_t after, before; /* ms since 1970 */
};

struct history_target {
	int64_t since; /* nothing from before, ms since 1970; 0: everything */
	struct str name;
	char memory[];
};

/* target: of HISTORY_TALKS and HISTORY_SEARCH alone. */
struct history_row {
	uint64_t position;
	int64_t time; /* ms since 1970 */
	struct str msgid, target, bytes;
	char memory[];
};

struct history_read {
	enum history_kind kind;
	uint32_t limit;
	/* Called once, from the loop, maybe before the journal's `read` returns; not after history_read_free. */
	void (*done)(struct history_read *r);
	void *ctx; /* the maker's */

	/* What came of it: 0, HISTORY_NO_MESSAGE or -errno; struct history_row *, the oldest first. */
	int err;
	struct vec rows;

	/* history_read_bounds and history_read_add fill these in. */
	struct history_bound from, to;
	struct vec targets; /* struct history_target * */
	int64_t person_since;
	struct history_search search;
	/* Of HISTORY_TALKS and HISTORY_SEARCH: whose conversations count too; empty: nobody's. Of HISTORY_SAID: whose. */
	struct str person;
	uint64_t seen; /* of HISTORY_SAID: a position; then up to where it has looked, UINT64_MAX: to the end */
	char *memory[5];

	/* The journal's, while it is under way. */
	bool under_way;
	uint64_t needs; /* a position: what is kept up to there must be written first */
	void *reader;
	struct job job;
	STAILQ_ENTRY(history_read) next;
};

struct history_read *history_read_new(enum history_kind kind, uint32_t limit);
/* What several targets keep is put in one order. */
void history_read_add(struct history_read *r, struct str name, int64_t since);
void history_read_bounds(struct history_read *r, const struct history_bound *from, const struct history_bound *to);
/* since: as of a target, of all conversations. */
void history_read_person(struct history_read *r, struct str name, int64_t since);
void history_read_search(struct history_read *r, const struct history_search *what); /* copied */
/* It is over; where it is under way nothing more is heard of it. NULL is legal. */
void history_read_free(struct history_read *r);

/*
 * The names of what messages are filed under. A channel: as folded. What happened in a channel, beside its messages. A
 * conversation: the two who have it, whoever speaks, each an account or a guest (history_guest). Names hold no blank.
 */
enum { HISTORY_NAME_MAX = 1024 };
struct str history_events_name(char memory[HISTORY_NAME_MAX], struct str channel);
/* What was said in a channel to those of a rank at least: to be read by them alone. */
struct str history_rank_name(char memory[HISTORY_NAME_MAX], struct str channel, unsigned rank);
/* All names that what belongs to a channel is filed under, the nth of HISTORY_FORMS. */
enum { HISTORY_FORMS = 10 };
struct str history_form(char memory[HISTORY_NAME_MAX], struct str channel, unsigned n);
struct str history_talk_name(char memory[HISTORY_NAME_MAX], struct str a, struct str b);
struct str history_guest_name(char memory[HISTORY_NAME_MAX], struct str nick);
bool history_is_talk(struct str name);
/* Who has that conversation with person; empty: it is none of theirs. */
struct str history_talk_other(struct str name, struct str person);
/* The nick of a guest; empty: it is an account. */
struct str history_guest_nick(struct str name);
