#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * How many entries of one kind are written: `burst` in a time that begins with the first of them. Nothing wakes up at
 * the end of it; what was left out is told with the next entry that is admitted.
 */
struct log_rate {
	int64_t began_ms; /* 0: never */
	uint32_t admitted;
	uint32_t left_out;
};

/* False: it is left out. *left_out: how many were, since the one that was admitted before. */
bool log_rate_admit(struct log_rate *rate, uint32_t burst, int64_t length_ms, int64_t now_ms, uint32_t *left_out);
