#pragma once

#include <stdint.h>

/* Time as one loop turn sees it: read once at its start, the same for everything inside. */
struct clock {
	int64_t mono_us; /* monotonic, as clock_mono_us tells it; how long something took */
	int64_t mono_ms; /* the same in ms; deadlines */
	int64_t real_ms; /* since 1970; what people see */
};

void clock_read(struct clock *c);
int64_t clock_mono_us(void);
