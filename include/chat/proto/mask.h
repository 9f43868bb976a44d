#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/casemap.h"

/*
 * '*' and '?' (one UTF-8 character) against text, without recursion, in time proportional to mask times text at the
 * worst. Compared under the casemapping.
 */
bool mask_match(enum casemap map, struct str mask, struct str text);

/*
 * A ban mask as people type it made whole: "nick" -> nick!*@*, "user@host" -> *!user@host, "*.example" -> *!*@*.example
 * (a word with '.' or ':' is a host), runs of '*' become one. Extended bans (a prefix character, see extban.h of
 * network) are the caller's. Cut parts keep within the limits of name.h. Bytes that cannot stand on the wire or in
 * their part are dropped; where that leaves nothing of a part that was given, or of an empty mask, nothing is written.
 */
void mask_normalise(struct buf *out, struct str mask);
