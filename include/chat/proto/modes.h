#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Channel and user modes as data: one const row each; what a letter takes is decided here and nowhere else.
 * CHANMODES types as in modern.ircdocs.horse: A lists, B always a parameter, C a parameter when set, D flags.
 */
enum chan_mode_type { CHAN_MODE_LIST, CHAN_MODE_PARAM, CHAN_MODE_PARAM_SET, CHAN_MODE_FLAG, CHAN_MODE_PREFIX };

/* Bits of a channel's flags; the letter is in the table. */
enum {
	CHAN_INVITE_ONLY = 1 << 0,     /* i */
	CHAN_MODERATED = 1 << 1,       /* m */
	CHAN_NO_EXTERNAL = 1 << 2,     /* n */
	CHAN_SECRET = 1 << 3,          /* s */
	CHAN_TOPIC_LOCKED = 1 << 4,    /* t */
	CHAN_NO_CTCP = 1 << 5,         /* C */
	CHAN_REGISTERED_ONLY = 1 << 6, /* R */
	CHAN_REGISTERED = 1 << 7,      /* r: set by the server alone */
	CHAN_NO_NICK = 1 << 8,         /* N: members keep their nicks */
	CHAN_NO_COLOUR = 1 << 9,       /* c: messages with colours and other formatting are refused */
	CHAN_STRIP_COLOUR = 1 << 10,   /* S: they are taken out of messages */
	CHAN_NO_KNOCK = 1 << 11,       /* K */
	CHAN_SPEAK_ACCOUNT = 1 << 12,  /* M: who is not voiced speaks with an account alone */
	CHAN_AUDITORIUM = 1 << 13,     /* u: who is not voiced is shown to half-operators and up alone */
};

/* Bits of a member's rank, highest first in PREFIX=(qaohv)~&@%+ */
enum {
	RANK_VOICE = 1 << 0,  /* v + */
	RANK_HALFOP = 1 << 1, /* h % */
	RANK_OP = 1 << 2,     /* o @ */
	RANK_ADMIN = 1 << 3,  /* a & */
	RANK_OWNER = 1 << 4,  /* q ~ */
};

/* Lists; index into a channel's lists. */
enum chan_list { CHAN_LIST_BAN, CHAN_LIST_EXCEPT, CHAN_LIST_INVEX, CHAN_LIST_COUNT };

/* Modes with a value, of type B and C. From CHAN_PARAM_FORWARD on few channels have them. */
enum chan_param {
	CHAN_PARAM_KEY,     /* k */
	CHAN_PARAM_LIMIT,   /* l */
	CHAN_PARAM_FORWARD, /* f: where those go who may not come in */
	CHAN_PARAM_FLOOD,   /* F lines:seconds, of one member */
	CHAN_PARAM_HISTORY, /* H */
	CHAN_PARAM_SLOW,    /* W seconds between two lines of one member */
	CHAN_PARAM_JOINS,   /* j joins:seconds */
	CHAN_PARAM_COUNT,
};

/* To whom a channel's history is shown. Stored as its name. */
enum chan_history {
	CHAN_HISTORY_USUAL,  /* as the server has it for all channels */
	CHAN_HISTORY_JOINED, /* to members: what came since they joined */
	CHAN_HISTORY_ALWAYS, /* to members: all of it */
	CHAN_HISTORY_NEVER,
};

struct pace {
	uint32_t count, seconds; /* count 0: none */
};

struct chan_mode {
	char letter;
	enum chan_mode_type type;
	uint32_t bit; /* flag or rank bit, or the enum chan_list, or the enum chan_param */
	char prefix;  /* for CHAN_MODE_PREFIX */
};

const struct chan_mode *chan_mode_find(char letter); /* NULL: unknown */
const struct chan_mode *chan_modes(size_t *count);   /* all rows, in the order that ISUPPORT shows */
static inline bool chan_mode_takes_value(const struct chan_mode *mode)
{
	return mode->type == CHAN_MODE_PARAM || mode->type == CHAN_MODE_PARAM_SET;
}
/* The value made whole, without zeros in front of numbers. False: it is none for that mode. */
bool chan_param_normalise(struct buf *out, enum chan_param which, struct str value);
/* "5:10". False: it is none, or out of bounds. */
bool chan_pace_parse(struct str value, struct pace *out);
const char *chan_history_name(enum chan_history h); /* "" for CHAN_HISTORY_USUAL */
enum chan_history chan_history_parse(struct str name);
char rank_prefix(uint8_t rank); /* of the highest bit; 0 for none */
/* All prefixes, highest first, or the highest alone; dst gets up to 5 bytes and a NUL. Returns the length. */
size_t rank_prefixes(uint8_t rank, bool all, char dst[6]);
/* The rank bit for a STATUSMSG prefix character; 0: none. */
uint8_t rank_of_prefix(char prefix);

/* Bits of a user's modes. */
enum {
	USER_INVISIBLE = 1 << 0,       /* i */
	USER_OPER = 1 << 1,            /* o: given by OPER, may be dropped */
	USER_WALLOPS = 1 << 2,         /* w */
	USER_REGISTERED_ONLY = 1 << 3, /* R: direct messages from accounts alone */
	USER_BOT = 1 << 4,             /* B */
	USER_REGISTERED = 1 << 5,      /* r: set by the server alone */
	USER_HIDE_OPER = 1 << 6,       /* H: of an operator, not shown as one */
	USER_OVERRIDE = 1 << 7,        /* p: of an operator, rights in channels are not asked */
	USER_NOTICES = 1 << 8,         /* s: of an operator, has a mask of proto/notices.h */
	USER_CLOAKED = 1 << 9,         /* x: the host shown is not the real one */
};

/* Modes that go when USER_OPER goes. */
#define USER_OPER_MODES ((uint32_t)(USER_OPER | USER_HIDE_OPER | USER_OVERRIDE | USER_NOTICES))

struct user_mode {
	char letter;
	uint32_t bit;
	bool settable;   /* by the user with MODE +x */
	bool unsettable; /* by the user with MODE -x */
	int8_t needs;    /* enum privilege with which it is settable all the same; -1: none helps */
};

const struct user_mode *user_mode_find(char letter);
const struct user_mode *user_modes(size_t *count);

/* One step of a mode string: "+o-v nick nick" gives {set, 'o', "nick"}, {unset, 'v', "nick"}. */
struct mode_step {
	bool set;
	char letter;
	const struct chan_mode *mode; /* NULL: unknown letter (472) */
	const char *param;            /* NULL: none was there */
	bool query;                   /* a list letter without a parameter, or with an empty one (param is NULL) */
};

struct mode_parse {
	const char *at;            /* rest of the mode string */
	const char *const *params; /* rest of the parameters */
	size_t nparams;
	bool set;
};

/* Walks a channel mode string with its parameters. modes: NUL-terminated, e.g. "+ov-k". */
void mode_parse_init(struct mode_parse *m, const char *modes, const char *const *params, size_t nparams);
bool mode_parse_next(struct mode_parse *m, struct mode_step *out);
