#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "network/account.h"
#include "session/server.h"

struct command_env;
struct hash_key;
struct network;
struct nicks;
struct user;

/* Who owns a nick, and what comes of it when somebody else wants it. */

/* What is done for the account's nicks: its own wish, as far as the server's policy goes. */
enum nick_policy nicks_policy(const struct server *server, const struct account *a);

/*
 * The account that keeps that nick, or one that it looks like, from one who is logged in to own (NULL: to none) entirely;
 * NULL: it is free to use.
 */
const struct account *nicks_owner(const struct command_env *env, struct str nick, const struct account *own);

/*
 * The nick may not be taken by the user me (NULL: none yet) who is logged in to own, at once or ever: a service's, or strictly
 * somebody else's, or it looks like one of those or like somebody's who is here.
 */
bool nicks_refused(const struct command_env *env, struct str nick, const struct user *me, const struct account *own);

/* Nobody may take the name for an account, or for one more nick of own: it looks like what is somebody else's, or a service. */
bool nicks_confusing(const struct command_env *env, struct str name, const struct user *me, const struct account *own);

struct nicks *nicks_new(const struct network *net, const struct hash_key *seed);
/* The environment's. Forgets all who wait. */
void nicks_free(const struct command_env *env);

/* The account is new or altered: its names are known from now on. */
void nicks_note_account(const struct command_env *env, struct str name);

/* Gives the user another nick, "Guest12345". */
void nicks_rename_guest(const struct command_env *env, const struct user *u);

/*
 * The user has come, or has another nick: where it is leniently somebody else's, the user is told, and renamed after a
 * while if it has not logged in by then.
 */
void nicks_watch(const struct command_env *env, const struct user *u);
/* All who are here, and all accounts: after a start, a predecessor waited for some of them. */
void nicks_watch_all(const struct command_env *env);
