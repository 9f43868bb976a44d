#pragma once

#include <stdint.h>

#include "base/str.h"
#include "proto/name.h"

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
 * The user is logged in to an account with that vhost: it is shown from here on. No-op for an empty one, or one that no
 * host can be.
 */
void host_take_vhost(const struct command_env *env, const struct user *u, struct str vhost);
