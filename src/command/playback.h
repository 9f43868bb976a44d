#pragma once

#include <stdbool.h>

#include "base/str.h"

struct call;

/*
 * What clients know from ZNC's module: a message to *playback, "PLAY <buffers> [<from> [<to>]]", shows what was said.
 * Buffers are channels, nicks, or '*' for all, with commas between them; times are seconds since 1970, with a fraction
 * or without. Each buffer is a batch, where the client has batches. False: the message is to somebody else.
 */
bool playback_takes(const struct call *call, const char *nick, struct str text);
