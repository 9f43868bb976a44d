#pragma once

#include "network/state.h"

/* One record on its way through the network: shared by apply*.c alone. */
struct apply {
	struct network *net;
	const struct record *r;
	const struct change_sink *sink;
	struct user *origin; /* NULL: the server, or the user that is to be added */
	bool unchecked;      /* rights are not asked */
};

/* A change of this record, by the origin and about it; the caller fills in the rest. */
struct change apply_change(const struct apply *a, enum change_type type);
void apply_tell(const struct apply *a, const struct change *c);

/* Tells the refusal; user, channel: what it is about, NULL for none. True when there was one. */
bool apply_refuse(const struct apply *a, enum refusal refusal, const struct user *user, const struct channel *channel);

/* The channel of that name; NULL after telling that there is none. */
struct channel *apply_channel(const struct apply *a, struct str name);
/* The user of that id; NULL after telling that there is none. */
struct user *apply_target(const struct apply *a, uint64_t id, const struct channel *channel);

/* The rank that the member's account has there, if the channel is registered. */
void apply_access(const struct apply *a, struct member *m);

void apply_user_add(struct apply *a);
void apply_user_nick(struct apply *a);
void apply_user_quit(struct apply *a);
void apply_user_kill(struct apply *a);
void apply_user_away(struct apply *a);
void apply_user_realname(struct apply *a);
void apply_user_host(struct apply *a);
void apply_user_modes(struct apply *a);
void apply_user_account(struct apply *a);
void apply_user_oper(struct apply *a);
void apply_user_notices(struct apply *a);
void apply_join(struct apply *a);
void apply_part(struct apply *a);
void apply_kick(struct apply *a);
void apply_topic(struct apply *a);
void apply_invite(struct apply *a);
void apply_rename(struct apply *a);
void apply_knock(struct apply *a);
void apply_channel_modes(struct apply *a);
void apply_kept_channel(struct apply *a);
void apply_kept_account(struct apply *a);
void apply_message(struct apply *a);
void apply_redact(struct apply *a);
void apply_edit(struct apply *a);
void apply_forget(struct apply *a);
void apply_marker(struct apply *a);
void apply_kept_markers(struct apply *a);
void apply_metadata(struct apply *a);
void apply_kept_metadata(struct apply *a);
void apply_channel_settings(struct apply *a);
void apply_wallops(struct apply *a);
void apply_event(struct apply *a);
void apply_ban_set(struct apply *a);
void apply_ban_clear(struct apply *a);
void apply_user_stay(struct apply *a);
void apply_emergency(struct apply *a);

/* Another account has other metadata; was: the name of the one before. */
/* What somebody new says, and what its account has; nobody is told. */
void apply_newcomer_metadata(const struct apply *a, struct user *u, struct str said);
void apply_account_metadata(const struct apply *a, struct user *u, struct str was);

/* The user leaves, and is told while everywhere still. */
void apply_leave(struct apply *a, struct user *u, struct str text, const struct ban *ban);
/* That kind of name is not to be had: told, and true, where somebody wants it who may not. */
bool apply_forbidden(const struct apply *a, const struct ban *ban, enum privilege needs);
/* All who are in channels that are not to be any more have to go. */
void apply_put_out(const struct apply *a, const struct ban *ban);
/* The user leaves where a ban is against it. True: gone. */
bool apply_banned(struct apply *a, struct user *u);
