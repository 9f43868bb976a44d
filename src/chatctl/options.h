#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/casemap.h"

/* The command line of chatctl(8). */
enum { OPTIONS_WORDS_MAX = 64 };

struct options {
	const char *socket;
	const char *state;
	enum casemap casemap;
	bool json;
	bool with_data; /* of "account delete" */
	bool dry_run;   /* of "import" */
	const char *words[OPTIONS_WORDS_MAX]; /* the command and what stands behind it */
	size_t nwords;
};

/* OPTIONS_RUN, or an exit code of sysexits(3) with everything said. */
enum { OPTIONS_RUN = -1 };
int options_parse(struct options *o, int argc, char **argv);

/* Says how it is called; EX_USAGE. */
int options_usage(void);
