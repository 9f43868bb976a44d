#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "network/account.h"
#include "session/server.h"

struct command_env;
struct user;

/* Who owns a nick, and what comes of it when somebody else wants it. */

/* What is done for the account's nicks: its own wish, as far as the server's policy goes. */
enum nick_policy nicks_policy(const struct server *server, const struct account *a);

/* The account that keeps that nick from one who is logged in to own (NULL: to none) entirely; NULL: it is free to use.
 */
const struct account *nicks_owner(const struct command_env *env, struct str nick, const struct account *own);

/* The nick may not be taken by one who is logged in to own, at once or ever: a service's, or strictly somebody else's.
 */
bool nicks_refused(const struct command_env *env, struct str nick, const struct account *own);

/* Gives the user another nick, "Guest12345". */
void nicks_rename_guest(const struct command_env *env, const struct user *u);

/*
 * The user has come, or has another nick: where it is leniently somebody else's, the user is told, and renamed after a
 * while if it has not logged in by then. No-op for others.
 */
void nicks_watch(const struct command_env *env, const struct user *u);
/* All who are here: after a start, a predecessor waited for some of them. */
void nicks_watch_all(const struct command_env *env);
/* Forgets all who wait for that. */
void nicks_forget(const struct command_env *env);
