#pragma once

#include <stdint.h>

#include "command/cursor.h"
#include "loop/loop.h"
#include "network/change.h"

struct command_env;

/*
 * Notes that accounts, nicks and channels are in use, warns in the log of those whose time is nearly over, and ends those
 * whose time is. One timer, set for the first of all, and for a step of command/expiry.h at the latest; what there is then is
 * looked at in blocks, one a turn.
 */
struct expiry_watch {
	struct loop *loop;
	const struct command_env *env;
	struct timer timer, soon;
	unsigned part; /* of a look that is under way */
	struct cursor cursor;
	int64_t begun;  /* this look, ms since 1970 */
	int64_t looked; /* the one before it; 0: none */
	int64_t first;  /* what is to be done next, as far as it was seen; 0: nothing */
	uint64_t *users; /* who use something that is to be noted */
	uint32_t nusers;
};

/* When the state is complete, and when the configuration is another one. */
void expiry_watch_start(struct expiry_watch *w);
void expiry_watch_stop(struct expiry_watch *w);
/* Each change, when it is told. */
void expiry_watch_note(struct expiry_watch *w, const struct change *c);
