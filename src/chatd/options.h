#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "chatd/config.h"

/* The command line of chatd(8). */
struct options {
	struct config_source source;
	bool check_only;
	bool rebuild;
	bool make_cert;
	const char **listen; /* backs source.listen */
};

/* What is to be done after reading it: OPTIONS_RUN, or an exit code of sysexits(3) with everything said. */
enum { OPTIONS_RUN = -1 };
int options_parse(struct options *o, int argc, char **argv);
void options_deinit(struct options *o);
