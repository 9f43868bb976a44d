#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct prompt;

/*
 * Everything that people see goes through here, so that every byte is rendered inert, and the line that is being typed
 * is taken away before a line is printed and put back after the turn.
 */
struct screen {
	struct prompt *prompt; /* NULL: there is no line being typed */
	bool ascii;            /* the terminal does not take UTF-8 */
	bool colour;           /* formatting is shown */
	char time[64];         /* strftime of what stands in front, in brackets; "" for nothing */
	int day;               /* of the line before, so that a new day is announced; 0: there was none */
	bool quiet;            /* SCREEN_REST is left out */
	bool json;             /* messages go out as objects alone */
	bool broken;           /* stdout is gone */
};

/* Messages go to stdout, the rest to stderr; objects, which are inert already, to stdout as they are. */
enum screen_stream { SCREEN_MESSAGES, SCREEN_REST, SCREEN_ERRORS, SCREEN_OBJECTS };

/*
 * Prints text as one line, and what follows a line feed in it as lines of their own that begin with CONTINUED; ms since
 * 1970 is when it was said.
 */
#define SCREEN_CONTINUED "  | "
void screen_line(struct screen *s, enum screen_stream stream, int64_t ms, struct str text);

/* Rings the bell of the terminal. */
void screen_bell(struct screen *s);
