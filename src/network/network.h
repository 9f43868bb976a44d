#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "network/change.h"
#include "network/record.h"
#include "proto/casemap.h"
#include "proto/modes.h"
#include "proto/notices.h"
#include "proto/privileges.h"

/*
 * Users, channels, members: all that the network is. network_apply alone alters it, and it is deterministic: no clock,
 * no random number, no I/O, nothing that can fail half-way. The same records give the same network, bit for bit.
 */

/* Text of a user, packed in one block; each is NUL-terminated and may be empty. */
enum user_text {
	USER_NICK,
	USER_NICK_FOLDED,
	USER_NAME, /* the username, of nick!username@host */
	USER_HOST,
	USER_REALNAME,
	USER_ADDRESS,
	USER_ACCOUNT,
	USER_REALHOST, /* the name of the address; empty: it has none that is confirmed */
	USER_CLOAKS,   /* the hosts that hide the address, whatever is shown, with blanks between them; empty: nothing does */
	USER_GATEWAY,  /* that spoke for the user with WEBIRC; empty: none */
	USER_COUNTRY,  /* of the address, two letters; empty: not known */
	USER_TEXT_COUNT,
};

/* What an operator is one by. */
struct user_oper {
	char *name;       /* of the [oper] block */
	char *class_name; /* empty: none, which has all privileges */
	char *title;      /* what WHOIS says; empty: the usual words */
	priv_set privileges;
	uint32_t notices; /* of proto/notices.h; USER_NOTICES: there is one */
};

struct user {
	uint64_t id;
	char *text; /* packed */
	uint16_t text_at[USER_TEXT_COUNT + 1];
	uint32_t modes;         /* USER_* of proto/modes.h */
	uint32_t at;            /* index in network's users */
	int64_t signon;         /* ms since 1970 */
	int64_t spoke;          /* when the last PRIVMSG or NOTICE came: idle time */
	char *away;             /* NULL: here */
	struct user_oper *oper; /* NULL: none, or with USER_OPER one of whom no more is known: it may all */
	struct vec memberships; /* struct member * */
	struct metadata *metadata; /* NULL: none */
	char *markers;             /* of one without an account, see markers.h; NULL: none */
	uint64_t *invites;      /* ids of channels invited to, NULL: none */
	uint32_t ninvites;
	bool kept;      /* what is in a RECORD_USER_STAY: it outlives the process */
	bool secure;    /* came in over TLS */
	bool shunned;   /* by some ban: always what comes of those and the texts */
	void *sessions; /* the fan-out's: who hears for this user on this node. No part of the state */
};

struct member {
	struct user *user;
	struct channel *channel;
	uint32_t at_channel; /* index in the channel's members */
	uint16_t at_user;    /* index in the user's memberships */
	uint8_t rank;        /* RANK_* */
	int64_t joined;      /* ms since 1970 */
};

/* An entry of a +b, +e or +I list. */
struct list_entry {
	char *mask;
	char *by;      /* nick!user@host of who set it */
	int64_t time;  /* ms since 1970 */
	int64_t until; /* the same; 0: for good */
};

/* Somebody who did something in a channel lately. */
struct recent_one {
	uint64_t user;
	int64_t last, from; /* ms since 1970: the last time, and the first of those counted */
	uint32_t count;
};

struct recent {
	struct recent_one *items; /* by the last time, the oldest first */
	uint32_t count;
};

/* What few channels have; made when one of these modes is set first, or somebody knocks. */
struct channel_extra {
	char *forward;             /* +f; NULL: none */
	struct pace flood;         /* +F lines of one member:seconds */
	struct pace joins;         /* +j joins:seconds */
	uint32_t slow;             /* +W seconds between two lines of one member; 0: none */
	enum chan_history history; /* +H */
	struct recent spoke, knocked;
	int64_t joins_from; /* ms since 1970: since when joins are counted */
	uint32_t joins_count;
};

struct channel {
	uint64_t id; /* never used twice */
	char *name;  /* as first written */
	char *folded;
	int64_t created;             /* ms since 1970 */
	uint32_t flags;              /* CHAN_* */
	uint32_t limit;              /* +l; 0: none */
	char *key;                   /* +k; NULL: none */
	struct channel_extra *extra; /* NULL: none of it */
	char *topic;                 /* NULL: none */
	char *topic_by;              /* nick!user@host */
	int64_t topic_time;
	uint32_t at;                       /* index in network's channels */
	uint32_t timed_at; /* one more than the index in those with entries that end; 0: it has none */
	struct metadata *metadata;         /* NULL: none */
	struct channel_settings *settings; /* see settings.h; NULL: none */
	struct vec members;                /* struct member * */
	struct vec lists[CHAN_LIST_COUNT]; /* struct list_entry *, oldest first */
};

/* Somebody who was here. */
struct whowas {
	char *nick, *username, *host, *realname, *account, *address, *realhost; /* account NULL: none */
	int64_t time;                                                           /* of leaving, ms since 1970 */
};

struct network_config {
	enum casemap casemap;
	uint32_t whowas_max;  /* entries kept */
	struct hash_key seed; /* of the tables; no part of the state */
};

struct network;

struct network *network_new(const struct network_config *config);
void network_free(struct network *net);

/*
 * Applies the record and tells sink each change, while the state is as change.h says. The sink must not call
 * network_apply. Time never runs backwards for the state: it is what the record says.
 */
void network_apply(struct network *net, const struct record *r, const struct change_sink *sink);

/* Equal for equal states, whatever order tables happen to have. */
uint64_t network_hash(const struct network *net);
/* Of what outlives the process alone, the registered channels and the accounts: no ids, no members. */
uint64_t network_hash_kept(const struct network *net);

/* The RECORD_CHANNEL that stands for the channel as it is now, by the server; views into the channel and into room. */
void network_channel_record(const struct channel *c, struct record *out, struct record_room *room);

/* The RECORD_USER_STAY that stands for the user as it is now, by the server; views into the network and into room. */
void network_user_record(const struct user *u, struct record *out, struct record_room *room);

/* Channels with entries of lists that end: struct channel *, in no order. */
const struct vec *network_timed(const struct network *net);
/* When the first of them all ends, or the first of one channel: ms since 1970; 0: none does. */
int64_t network_lists_end(const struct network *net);
int64_t network_list_end(const struct channel *c);
/* The steps that take away what is over; views into the channel. Returns how many, up to RECORD_MODE_OPS_MAX. */
uint32_t network_list_over(const struct channel *c, int64_t now, struct mode_op ops[RECORD_MODE_OPS_MAX]);

enum { CHANNEL_PARAM_MAX = 32 };
/* The value of a mode that has one, as MODE shows it; empty: not set. A view into memory or into the channel. */
struct str channel_param(const struct channel *c, enum chan_param which, char memory[CHANNEL_PARAM_MAX]);
/* Those in struct channel_extra: "fvalue Wvalue", letter and value for each; empty: none. A view into memory. */
struct str channel_params(const struct channel *c, char *memory, size_t size);

/* The node's own note on a user; see struct user. */
void network_user_set_sessions(struct network *net, uint64_t id, void *sessions);

/* Queries. Pointers are valid until the next network_apply. */
enum casemap network_casemap(const struct network *net);
const struct user *network_user(const struct network *net, uint64_t id);
const struct user *network_user_by_nick(const struct network *net, struct str nick);
const struct channel *network_channel(const struct network *net, struct str name);
const struct member *network_member(const struct channel *c, const struct user *u);
const struct vec *network_users(const struct network *net);    /* struct user * */
const struct vec *network_opers(const struct network *net);    /* struct user *, in no order */
const struct vec *network_channels(const struct network *net); /* struct channel * */
/* Those who had that nick, newest first: the nth (0: newest); NULL at the end. */
const struct whowas *network_whowas(const struct network *net, struct str nick, size_t nth);

struct network_counts {
	uint32_t users, invisible, opers, channels, users_max; /* users_max: the most at once */
};
struct network_counts network_counts(const struct network *net);

static inline const char *user_text(const struct user *u, enum user_text which)
{
	return u->text + u->text_at[which];
}

static inline struct str user_str(const struct user *u, enum user_text which)
{
	return (struct str){u->text + u->text_at[which], (size_t)(u->text_at[which + 1] - u->text_at[which] - 1)};
}

static inline const char *user_nick(const struct user *u)
{
	return user_text(u, USER_NICK);
}

static inline bool user_may(const struct user *u, enum privilege priv)
{
	return (u->modes & USER_OPER) && (!u->oper || (u->oper->privileges & PRIV_BIT(priv)));
}

static inline struct member *channel_member(const struct channel *c, uint32_t at)
{
	return c->members.items[at];
}
