#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chatd/config.h"
#include "journal/history.h"
#include "journal/journal.h"
#include "network/ban.h"
#include "network/change.h"
#include "network/network.h"
#include "network/record.h"

/*
 * What of the network outlives the process, and in which form: between the records of network and the bytes of the
 * journal.
 */
enum { KEEP_NAME_MAX = 256, KEEP_FOLDED_MAX = CASEMAP_ROOM(KEEP_NAME_MAX) };

struct keep {
	const struct network *net;
	const struct config *config;
	int64_t time, said, noted; /* of the newest record, of the newest message, of the newest of an account */
	struct record_room room;
	uint32_t walk;     /* how many of one kind of things a snapshot has not seen yet */
	unsigned walked;   /* which of the parts of a snapshot are behind it */
	char by[512];      /* who spoke */
	char target[HISTORY_NAME_MAX], events[HISTORY_NAME_MAX]; /* what a message is filed under */
	char forgotten[2 * HISTORY_NAME_MAX]; /* whose messages go, and from where */
	uint64_t *users;   /* ids of those who stay, and were altered */
	uint32_t nusers;
	char touched[256]; /* a registered channel that was altered, its name; empty: none */
	bool altered;      /* its modes or its topic */
	bool described;    /* its metadata */
	bool settled;      /* its settings, for its registration did */
};

enum journal_class keep_class(const struct keep *k, const struct record *r);

/*
 * The time of a record that is about to be made, ms since 1970, where the clock says now. Time stands still where the clock
 * is set back a little; whoever joins does so behind all that was said before, and what is said after an account noted that
 * a device left comes behind that: what a member may read, and what a device has missed, is told by it.
 */
int64_t keep_time(struct keep *k, enum record_type type, int64_t now);

/* Who speaks, for those who read it later; u NULL: the server. */
void keep_author(struct keep *k, struct record *r, const struct user *u);

void keep_encode(struct keep *k, struct buf *out, const struct record *r, struct journal_about *about);

/* Forgets what was noted. */
void keep_begin(struct keep *k);

/* For journal_owner.text. */
bool keep_text(struct str bytes, struct journal_text *out);

/* Notes that a change altered what is kept of a channel. */
void keep_note(struct keep *k, const struct change *c);

/* The next record that keeps what was noted. False: there is no more. */
bool keep_touched(struct keep *k, struct record *r);

/* The same for a user, and for the next of those that were noted. */
void keep_note_user(struct keep *k, const struct user *u);
bool keep_next_user(struct keep *k, struct record *r);
void keep_forget(struct keep *k);

/* The nth part of the state as a record; see journal.h. */
bool keep_snapshot(struct keep *k, uint64_t nth, struct buf *out);
