#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "command/command.h"
#include "proto/casemap.h"
#include "proto/line.h"

/*
 * Lists "a,b,c" that people type, taken apart, and what such words name.
 */
enum { TARGETS_ALL = INT32_MAX }; /* the line is the limit */

struct targets {
	struct str list, rest; /* all of it, what is still to come */
	struct str pairs;      /* a second list that goes along */
	struct str pair;       /* of the word, by position; empty: there was none */
	const char *at;        /* where the word stands in the list */
	uint32_t count, max;
	bool quiet;               /* says nothing when there are too many */
	uint32_t cost;            /* of each but the first, as session_charge has it; 0 unless it is set */
	char word[LINE_BODY_MAX]; /* the present one; never empty */
};

/* list and pairs may be NULL. */
void targets_init(struct targets *t, const char *list, const char *pairs, uint32_t max);

/* The next word that is not empty. False: no more; for one past max 407 is answered first. */
bool targets_next(struct targets *t, const struct call *call);

/* The word has been there already, under that casemapping. */
bool targets_repeated(const struct targets *t, enum casemap map);

/* The word if a reply may hold it as a parameter in the middle; "*" if not. */
const char *target_shown(const char *word);

/* The channel if it is there and shows itself to the caller; otherwise 403 is answered. */
const struct channel *target_channel(const struct call *call, const char *name);

/* 401 and NULL when there is none. */
const struct user *target_user(const struct call *call, const char *nick);
