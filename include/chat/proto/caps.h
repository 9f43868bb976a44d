#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Capabilities of https://ircv3.net/registry that chatd offers: one row each in caps.c, one bit each in a set. */
enum cap {
	CAP_ACCOUNT_NOTIFY,
	CAP_ACCOUNT_TAG,
	CAP_AWAY_NOTIFY,
	CAP_BATCH,
	CAP_CAP_NOTIFY,
	CAP_CHGHOST,
	CAP_ECHO_MESSAGE,
	CAP_EXTENDED_ISUPPORT, /* draft/extended-isupport */
	CAP_EXTENDED_JOIN,
	CAP_EXTENDED_MONITOR,
	CAP_INVITE_NOTIFY,
	CAP_LABELED_RESPONSE,
	CAP_MESSAGE_TAGS,
	CAP_METADATA_2, /* draft/metadata-2; its value is the server's, as that of the next */
	CAP_METADATA_3, /* draft/metadata-3 */
	CAP_MULTILINE,  /* draft/multiline; its value is the configuration's */
	CAP_MULTI_PREFIX,
	CAP_NO_IMPLICIT_NAMES,
	CAP_OPER_TAG, /* draft/oper-tag */
	CAP_PRE_AWAY, /* draft/pre-away */
	CAP_READ_MARKER, /* draft/read-marker */
	CAP_REGISTER, /* draft/account-registration; its value is the policy's */
	CAP_RELAYMSG, /* draft/relaymsg: a tag says who relays */
	CAP_SASL,     /* its value is the session's */
	CAP_SERVER_TIME,
	CAP_SETNAME,
	CAP_STANDARD_REPLIES,
	CAP_STS, /* told, and never asked for; its value is the session's */
	CAP_USERHOST_IN_NAMES,
	CAP_MESSAGE_REDACTION, /* draft/message-redaction */
	CAP_CHATHISTORY,       /* draft/chathistory */
	CAP_EVENT_PLAYBACK,    /* draft/event-playback */
	CAP_ZNC_PLAYBACK,      /* znc.in/playback */
	CAP_SEARCH,            /* draft/search, soju.im/search */
	CAP_CHANNEL_RENAME,    /* draft/channel-rename */
	CAP_MESSAGE_EDIT,      /* draft/message-edit */
	CAP_WEBPUSH,           /* draft/webpush, soju.im/webpush */
	CAP_COUNT,
};

typedef uint64_t cap_set;

#define CAP_BIT(cap) ((cap_set)1 << (cap))

/* A capability can go by several names (draft/ and ratified): each row names one. */
struct cap_row {
	enum cap cap;
	const char *name;
	const char *value; /* shown in CAP LS 302; NULL for none */
};

const struct cap_row *caps_rows(size_t *count);
const struct cap_row *caps_find(struct str name); /* exact; NULL: unknown */
