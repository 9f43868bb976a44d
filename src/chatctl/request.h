#pragma once

#include "chatctl/options.h"

/*
 * What is asked of the running server: chatd/control.h says how. An exit code of sysexits(3), with everything said.
 */
int request_run(const struct options *o);
