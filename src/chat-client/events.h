#pragma once

#include "base/buf.h"
#include "chat-client/screen.h"
#include "proto/line.h"

struct client;

/*
 * What a message from the server is in words. Pure but for the local time zone: looks at the client, changes nothing.
 * The bytes of strangers are in `out` as they came; the screen renders them. False: there is nothing to show.
 */
bool events_describe(const struct client *c, const struct line *line, struct buf *out, enum screen_stream *stream);
