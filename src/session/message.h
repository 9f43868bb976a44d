#pragma once

#include <stddef.h>

#include "base/str.h"
#include "proto/line.h"

/*
 * A command as a client sent it. All strings are NUL-terminated, without control over where they came from: they hold no
 * NUL, CR or LF, and valid UTF-8 alone. Valid while the command runs.
 */
struct message {
	const char *command; /* in capitals */
	const char *params[LINE_PARAMS_MAX];
	size_t nparams;
	struct str tags; /* still escaped */
	size_t bytes;    /* of the line */
};
