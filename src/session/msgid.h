#pragma once

#include <stdint.h>

#include "base/str.h"

/*
 * Message ids: https://ircv3.net/specs/extensions/message-ids. They sort as text by time and then by order, and
 * never repeat: milliseconds, a count within them that goes on when the clock steps back, and a number of this run.
 */
enum { MSGID_LENGTH = 20 };

struct msgid_source {
	int64_t last_ms;
	uint32_t count;
	uint32_t run; /* random */
	char text[MSGID_LENGTH];
};

/* When such an id was made, ms since 1970; 0: it is none. */
int64_t msgid_time(struct str id);

void msgid_init(struct msgid_source *m);
/* Valid until the next one. */
struct str msgid_next(struct msgid_source *m, int64_t now_ms);
