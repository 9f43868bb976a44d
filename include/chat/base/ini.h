#pragma once

#include <stdio.h>

/* What stands in a file, in its order, with the number of the line. Strings are valid during the call. */
struct ini_sink {
	void (*section)(void *ctx, unsigned line, const char *name);
	void (*value)(void *ctx, unsigned line, const char *key, const char *value);
	/* Something that is neither; the sentence says what is wrong. Reading goes on. */
	void (*fault)(void *ctx, unsigned line, const char *sentence);
	void *ctx;
};

/*
 * "[section]", "key = value", comments after '#' or ';' at the front of a line or after " ;". White space at the front
 * of a line means nothing. 0, or -errno when the file could not be read to its end.
 */
int ini_read(FILE *file, const struct ini_sink *sink);
