#pragma once

#include "base/str.h"

/* Each device of a user is away by itself; the user is when all are, or when there is none. */
struct command_env;
struct user;

/* What the user is away with: nothing while one of the devices is here, else what one of them says; "*" says nothing of why. */
struct str away_of(const struct user *u);
/* What one of the devices, all of which are away, says of why; "*" where none does. */
struct str away_why(const struct user *u);
/* The user is made away, or is back, where the devices say so. */
void away_settle(const struct command_env *env, const struct user *u);
