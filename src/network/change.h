#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "network/record.h"

struct ban;
struct channel;
struct member;
struct user;

/* What became of a record: what people are told. */
enum change_type {
	CHANGE_REFUSED, /* for the origin alone; refusal says why */
	CHANGE_USER_ADDED,
	CHANGE_NICK, /* was: the old nick; the user has the new one already */
	CHANGE_QUIT, /* told while the user is still everywhere; reason in text */
	CHANGE_AWAY, /* text: the message, empty: back */
	CHANGE_REALNAME,
	CHANGE_HOST,       /* was: the old user@host */
	CHANGE_USER_MODES, /* set, clear: what really changed */
	CHANGE_ACCOUNT,
	CHANGE_JOINED, /* told when the member is in */
	CHANGE_PARTED, /* told while the member is still in; was: another name that the channel had */
	CHANGE_KICKED, /* the same */
	CHANGE_TOPIC,
	CHANGE_CHANNEL_MODES, /* ops: what really changed */
	CHANGE_INVITED,
	CHANGE_MESSAGE,
	CHANGE_WALLOPS,
	CHANGE_BAN_SET,     /* ban: as it is now; told before those whom it ends */
	CHANGE_BAN_CLEARED, /* ban: what it was */
	CHANGE_EMERGENCY,   /* the level is the record's */
	CHANGE_KNOCKED,     /* for those who can invite; text: what was said with it */
	CHANGE_REDACTED,    /* a message is no more: in channel, or to user, NULL when gone */
	CHANGE_MARKER,      /* the user, on all devices, has read text (a channel or nick) up to the record's time */
	CHANGE_METADATA,    /* of channel, or of user; key, and text: the value */
	CHANGE_EDITED,      /* a message has another text: in channel, or to user, NULL when gone */
	CHANGE_RENAMED,     /* channel, which has its new name; was: the old one, text: why */
};

enum refusal {
	REFUSAL_NONE,
	REFUSAL_NO_SUCH_USER,
	REFUSAL_NO_SUCH_CHANNEL,
	REFUSAL_NICK_IN_USE,
	REFUSAL_NOT_ON_CHANNEL, /* the origin is not there */
	REFUSAL_TARGET_NOT_ON_CHANNEL,
	REFUSAL_ALREADY_ON_CHANNEL, /* INVITE of a member */
	REFUSAL_NEED_RANK,          /* 482: not a channel operator, or not as high as the target */
	REFUSAL_TOO_MANY_CHANNELS,
	REFUSAL_FULL,
	REFUSAL_INVITE_ONLY,
	REFUSAL_BANNED,
	REFUSAL_BAD_KEY,
	REFUSAL_NEED_ACCOUNT,        /* joining +R */
	REFUSAL_NO_EXTERNAL,         /* speaking: +n */
	REFUSAL_MODERATED,           /* +m */
	REFUSAL_MUTED,               /* banned or muted */
	REFUSAL_NO_CTCP,             /* +C */
	REFUSAL_SPEAK_NEEDS_ACCOUNT, /* a user with +R */
	REFUSAL_LIST_FULL,           /* text: the mask; ops: the one step refused */
	REFUSAL_NOT_OPER,            /* 481: KILL or WALLOPS of one who is an operator no more */
	REFUSAL_ACCOUNT_CHANGED,     /* the account is not what the record was made of */
	REFUSAL_ACCOUNT_TAKEN,       /* its name, a nick or a certificate of it is another account's */
	REFUSAL_SERVER_BAN,          /* 465: by ban */
	REFUSAL_BANS_FULL,
	REFUSAL_NO_NICK_CHANGE,         /* channel: in which the origin may not */
	REFUSAL_NO_COLOUR,              /* +c */
	REFUSAL_CHANNEL_SPEAKS_ACCOUNT, /* speaking: +M */
	REFUSAL_NO_KNOCK,               /* +K, or banned */
	REFUSAL_OPEN,                   /* KNOCK where the door is open */
	REFUSAL_KNOCK_INSIDE,           /* KNOCK of a member */
	REFUSAL_SLOW,                   /* +W */
	REFUSAL_FLOOD,                  /* +F */
	REFUSAL_JOINS,                  /* +j */
	REFUSAL_FORWARD,                /* not a half-operator there, or there is no such channel; text: its name */
	REFUSAL_FORWARDED,              /* to the channel that text names, and in there */
	REFUSAL_KNOCKED,                /* KNOCK too soon after another one */
	REFUSAL_REDACT,                 /* not one's own message, and no operator there */
	REFUSAL_REDACT_LATE,            /* one's own, but the time is over */
	REFUSAL_METADATA,               /* not one's own, and no operator there */
	REFUSAL_METADATA_FULL,
	REFUSAL_NAME_TAKEN,    /* RENAME to a channel that there is */
	REFUSAL_CANNOT_RENAME, /* to what is no name for it */
	REFUSAL_FORBIDDEN,     /* a nick or a channel, by ban */
	REFUSAL_END,
};

/* Valid during the call that tells it. */
struct change {
	enum change_type type;
	enum refusal refusal;
	const struct record *record;
	const struct user *by; /* who did it; NULL: the server */
	const struct user
		*user; /* whom it is about: in most changes the same as by; the target of KICK, INVITE, MESSAGE */
	const struct channel *channel; /* NULL: none */
	const struct member *member;   /* of user in channel, for JOINED, PARTED, KICKED */
	const struct ban *ban;         /* also of a QUIT or KICKED that a ban is the reason of; NULL: none */
	struct str was;
	struct str text;
	struct str key;
	bool removed; /* the key is not set any more */
	const struct mode_op *ops;
	uint32_t nops;
	uint32_t set, clear;
};

struct change_sink {
	void (*tell)(void *ctx, const struct change *c);
	void *ctx;
};
