#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct command_env;
struct keep;
struct network;
struct user;

/* Users who are here without a device: what begins and what comes back. */

/* Whether there is such an account, and it keeps its user here. */
bool stay_account(const struct network *net, struct str name);
/* Those who are logged in to it are kept from now on. */
void stay_begin(const struct command_env *env, struct keep *k, struct str account);

/* A user has lost all devices without their having left: one who does not stay without a device goes. */
void stay_or_go(const struct command_env *env, const struct user *u);

/* After the journal has been read: whoever does not stay without a device is gone. last_user becomes at least the
 * highest id of all. */
void stay_restore(const struct command_env *env, uint64_t *last_user);
