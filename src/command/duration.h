#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { DURATION_TEXT_MAX = 48 };

/*
 * How long something lasts, as operators write it: "1h30m", "2d", "3w", "45s"; a bare number is minutes, as with KLINE
 * of most servers. "0", "perm", "permanent" and "forever" give 0, for good. False: it is none, or longer than a hundred
 * years.
 */
bool duration_parse(const char *text, int64_t *ms);

/* "1d2h", "45s"; of no more than two units, rounded down. */
void duration_show(struct buf *out, int64_t ms);
