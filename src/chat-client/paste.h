#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * What a terminal marks as pasted (bracketed paste, xterm's mode 2004): bytes between ESC [ 200 ~, which keys.h finds,
 * and ESC [ 201 ~. They are text, whatever keys they look like. Pure but for memory.
 */
enum { PASTE_MAX = 64 << 10 };

struct paste {
	char *text; /* NULL: none is coming in */
	size_t n;
	bool cut; /* it was longer */
};

void paste_begin(struct paste *p);
/* One byte more. True when it was the last of the mark at the end: *text is what came between, lines end with '\n'. */
bool paste_put(struct paste *p, unsigned char byte, struct str *text);
/* The mark at the end never came: all that there is. */
struct str paste_finish(struct paste *p);
void paste_drop(struct paste *p);

static inline bool paste_is_open(const struct paste *p)
{
	return p->text != NULL;
}
