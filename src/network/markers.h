#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Up to where somebody has read, by channels and nicks: https://ircv3.net/specs/extensions/read-marker
 * As text, and as stored: "name time\n" for each, names folded, times in ms since 1970. NULL: none.
 */
enum { MARKERS_MAX = 256, MARKERS_TEXT_MAX = MARKERS_MAX * (512 + 22) };

/* 0: there is none. */
int64_t markers_get(const char *text, struct str name);
/* Only ever later. False: it is as late already, or does not fit. Where there are too many, the earliest goes. */
bool markers_set(char **text, struct str name, int64_t time);
/* What was read of one is read of the other, as late as either was. */
void markers_move(char **text, struct str from, struct str to);
/* All that are good of a text; NULL: of none. */
void markers_take(char **text, struct str from);
