#pragma once

/* The away text of one whose last device has left. */
#define AWAY_WITHOUT_DEVICE "Not connected right now"

#include "command/command.h"

/* Goes on with registration when nothing is missing any more: the password is checked and the record asked for. */
void registration_try(const struct call *call);

/* The same after a restart, for a session that waited for what is found out of its address (registration.waiting). */
void registration_resume(const struct command_env *env, struct session *s);
/* All of them. */
void registration_resume_all(const struct command_env *env);
