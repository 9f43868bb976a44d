#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Whether "tools/analyse valgrind" runs this: then all takes many times as long, and some of the kernel is not there.
 */
static inline bool under_valgrind(void)
{
	return getenv("UNDER_VALGRIND") != NULL;
}

/* How long to wait for what takes `time` at most on a slow machine, in the same unit. */
static inline int64_t patience(int64_t time)
{
	return under_valgrind() ? 20 * time : time;
}
