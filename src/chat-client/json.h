#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/line.h"

/*
 * A message as one JSON object on a line (RFC 8259), for programs; the schema stands in chat-client(1). Pure. Every
 * byte that could command a terminal, or turn the direction of text, is escaped; broken UTF-8 becomes U+FFFD.
 */
/* Bytes that the object takes at most. */
size_t json_room(const struct line *line);

/* Appends it, with its newline; now_ms where the server gives no time. False: the message is between the two programs.
 */
bool json_line(struct buf *out, const struct line *line, int64_t now_ms);
