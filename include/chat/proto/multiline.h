#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * A message of several lines as one text: https://ircv3.net/specs/extensions/multiline. Each line but the first stands
 * behind a byte that no line holds, and that says how it goes on from the one before.
 */
enum {
	MULTILINE_BREAK = '\n',  /* a line of its own */
	MULTILINE_CONCAT = '\r', /* the rest of the same line: draft/multiline-concat */
};

struct multiline {
	struct str rest;
	bool concat; /* of the line that comes next */
	bool end;
};

static inline struct multiline multiline_begin(struct str text)
{
	return (struct multiline){text, false, false};
}

/* Takes the next line off the front. False: there was none left. A text that is empty has one line, which is empty. */
bool multiline_next(struct multiline *m, struct str *line, bool *concat);

/* The text has more than one line. */
bool multiline_is(struct str text);
size_t multiline_count(struct str text);

/* Not one line of it has anything in it. */
bool multiline_is_blank(struct str text);
