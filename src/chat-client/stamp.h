#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Times as the server sends them and as people read them. */

/* Reads 2026-01-31T12:34:56.789Z (IRCv3 server-time). ms since 1970. False when it is anything else. */
bool stamp_parse(struct str text, int64_t *ms);

/* Appends "14:03" in local time. */
void stamp_clock(struct buf *out, int64_t ms);

/* Appends "2026-01-31 14:03" in local time. */
void stamp_date(struct buf *out, int64_t ms);

/* Appends "3d 4h", "5m 20s": the two largest units of a duration. */
void stamp_duration(struct buf *out, uint64_t seconds);
