#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chatd/config.h"
#include "journal/journal.h"
#include "network/ban.h"
#include "network/change.h"
#include "network/network.h"
#include "network/record.h"

/*
 * What of the network outlives the process, and in which form: between the records of network and the bytes of the
 * journal.
 */
struct keep {
	const struct network *net;
	const struct config *config;
	struct record_room room;
	uint32_t walk;     /* how many of one kind of things a snapshot has not seen yet */
	unsigned walked;   /* which of the parts of a snapshot are behind it */
	char by[512];      /* who spoke */
	char target[256];  /* a folded channel */
	char touched[256]; /* a registered channel that was altered, its name; empty: none */
	bool altered;      /* its modes or its topic */
	bool described;    /* its metadata */
};

enum journal_class keep_class(const struct keep *k, const struct record *r);

/* Who speaks, for those who read it later; u NULL: the server. */
void keep_author(struct keep *k, struct record *r, const struct user *u);

void keep_encode(struct keep *k, struct buf *out, const struct record *r, struct journal_about *about);

/* Forgets what was noted. */
void keep_begin(struct keep *k);

/* Notes that a change altered what is kept of a channel. */
void keep_note(struct keep *k, const struct change *c);

/* The next record that keeps what was noted. False: there is no more. */
bool keep_touched(struct keep *k, struct record *r);

/* The nth part of the state as a record; see journal.h. */
bool keep_snapshot(struct keep *k, uint64_t nth, struct buf *out);
