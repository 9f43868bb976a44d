#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/name.h"

struct account;
struct call;
struct command_env;
struct session;
struct user;

/*
 * The host that is shown of a user: the cloak, or what an operator or the account gave in its place.
 */

/* The host of somebody who comes in, or came: with the cloak if cloaked. */
void host_of_address(const struct command_env *env, const struct user *u, char dst[NAME_HOST_MAX + 1]);

/* After a change of the user's modes: where +x came or went, so does the cloak. was: the modes before. */
void host_follow_modes(const struct call *call, const struct user *u, uint32_t was);

/*
 * The host of an account, and what of it is waited for: items of its own, ACCOUNT_SETTING.
 */
#define HOST_OFF STR("vhost off")        /* its owner does not want it to be shown */
#define HOST_WANTED STR("vhost-wanted ") /* in front of the host that its owner asked for */

/* The host that is shown of whoever is logged in to the account; empty: the one of the address. */
struct str host_of_account(const struct account *a);

/* The user is logged in to that account: its host is shown from here on. No-op where it has none. */
void host_take_vhost(const struct command_env *env, const struct user *u, const struct account *a);

/* Of all who are logged in to the account now, its host is shown, or the one of the address. */
void host_show_account(const struct command_env *env, const struct account *a);

/*
 * The account has that host from here on, and it is shown; empty: none. Whatever was asked for is settled with it.
 * False: the account was altered meanwhile.
 */
bool host_set_account(const struct command_env *env, const struct account *a, struct str vhost);
