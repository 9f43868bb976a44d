#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Text on its way out, made fit for IRC lines. Pure. CR and LF become spaces, NUL and broken UTF-8 become U+FFFD.
 */

/*
 * Moves the next piece of *rest into out: as much as fits there, never ending inside a code point. False, and nothing
 * moved, when *rest is empty. out must have room for CODEPOINT_BYTES_MAX bytes at least.
 */
bool outgoing_take(struct str *rest, struct buf *out);

/* Text without the CR at its end. */
struct str outgoing_chomp(struct str text);

/*
 * Bytes left for the text of "PRIVMSG target :text" so that others get it whole when the server puts our prefix (of so
 * many bytes, without ':') in front. At least OUTGOING_ROOM_MIN.
 */
enum { OUTGOING_ROOM_MIN = 64 };
size_t outgoing_room(size_t prefix, struct str command, struct str target);
