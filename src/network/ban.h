#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"
#include "network/record.h"
#include "proto/cidr.h"

struct network;
struct user;

/*
 * Bans of the whole network: a part of the state like its channels. Whoever a ban is against does not come in, and
 * leaves when it is set; how often that was is the node's own note.
 */
struct ban {
	uint64_t id;
	enum ban_kind kind;
	enum ban_action action;
	uint32_t targets; /* of a filter */
	uint32_t at;      /* index among those of its kind */
	int64_t time;     /* when it was set, ms since 1970 */
	int64_t until;    /* 0: for good */
	int64_t ban_ms;   /* of BAN_BAN: for how long, 0: for good */
	char *mask, *by, *reason;
	char *key; /* what it is found by */
	size_t nkey, nmask;
	struct cidr cidr; /* of BAN_ADDRESS */
	uint64_t hits;    /* the node's, as is the next. No part of the state */
	int64_t last_hit; /* 0: never */
};

/* Whom a ban may be against; what is not known is empty. */
struct ban_subject {
	struct str nick, username, host, address, realhost, account, realname;
};
struct ban_subject ban_subject_of(const struct user *u);

const char *ban_kind_name(enum ban_kind kind);       /* "address" ... */
const char *ban_action_name(enum ban_action action); /* "refuse" ... */

bool ban_matches(const struct network *net, const struct ban *b, const struct ban_subject *s);

/* The ban that keeps them out; NULL: none does. Those that only shun are none of these. */
const struct ban *network_ban_against(const struct network *net, const struct ban_subject *s);
/* The one that shuns them; NULL: none does. */
const struct ban *network_shun_against(const struct network *net, const struct ban_subject *s);
/* network_ban_against of an address alone, when nothing else is known: in time that does not grow with the number of bans. */
const struct ban *network_ban_address(const struct network *net, const struct cidr *address);

const struct vec *network_bans(const struct network *net, enum ban_kind kind); /* struct ban * */
size_t network_ban_count(const struct network *net);
const struct ban *network_ban(const struct network *net, uint64_t id);
const struct ban *network_ban_find(const struct network *net, enum ban_kind kind, struct str mask);
/* An id that no ban had. */
uint64_t network_ban_next(const struct network *net);
/* The first that ends by itself; NULL: none does. */
const struct ban *network_ban_due(const struct network *net);
/* Another number after each change of that kind. */
uint32_t network_ban_version(const struct network *net, enum ban_kind kind);

/* The RECORD_BAN_SET that stands for it, by the server; views into it. */
void network_ban_record(const struct ban *b, struct record *out);
/* Notes that it met somebody. */
void network_ban_hit(const struct network *net, const struct ban *b, int64_t now);

/*
 * What nobody gets, and what is suspended: bans of the kinds BAN_NICK, BAN_CHANNEL, BAN_EMAIL and BAN_SUSPENDED, with
 * BAN_REFUSE. Records with the server's power are not kept from it.
 */
/* The ban of that kind which that name meets; NULL: none. */
const struct ban *network_forbidden(const struct network *net, enum ban_kind kind, struct str name);
/* The one which keeps people out of that channel, whether or not there is any. */
const struct ban *network_channel_shut(const struct network *net, struct str channel);
static inline bool ban_is_of_name(enum ban_kind kind)
{
	return kind >= BAN_NICK && kind <= BAN_SUSPENDED;
}
/* "This channel is suspended: ", marked; "": the kind forbids nothing. */
const char *forbid_words(enum ban_kind kind);
/* "This channel is suspended: reason (until ...)" */
void forbid_explain(struct buf *out, const struct ban *b);

uint32_t network_emergency(const struct network *net);

/* "reason (until 2026-11-25 09:30 UTC)": what whoever it is against is told; as an end of a connection, "Banned: reason
 * ..." */
void ban_reason(struct buf *out, const struct ban *b);
void ban_explain(struct buf *out, const struct ban *b);
/* "2026-11-25 09:30 UTC" */
void ban_time(struct buf *out, int64_t ms);
