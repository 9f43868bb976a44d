#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/modes.h"

/*
 * What somebody asks for, with everything the answer depends on inside it: time, ids, origin, parameters, limits.
 * Records are what is ordered, stored, replayed and sent between nodes. All text is a view that the maker owns.
 */
enum record_type {
	RECORD_USER_ADD = 1,
	RECORD_USER_NICK,
	RECORD_USER_QUIT,
	RECORD_USER_KILL,
	RECORD_USER_AWAY,
	RECORD_USER_REALNAME,
	RECORD_USER_HOST,
	RECORD_USER_MODES,
	RECORD_USER_ACCOUNT,
	RECORD_JOIN,
	RECORD_PART,
	RECORD_KICK,
	RECORD_TOPIC,
	RECORD_CHANNEL_MODES,
	RECORD_INVITE,
	RECORD_MESSAGE,
	RECORD_WALLOPS,
	RECORD_CHANNEL,
	RECORD_USER_OPER,
	RECORD_ACCOUNT,
	RECORD_BAN_SET,
	RECORD_BAN_CLEAR,
	RECORD_EMERGENCY,
	RECORD_USER_NOTICES,
	RECORD_KNOCK,
	RECORD_REDACT,
	RECORD_FORGET,
	RECORD_METADATA,
	RECORD_CHANNEL_METADATA,
	RECORD_EVENT,
	RECORD_USER_STAY,
	RECORD_MARKER,
	RECORD_ACCOUNT_MARKERS,
	RECORD_RENAME,
	RECORD_CHANNEL_SETTINGS,
	RECORD_EDIT,
	RECORD_TYPE_END,
};

/* Whether and why a record outlives the process. */
enum record_class {
	RECORD_PRESENCE, /* ordered, not kept */
	RECORD_KEPT_MESSAGE,
	RECORD_KEPT_ACCOUNT,
	RECORD_KEPT_CHANNEL,
	RECORD_KEPT_NETWORK, /* bans, the emergency level */
	RECORD_REMOVAL,      /* takes kept messages away, and is not kept itself */
	RECORD_REVISION,     /* takes the place of a kept message, as which it is kept */
	RECORD_KEPT_USER,    /* those who are here without a device */
};

enum {
	RECORD_OVERRIDE = 1 << 0, /* asked by the server, or with its power: rights are not checked */
};

enum message_kind { MESSAGE_PRIVMSG, MESSAGE_NOTICE, MESSAGE_TAGMSG };

/* What happened in a channel, as those read it who come later. Stored: these numbers are not used again. */
enum past_kind {
	PAST_JOIN, /* text: the real name */
	PAST_PART, /* text: the reason, of the two that follow too */
	PAST_QUIT,
	PAST_KICK, /* target: the nick of who had to go */
	PAST_NICK, /* text: the new nick */
	PAST_MODE, /* text: letters and parameters */
	PAST_TOPIC,
	PAST_KIND_COUNT,
};

/* Of whom or what a ban of the network is, and what comes of it. Both are stored: the numbers are not used again. */
enum ban_kind {
	BAN_ADDRESS,  /* a network of addresses, as proto/cidr.h writes it */
	BAN_MASK,     /* nick!user@host, the host as shown or the address */
	BAN_ACCOUNT,  /* a glob of account names */
	BAN_REALNAME, /* a glob of real names */
	BAN_FILTER,   /* a pattern of texts; the network keeps it, and knows nothing of patterns */
	BAN_NICK, /* a glob of nicks and of names of accounts, as are the next two of other things: nobody gets them */
	BAN_CHANNEL,
	BAN_EMAIL,
	BAN_SUSPENDED, /* a channel, by its name: it keeps all that it has, and nobody is in it */
	BAN_KIND_COUNT,
};

enum ban_action {
	BAN_REFUSE,       /* out, and not let in; of a text: it is not sent */
	BAN_SHUN,         /* here, but nobody hears anything of them */
	BAN_NEED_ACCOUNT, /* in with an account alone */
	BAN_WARN,         /* of a text alone, as all below: operators are told */
	BAN_HIDE,         /* its author alone hears it */
	BAN_KICK,
	BAN_BAN, /* its author's address is banned for some time */
	BAN_ACTION_COUNT,
};

/* One step of a channel mode change, its target resolved. */
struct mode_op {
	bool set;
	char letter;
	uint64_t user;    /* for a rank: whom; 0 otherwise */
	struct str param; /* key, limit in digits, list mask (normalised) */
};

/* An entry of a channel's lists. */
struct list_item {
	enum chan_list list;
	struct str mask, by; /* by: nick!user@host of who set it */
	int64_t time;        /* ms since 1970 */
	int64_t until;       /* the same; 0: for good */
};

/* What an account has any number of. As stored: these numbers are not used again. */
enum account_item_kind {
	ACCOUNT_CERTFP,  /* SHA-256 of a client certificate that logs in, lower-case hex */
	ACCOUNT_NICK,    /* a nick of it beside its name; time: when it was used last, see command/expiry.h */
	ACCOUNT_MEMO,    /* "from text", left while nobody was there; time: when */
	ACCOUNT_CODE,    /* "purpose hash ...": what is waited for, see command/codes.h; time: until when */
	ACCOUNT_SETTING, /* "name value" */
	ACCOUNT_CHANNEL, /* "#channel o": its rank there, see network/access.h; time: since when */
	ACCOUNT_METADATA, /* "key value" */
	ACCOUNT_SEEN,    /* a device, "*" for those without a name; time: when it left last */
	ACCOUNT_TOTP,     /* the secret of a second factor in base32; time: the step of the code that was taken last */
	ACCOUNT_RECOVERY, /* in the place of such a code, once: its hash in hex */
	ACCOUNT_LAST,     /* "*"; time: when somebody was logged in to it last, see command/expiry.h */
	ACCOUNT_PUSH,     /* "p256dh auth endpoint": a device that is pushed to, see post/subscription.h; secret */
	ACCOUNT_ITEM_KINDS,
};

struct account_item {
	enum account_item_kind kind;
	struct str text;
	int64_t time; /* ms since 1970 */
};

/* Where a user is: a channel, with what makes it again where the user is all that is left of it. */
struct record_place {
	struct str channel, key; /* key: empty: none */
	uint32_t flags;          /* CHAN_* of the channel, which count where it is not registered */
	int64_t created;         /* ms since 1970 */
	uint8_t rank;            /* bits of RANK_* */
};

/* LIST_ITEMS: of all lists of a channel together; a channel never has more. */
enum { RECORD_MODE_OPS_MAX = 32, RECORD_LIST_ITEMS_MAX = 512, RECORD_ACCOUNT_ITEMS_MAX = 160, RECORD_PARAMS_MAX = 768 };
/* Of those that outlive the process. */
enum { RECORD_PLACES_MAX = 512 };

/* What a record points into, where it has a list of things. */
struct record_room {
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	struct list_item items[RECORD_LIST_ITEMS_MAX];
	struct account_item account_items[RECORD_ACCOUNT_ITEMS_MAX];
	char params[RECORD_PARAMS_MAX];
	struct record_place places[RECORD_PLACES_MAX];
};

/*
 * A message that is to be no more: whose it was, where and when, as the message itself has it, and never as the one
 * says who asks. https://ircv3.net/specs/extensions/message-redaction
 */
struct redaction {
	struct str channel; /* that it was said in; empty: to a user */
	uint64_t target;    /* that user; 0: not here, or to a channel */
	struct str to;      /* how whoever asks calls that user; empty for a channel */
	uint8_t min_rank;   /* of the message */
	struct str msgid;   /* of the message */
	struct str reason;  /* may be empty */
	uint64_t author;    /* id of the user who said it */
	struct str account; /* of that user at the time; empty: none */
	int64_t said;       /* ms since 1970 */
	int64_t window_ms;  /* for how long its author may; 0: for ever */
};

/*
 * A message that has another text from now on: https://github.com/ircv3/ircv3-specifications/pull/425. What stays of it
 * is as the message itself has it.
 */
struct edition {
	struct redaction of; /* without a reason */
	enum message_kind kind;
	struct str text;                    /* the new one */
	struct str tags, by, name, account; /* of the message; name and account: whom it went to */
};

struct record {
	enum record_type type;
	uint8_t flags;    /* RECORD_OVERRIDE */
	int64_t time;     /* ms since 1970 */
	uint64_t origin;  /* id of the user who asks; 0: the server. For RECORD_USER_ADD the new user's id */
	uint64_t session; /* who of the origin's sessions hears what became of it; 0: none. No part of the state */
	struct str msgid; /* https://ircv3.net/specs/extensions/message-ids */
	union {
		struct {
			struct str nick, username, host, realname;
			struct str address; /* numeric, seen by operators and oneself */
			struct str account; /* empty: none */
			struct str away;    /* of pre-away; empty: here */
			uint32_t modes;
			struct str realhost; /* the name of the address, confirmed; empty: none */
			struct str metadata; /* as metadata_text has them; empty: none */
			struct str cloaks;   /* the hosts that hide it, with blanks between them; empty: nothing does */
			struct str gateway;  /* that spoke for the user; empty: none */
			struct str country;  /* two letters; empty: not known */
			uint32_t secure;     /* 1: over TLS */
		} user_add;
		struct {
			struct str nick;
		} user_nick;
		struct {
			struct str reason;
		} user_quit;
		struct {
			uint64_t target;
			struct str reason; /* what the killer wrote */
		} user_kill;
		struct {
			struct str text; /* empty: back */
		} user_away;
		struct {
			struct str realname;
		} user_realname;
		struct {
			struct str username, host;
		} user_host;
		struct {
			uint32_t set, clear; /* USER_* of proto/modes.h */
		} user_modes;
		struct {
			struct str account; /* empty: logged out */
		} user_account;
		/* Becomes an operator, or is one in another way. By the server or RECORD_OVERRIDE alone. */
		struct {
			struct str name, class_name, title; /* see struct user_oper */
			uint64_t privileges;                /* priv_set */
		} user_oper;
		struct {
			uint32_t mask; /* of proto/notices.h; 0: none, and no mode +s */
		} user_notices;
		struct {
			struct str channel, key;
			uint32_t new_flags;    /* CHAN_* of a channel that this makes */
			uint32_t channels_max; /* of one user; 0: no limit */
		} join;
		struct {
			struct str channel, reason;
		} part;
		struct {
			struct str channel;
			uint64_t target;
			struct str reason;
		} kick;
		struct {
			struct str channel, text;
		} topic;
		struct {
			struct str channel;
			const struct mode_op *ops;
			uint32_t nops;
			int64_t until;     /* of what is added to lists, ms since 1970; 0: for good */
			uint32_t list_max; /* entries of all lists of a channel together; 0: no other bound */
		} channel_modes;
		struct {
			struct str channel;
			uint64_t target;
		} invite;
		struct {
			struct str channel, text;
		} knock;
		struct {
			enum message_kind kind;
			struct str channel; /* empty: to the user */
			uint64_t target;    /* user; 0 for a channel */
			uint8_t min_rank;   /* STATUSMSG: members with this rank bit or a higher one; 0: all */
			struct str text;    /* of one line or several: see proto/multiline.h */
			struct str tags;    /* client-only tags to be relayed, still escaped, without '@' */
			/* Of the origin when it spoke, for those who read it later: users are not kept. No part of the
			 * state */
			struct str by;      /* nick!user@host; empty: not kept */
			struct str account; /* empty: none */
			/* The same of the user that it is to. */
			struct str to;         /* the nick; empty: to a channel, or not kept */
			struct str to_account; /* empty: none */
			/* Who speaks for somebody of elsewhere, a nick; `by` is whom it speaks for. Empty: for itself
			 */
			struct str relay;
		} message;
		/* A copy of what the network has done, for history alone: applying it does nothing. */
		struct {
			enum past_kind kind;
			struct str channel;
			struct str by;      /* nick!user@host; empty: the server */
			struct str account; /* of that user; empty: none */
			struct str target, text;
		} event;
		struct {
			struct str channel; /* empty: of the user */
			uint64_t target;
			struct str key, value; /* as metadata.h has them */
			uint32_t remove;       /* 1: the key is not set any more, and value is empty */
			uint32_t max;          /* keys of one user or channel; 0: no other bound */
		} metadata;
		/* All metadata of a registered channel, as metadata_text has them. By the server alone; see channel. */
		struct {
			struct str channel, text;
		} channel_metadata;
		/* Of a registered channel, what it says: see settings.h. By the server alone; see channel. */
		struct {
			struct str channel;
			uint32_t what;    /* CHANNEL_SET_*: what of the rest counts */
			uint32_t flags;   /* CHANNEL_* of settings.h */
			struct str entry; /* empty: none */
			int64_t used;     /* ms since 1970; what is earlier than what is known says nothing */
		} channel_settings;
		/* The origin has read that far. With an account it is that one's, whether or not the origin is here. */
		struct {
			struct str account; /* empty: of the origin alone */
			struct str target;  /* a channel or a nick */
			int64_t time;       /* ms since 1970 */
		} marker;
		/* All markers of an account, as markers.h has them. By the server alone; see channel. */
		struct {
			struct str account, text;
		} account_markers;
		/*
		 * A channel gets another name, and takes along all that is kept under the old one. By the server: it
		 * has happened, and what stands under the new name already is the same channel. So it is kept;
		 * record_rename_kept.
		 */
		struct {
			struct str channel, name;
			struct str reason; /* may be empty */
		} rename;
		struct {
			struct str text;
		} wallops;
		/*
		 * What is kept of a registered channel, all of it. Without CHAN_REGISTERED: the channel is registered
		 * no more, and the rest says nothing. By the server or RECORD_OVERRIDE alone; applying it twice is
		 * applying it once, and whether the origin is still here does not matter.
		 */
		struct {
			struct str name;
			int64_t created;
			uint32_t flags, limit;
			struct str key, topic, topic_by; /* empty: none */
			int64_t topic_time;
			const struct list_item *items; /* those of one list: oldest first */
			uint32_t nitems;
			struct str params; /* of the modes with a value beside key and limit, as channel_params gives
					      them */
		} channel;
		/*
		 * What is kept of an account, all of it. Without ACCOUNT_EXISTS: there is none any more. It holds where
		 * revision is higher than the account's: of two that were made of the same account the second is
		 * refused, and applying one twice is applying it once. By the server or RECORD_OVERRIDE alone, whether
		 * or not the origin is still here.
		 */
		struct {
			struct str name;
			uint64_t revision; /* from 1; one more than what it was made of */
			int64_t created;
			uint32_t flags;         /* ACCOUNT_* of network/account.h */
			struct str credentials; /* see network/account.h; secret. Empty: no password logs in */
			struct str email, vhost, note;
			const struct account_item *items;
			uint32_t nitems;
		} account;
		/*
		 * A ban of the network, as a whole; one of the same kind and mask is replaced and keeps its id. The
		 * three that follow are by the server or RECORD_OVERRIDE alone; applying one twice is applying it once,
		 * and the origin may be gone.
		 */
		struct {
			uint64_t id; /* network_ban_next */
			enum ban_kind kind;
			enum ban_action action;
			uint32_t targets; /* of a filter: see command/filter.h */
			uint32_t max;     /* bans of all kinds; 0: no bound */
			struct str mask;  /* complete, as its kind has it */
			struct str by;    /* who set it, for people */
			struct str reason;
			int64_t until;  /* ms since 1970; 0: for good */
			int64_t ban_ms; /* of BAN_BAN: for how long; 0: for good */
		} ban;
		struct {
			uint64_t id;
			struct str by; /* empty: its time was over */
		} ban_clear;
		/*
		 * A user whose account keeps it here without a device, all that outlives the process of it; origin is
		 * its id. An empty nick: it is kept no more, and whoever is here for that alone is gone. By the server
		 * or RECORD_OVERRIDE alone; applying it twice is applying it once, and where it says what is so already
		 * nothing is altered, and nobody is told anything.
		 */
		struct {
			struct str account, nick, username, host, realname, address, realhost;
			struct str away; /* empty: here */
			uint32_t modes;  /* USER_*; those of operators are not kept */
			int64_t signon;
			const struct record_place *places;
			uint32_t nplaces;
		} stay;
		struct {
			uint32_t level; /* 0: as ever */
			struct str by;
		} emergency;
		struct redaction redact;
		struct edition edit;
		/* All that the account has said up to now. By one who is logged in to it, or the server. */
		struct {
			struct str account;
			struct str place; /* a channel, or a nick: what was said there alone; empty: anywhere */
			uint32_t whole;   /* 1: the account goes too, and nothing that was kept of it may be left */
		} forget;
	};
};

enum record_class record_class(const struct record *r);
/* What is kept of a RECORD_RENAME that was not refused: rights were asked, and users are not kept. */
void record_rename_kept(struct record *r);
/* A TAGMSG with one of these tags belongs to what was said, and is kept: reactions, and what clients mark as such. */
bool record_tags_last(struct str tags);
struct str record_tags_reply(struct str tags); /* the msgid that it is about, as it stands there; empty: none */
const char *record_type_name(enum record_type type);

/* Shows the fields of the record's type one after the other, for tools. Items of a list follow each other. */
struct record_viewer {
	void (*text)(void *ctx, const char *name, struct str value);
	void (*number)(void *ctx, const char *name, uint64_t value);
	void (*item)(void *ctx, const char *name, struct str value);
	void *ctx;
};
void record_show(const struct record *r, const struct record_viewer *v);

/*
 * The stored form: versioned, little-endian, self-delimiting. encode fails (out->full) when it does not fit.
 * decode gives views into bytes and into room. False: damaged or of another version; every length and enum value is
 * checked, for the bytes may come from a damaged disk or another node.
 */
void record_encode(struct buf *out, const struct record *r);
bool record_decode(struct record *out, struct record_room *room, struct str bytes);
