#pragma once

#include "command/command.h"

/* Goes on with registration when nothing is missing any more: the password is checked and the record asked for. */
void registration_try(const struct call *call);
