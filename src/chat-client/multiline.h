#pragma once

#include <stddef.h>

#include "base/vec.h"
#include "proto/line.h"

/*
 * Messages of several lines (IRCv3 draft/multiline): what comes in a batch is gathered, and goes on as one message
 * whose text has line feeds in it. Bounded: of too many batches at once the lines go on one by one, and a text that is
 * too long goes on in parts.
 */
enum { MULTILINE_OPEN_MAX = 16, MULTILINE_TEXT_MAX = 64 << 10 };

struct multiline {
	struct vec open; /* struct multiline_batch *, allocated */
	char *done;      /* the text of the last message that went on, */
	char *head;      /* and all else of it */
};

enum multiline_result {
	MULTILINE_NOT,   /* it is a message of its own */
	MULTILINE_TAKEN, /* it is part of one that is not whole */
	MULTILINE_WHOLE, /* it was the last part: *whole is the message, valid until the next call */
};

enum multiline_result multiline_take(struct multiline *m, const struct line *line, struct line *whole);

/* The connection is over: what is not whole is lost with it. */
void multiline_reset(struct multiline *m);
