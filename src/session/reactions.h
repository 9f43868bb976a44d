#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * How often messages were reacted to (https://ircv3.net/specs/client-tags/react), so that nobody piles up reactions on one:
 * they are kept with it. What is remembered is bounded: of messages that nobody has reacted to for long, or from before a
 * start, nothing is known, and they count anew.
 */
struct reaction {
	struct str where; /* the channel, folded, or whoever it goes to */
	struct str msgid; /* what it is about */
	struct str who;   /* who reacts */
	struct str what;
	bool back; /* it is taken back */
};

enum reaction_verdict {
	REACTION_FINE,
	REACTION_MESSAGE_FULL, /* as many different ones as there may be stand there */
	REACTION_USER_FULL,    /* who reacts has done so often enough, taking back counted */
};

struct reactions;

struct reactions *reactions_new(void);
void reactions_free(struct reactions *t);

/* Counts it, where it is fine. 0: no limit, to how many different ones stand at a message, or to how often one reacts to it. */
enum reaction_verdict reactions_take(struct reactions *t, const struct reaction *r, uint32_t most, uint32_t most_each);
