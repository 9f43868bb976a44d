#pragma once

#include <stdbool.h>

#include "command/command.h"
#include "session/emergency.h"

/* What the emergency level keeps people from. Each that answers has said why. */

/* The step is in force now. */
bool emergency_has(const struct command_env *env, enum emergency_step step);

/* Whether a newcomer with that account (empty: none) may come in. False: it was answered, and the session is over. */
bool emergency_admits(const struct command_env *env, struct session *s, struct str account);

/* Whether the caller may make that channel. False: it was answered. */
bool emergency_may_make(const struct call *call, const char *channel);

/* Whether the caller may write to the user. Answers nothing. */
bool emergency_may_write(const struct call *call, const struct user *target);
