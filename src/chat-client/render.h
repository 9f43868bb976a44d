#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Bytes from strangers made fit for a terminal. Pure. Whatever goes in, what comes out is valid UTF-8 without C0, DEL
 * or C1 controls, without bidirectional controls, and without characters that have no width of their own; so it can
 * neither command the terminal nor hide or reorder text, and it stays on one line.
 * IRC formatting codes (modern.ircdocs.horse/formatting) are left out with their parameters, or become SGR sequences of
 * our own making, with a reset at the end; other controls, hidden
 * characters and broken UTF-8 show as U+FFFD; a tab is a space. Joiners and variation selectors, which ordinary emoji
 * contain, are left out without a mark.
 */
enum { RENDER_GROWTH = 3 }; /* an input byte gives at most so many bytes, unless formatting is shown */

enum render_mode {
	RENDER_PLAIN,
	RENDER_ASCII,  /* the terminal is not one that takes UTF-8; what is beyond ASCII shows as '?' */
	RENDER_COLOUR, /* formatting is shown, as long as there is room for it in out */
};

/* Whether the code point may reach a terminal as it is: what render_text leaves alone. */
bool render_is_fit(uint32_t cp);

void render_text(struct buf *out, struct str text, enum render_mode mode);
