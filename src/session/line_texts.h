#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "session/language.h"

/* What people at the line door are told. In a text %1 to %4 stand for what goes in. */
enum line_text {
	TEXT_NONE, /* nothing is said */
	TEXT_GREETING,
	TEXT_ASK_NAME,
	TEXT_WAITING,
	TEXT_ASK_SERVER_PASSWORD,
	TEXT_ASK_PASSWORD,
	TEXT_SEEN_PASSWORD,
	TEXT_TOO_MANY_NAMES,
	TEXT_WELCOME,
	TEXT_NOWHERE,
	TEXT_NO_COMMAND,
	TEXT_HELP_BEFORE,
	TEXT_HELP,
	TEXT_MISSING,
	TEXT_TOO_LONG,
	TEXT_BELL_ON,
	TEXT_BELL_OFF,
	TEXT_JOINS_ON,
	TEXT_JOINS_OFF,
	TEXT_TELNET,
	TEXT_NOW_WITH,
	TEXT_LEFT_NOW_IN,
	TEXT_PRIVATE,
	TEXT_SENT,
	TEXT_CTCP,
	TEXT_YOU_IN,
	TEXT_YOU_LEFT,
	TEXT_JOINED,
	TEXT_LEFT,
	TEXT_QUIT,
	TEXT_YOU_KICKED,
	TEXT_KICKED,
	TEXT_YOU_NICK,
	TEXT_NICK,
	TEXT_TOPIC_SET,
	TEXT_TOPIC_CLEARED,
	TEXT_TOPIC,
	TEXT_NO_TOPIC,
	TEXT_HERE,
	TEXT_MODE,
	TEXT_INVITED,
	TEXT_KILLED,
	TEXT_AWAY,
	TEXT_BACK,
	TEXT_END,
	TEXT_WHO,
	TEXT_CHANNEL,
	TEXT_IS,
	TEXT_IS_IN,
	TEXT_IDLE,
	TEXT_LAST_LINES,
	TEXT_LOGGED_IN,
	TEXT_LOGGED_OUT,
	TEXT_INVITING,
	TEXT_NO_NICK,
	TEXT_NO_CHANNEL,
	TEXT_CANNOT_SEND,
	TEXT_TOO_MANY_CHANNELS,
	TEXT_NICK_BAD,
	TEXT_NICK_USED,
	TEXT_NICK_LOCKED,
	TEXT_NOT_THERE,
	TEXT_NOT_ON_CHANNEL,
	TEXT_WRONG_PASSWORD,
	TEXT_BANNED,
	TEXT_FULL,
	TEXT_INVITE_ONLY,
	TEXT_CHANNEL_BANNED,
	TEXT_KEY,
	TEXT_BAD_CHANNEL,
	TEXT_NEEDS_ACCOUNT,
	TEXT_NOT_OPERATOR,
	TEXT_LOGIN_WRONG,
	TEXT_TRY_AGAIN,
	TEXT_COUNT,
};

/* The text, which may have several lines. */
const char *line_text(enum language language, enum line_text id);

/* What goes in for %1 to %4; what is not there is empty. */
struct line_args {
	struct str of[4];
};
/* Appends it filled in, without a line's end. */
void line_text_fill(struct buf *out, enum language language, enum line_text id, const struct line_args *args);
