#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How long things took: counts in fixed steps, from 50 microseconds to 10 seconds.
 */
enum { HISTOGRAM_STEPS = 16 };

struct histogram {
	uint64_t counts[HISTOGRAM_STEPS +
			1]; /* of those up to a step and over the one before; the last: over all steps */
	uint64_t sum_us;
};

/* The upper bound of a step, in microseconds and as OpenMetrics writes it, in seconds. nth < HISTOGRAM_STEPS. */
uint64_t histogram_bound(size_t nth);
const char *histogram_bound_text(size_t nth);

/* So many of them took so long, us of each. Negative times count as none. */
void histogram_add(struct histogram *h, int64_t us, uint64_t many);
