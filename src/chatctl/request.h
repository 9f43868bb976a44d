#pragma once

#include "chatctl/options.h"

struct flat;

/*
 * What is asked of the running server: chatd/control.h says how. An exit code of sysexits(3), with everything said.
 */
int request_run(const struct options *o);

/* The last line of an answer: an exit code; a refusal is told. */
int request_conclude(const struct flat *f);
