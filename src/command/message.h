#pragma once

#include "base/buf.h"
#include "command/command.h"
#include "network/record.h"

/* What was said to somebody, in one line or several; see proto/multiline.h. */
struct message_said {
	enum message_kind kind;
	struct str text, tags;
};

/*
 * The tags that clients may hand to each other through a server, of the caller's line and in their order:
 * https://ircv3.net/specs/extensions/message-tags. Never more than came in.
 */
void message_tags_pick(struct buf *out, const struct call *call);

/* To one target, which is not a list of them. */
void message_send_one(const struct call *call, const struct message_said *said, const char *target);
