#pragma once

#include <stdint.h>

#include "network/account.h"
#include "network/network.h"

struct command_env;
struct server;
struct service_ask;

/*
 * Names that nobody uses: accounts, the nicks of one beside its name, and registered channels are free again after the time
 * that the configuration gives each. That is counted from when they were used last, which is noted with them, not for each
 * use, but for the first in a while: what is noted is never older by more than expiry_step while they are in use.
 */

/* ms. A day, and less where a short time is configured. */
int64_t expiry_step(const struct server *server);

/*
 * When it is over, ms since 1970; 0: never, or it has not been noted yet that it was used. What is suspended stays, or its
 * owner would come back by making it anew.
 */
int64_t expiry_of_account(const struct server *server, const struct account *a);
int64_t expiry_of_nick(const struct server *server, const struct account *a, const struct account_kept *nick);
int64_t expiry_of_channel(const struct network *net, const struct server *server, const struct channel *c);

/* When somebody was last seen who was logged in to it; 0: not noted yet. */
int64_t expiry_seen(const struct account *a);

/* The account is in use, with that nick, which may be none of its. No-op where that was noted not long ago. */
void expiry_note_account(const struct command_env *env, const struct account *a, struct str nick);
/* Somebody is in the channel. The same. */
void expiry_note_channel(const struct command_env *env, const struct channel *c);
/* Whether one of the two would note something; asked often. */
bool expiry_is_stale(const struct command_env *env, const struct user *u);
bool expiry_is_stale_in(const struct command_env *env, const struct channel *c, const struct user *u);

/* What is over goes. */
void expiry_end_nick(const struct command_env *env, const struct account *a, const struct account_kept *nick);
void expiry_end_channel(const struct command_env *env, const struct channel *c);

/* Whether it stays for good. False: something came between. */
bool expiry_keep_account(const struct command_env *env, const struct account *a, bool keep);
void expiry_keep_channel(const struct command_env *env, const struct channel *c, bool keep);

/* NOEXPIRE of NickServ and of ChanServ. */
void expiry_run_account(const struct service_ask *a);
void expiry_run_channel(const struct service_ask *a);
