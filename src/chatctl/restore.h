#pragma once

#include "chatctl/options.h"

/*
 * "restore DIRECTORY": what backup copied takes the place of what is in the state directory, when all of the copy is
 * good and no server has it open. What was there is set aside, in a directory of its own beside it. An exit code of
 * sysexits(3), with everything said; on failure nothing is altered, unless it says so.
 */
int restore_run(const struct options *o);
