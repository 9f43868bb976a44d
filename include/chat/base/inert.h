#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Text from strangers that is to reach a terminal: what of it may, and what may not. Neither commands for the terminal
 * (C0, DEL, C1), nor what hides or reorders text (bidirectional controls, characters without a width of their own).
 */
enum inert_verdict {
	INERT_SHOW,
	INERT_SKIP,    /* left out without a mark: joiners and variation selectors, which ordinary emoji contain */
	INERT_REPLACE, /* shown as U+FFFD */
};

/* Of a code point; a control is INERT_REPLACE, and one of IRC's formatting INERT_SKIP. */
enum inert_verdict inert_judge(uint32_t cp);

/* Control characters that format text: https://modern.ircdocs.horse/formatting */
enum { INERT_COLOUR = 0x03, INERT_HEX_COLOUR = 0x04 };
bool inert_is_format(uint32_t cp);

/* Length of the colour at the front of s: one or two decimal digits, or six hexadecimal ones; 0: there is none. */
size_t inert_colour_length(struct str s, bool hex);

/*
 * Appends the text made harmless, as valid UTF-8 on one line: formatting goes with its parameters, a tab is a space, broken
 * UTF-8 shows as U+FFFD. An input byte gives at most INERT_GROWTH bytes.
 */
enum { INERT_GROWTH = 3 };
void inert_text(struct buf *out, struct str text);
