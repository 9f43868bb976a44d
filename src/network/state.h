#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "network/access.h"
#include "network/account.h"
#include "network/change.h"
#include "network/network.h"
#include "network/record.h"
#include "network/ban.h"
#include "proto/cidr.h"
#include "proto/modes.h"

/* Inside of the network: the state itself, and the few functions that alter it. Only apply*.c call those. */

enum {
	NETWORK_TEXT_MAX = 512, /* bytes of each text of a user, and of a channel's name: records may ask for more */
	NETWORK_FOLDED_MAX = CASEMAP_ROOM(NETWORK_TEXT_MAX),
	NETWORK_INVITES_MAX = 64,
	NETWORK_MASK_MAX = 3 * NETWORK_TEXT_MAX + 2, /* nick!user@host */
};

/* What flags and modes a record may set; others are of no meaning here. */
#define STATE_CHAN_FLAGS                                                                                               \
	((uint32_t)(CHAN_INVITE_ONLY | CHAN_MODERATED | CHAN_NO_EXTERNAL | CHAN_SECRET | CHAN_TOPIC_LOCKED |           \
		    CHAN_NO_CTCP | CHAN_REGISTERED_ONLY | CHAN_REGISTERED | CHAN_NO_NICK | CHAN_NO_COLOUR |            \
		    CHAN_STRIP_COLOUR | CHAN_NO_KNOCK | CHAN_SPEAK_ACCOUNT | CHAN_AUDITORIUM))
#define STATE_USER_MODES                                                                                               \
	((uint32_t)(USER_INVISIBLE | USER_OPER | USER_WALLOPS | USER_REGISTERED_ONLY | USER_BOT | USER_REGISTERED |    \
		    USER_HIDE_OPER | USER_OVERRIDE | USER_NOTICES | USER_CLOAKED))

/* Who acted, where it was the server itself: the network does not know its name. */
#define STATE_SERVER_ACTOR "*"

struct network {
	struct network_config config;
	struct map users_by_id;
	struct map users_by_nick;       /* folded */
	struct map channels_by_name;    /* folded */
	struct map accounts_by_name;    /* folded */
	struct map accounts_by_nick;    /* struct account_key *, of those beside the names */
	struct map accounts_by_cert;    /* struct account_key * */
	struct map accounts_by_channel; /* access.c's, folded */
	struct vec users;
	struct vec opers; /* those of them with USER_OPER, in no order */
	struct vec channels;
	struct vec timed; /* those of them with entries of lists that end */
	struct vec accounts;
	struct whowas **whowas; /* a ring of config.whowas_max */
	uint32_t whowas_next;   /* where the next one goes */
	uint32_t whowas_count;
	uint64_t channel_id; /* of the channel made last */
	struct network_counts counts;
	struct vec bans[BAN_KIND_COUNT]; /* struct ban * */
	struct map bans_by_key;          /* of kind and mask, see ban.c */
	struct map bans_by_id;
	uint32_t ban_lengths[CIDR_BITS_MAX + 1]; /* how many bans of addresses there are with so many bits */
	uint64_t ban_id;                         /* the highest that was given */
	uint32_t ban_version[BAN_KIND_COUNT];    /* moves with each change of a kind. No part of the state */
	uint32_t emergency;
};

/* Makes it empty again, as network_new gave it. */
void state_clear(struct network *net);

/* For queries that want to alter what they found. */
struct user *state_user(const struct network *net, uint64_t id);
struct user *state_user_by_nick(const struct network *net, struct str nick);
struct channel *state_channel(const struct network *net, struct str name);

/* text: all but USER_NICK_FOLDED. The nick and the id must be free. */
struct user *state_user_add(struct network *net, uint64_t id, const struct str text[USER_TEXT_COUNT]);
void state_user_remove(struct network *net, struct user *u); /* leaves all channels first; empty ones go */
void state_user_free(struct user *u);
void state_user_set_text(struct network *net, struct user *u, enum user_text which, struct str value);
struct state_oper {
	struct str name, class_name, title;
	uint32_t notices; /* those that the privileges allow are taken */
};
/* Without USER_OPER, which is a mode; state_user_set_modes forgets it with that. */
void state_user_set_oper(struct user *u, const struct state_oper *text, priv_set privileges);
void state_user_set_modes(struct network *net, struct user *u, uint32_t modes);
void state_user_set_away(struct user *u, struct str text);
void state_user_invite(struct user *u, uint64_t channel);
void state_user_uninvite(struct user *u, uint64_t channel);
/* nick!user@host; which: USER_HOST or USER_ADDRESS. u may be NULL: the server. */
void state_user_mask(struct buf *out, const struct user *u, enum user_text which);
struct str state_text_cut(struct str s);

/* False: no name that a channel can have. */
bool state_channel_name_fits(struct str name);
struct channel *state_channel_add(struct network *net, struct str name, uint32_t flags, int64_t time);
/* The old name is the caller's to free. The new one must be free, but for how it is written. */
char *state_channel_rename(struct network *net, struct channel *c, struct str name);
void state_channel_free(struct channel *c);
/* An empty channel goes, unless it is registered. */
void state_channel_drop_empty(struct network *net, struct channel *c);
/* value: empty: none. False: nothing changed, for it was so already or it is no value for that mode. */
bool state_param_set(struct channel *c, enum chan_param which, struct str value);
/* What channel_params gave; what is none is passed over. */
void state_params_take(struct channel *c, struct str params);
void state_extra_free(struct channel_extra *x);
void state_recent_add(struct recent *r, const struct recent_one *one);
/* Whether it is too soon for that; if it is not, it counts. now: ms since 1970, of the record. */
/* lines: that it says at once. */
enum refusal state_pace_speak(struct channel *c, const struct user *u, int64_t now, uint32_t lines);
enum refusal state_pace_knock(struct channel *c, const struct user *u, int64_t now);
/* The same, in two steps. */
enum refusal state_pace_join(const struct channel *c, int64_t now);
void state_pace_joined(struct channel *c, int64_t now);

void state_settings_drop(struct channel *c);
/* Of a RECORD_CHANNEL_SETTINGS; views into the channel's own are legal but for what it alters. */
void state_settings_take(struct channel *c, const struct record *r);

struct member *state_member_add(struct channel *c, struct user *u, uint8_t rank);
void state_member_remove(struct network *net, struct member *m);

struct list_entry *state_list_find(const struct network *net, const struct channel *c, enum chan_list list,
				   struct str mask);
/* Its by, as state_user_mask gives it; empty: the server. Which list it says does not matter. */
void state_list_add(struct vec *list, const struct list_item *item);
/* Takes it out; it is the caller's then, and goes with state_list_entry_free. */
void state_list_take(struct channel *c, enum chan_list list, const struct list_entry *e);
void state_list_entry_free(struct list_entry *e);
uint32_t state_list_entries(const struct channel *c); /* of all lists */
/* After entries came or went: whether it is among those with some that end. */
void state_list_note_ends(struct network *net, struct channel *c);
void state_list_deinit(struct vec *list);

void state_bans_init(struct network *net);
void state_bans_deinit(struct network *net);
struct ban *state_ban_find(const struct network *net, enum ban_kind kind, struct str mask);
struct ban *state_ban_by_id(const struct network *net, uint64_t id);
/* False: its mask is none of that kind. The one of the same kind and mask, if there is any, is replaced. */
bool state_ban_put(struct network *net, const struct record *r);
/* Takes it out; it is the caller's then, and goes with state_ban_free. */
void state_ban_take(struct network *net, struct ban *b);
void state_ban_free(struct ban *b);
/* Whether the user is shunned, anew. */
void state_ban_look(const struct network *net, struct user *u);

void state_whowas_add(struct network *net, const struct user *u, int64_t time);
void state_whowas_restore(struct network *net, const struct str text[USER_TEXT_COUNT], int64_t time);
void state_whowas_deinit(struct network *net);

struct account *state_account(const struct network *net, struct str name);
/* Makes the account what the record says; NULL: makes a new one. The record may be of views into it. */
void state_account_set(struct network *net, struct account *a, const struct record *r);
void state_account_remove(struct network *net, struct account *a);
void state_accounts_init(struct network *net);
void state_accounts_deinit(struct network *net);
void state_access_init(struct network *net);
void state_access_deinit(struct network *net);
/* text: of an ACCOUNT_CHANNEL item; others are passed over. */
void state_access_add(struct network *net, struct account *a, struct str text);
void state_access_drop(struct network *net, const struct account *a, struct str text);
bool state_account_fits(const struct record *r);

/* What a list is asked for. */
enum mask_use {
	MASK_JOIN,  /* mutes do not count */
	MASK_SPEAK, /* all count */
};
/* The mask is about that channel (~c:): what it is when that has another name. False: it is about something else. */
bool state_mask_renamed(const struct network *net, struct buf *out, struct str mask, struct str from, struct str to);
bool state_list_matches(const struct network *net, const struct vec *list, const struct user *u, enum mask_use use);

/* rule_mode with the target of a rank looked up by the caller; NULL: not there, or none. */
enum refusal state_rule_mode(const struct channel *c, const struct user *u, const struct mode_op *op,
			     const struct member *target);
