#pragma once

#include <stddef.h>

/* Where the sentence about a failure goes: memory of the caller. */
struct complaint {
	char *why;
	size_t size;
};

/* Writes the sentence, cut to what fits, and returns error. */
int complain(const struct complaint *to, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
