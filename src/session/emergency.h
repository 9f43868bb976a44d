#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Emergency levels, as DEFCON counts them: 5 is as ever, 1 the tightest. What each does is a set of steps, which the
 * configuration says.
 */
enum { DEFCON_LEAST = 1, DEFCON_NORMAL = 5 };

enum emergency_step {
	EMERGENCY_SLOW_CONNECTS = 1 << 0,   /* so many newcomers a second, and no more */
	EMERGENCY_NO_REGISTRATION = 1 << 1, /* of accounts */
	EMERGENCY_NO_STRANGERS = 1 << 2,    /* direct messages from those without an account who share no channel */
	EMERGENCY_NO_NEW_CHANNELS = 1 << 3, /* but by those with an account */
	EMERGENCY_NEED_ACCOUNT = 1 << 4,    /* to come in */
};

struct emergency {
	char *names[DEFCON_NORMAL + 1];
	uint32_t steps[DEFCON_NORMAL + 1]; /* of DEFCON_NORMAL: none */
	uint32_t connects;                 /* a second */
};

void emergency_init(struct emergency *e);
void emergency_deinit(struct emergency *e);

/* Names of steps between blanks or commas. False: *bad is a word that names none, and *out is untouched. */
bool emergency_parse(struct str list, uint32_t *out, struct str *bad);
/* With a blank between them; "none" where there is none. */
void emergency_show(struct buf *out, uint32_t steps);

/* The network counts from 0, as ever, upwards. */
static inline unsigned emergency_defcon(uint32_t level)
{
	return level < DEFCON_NORMAL ? DEFCON_NORMAL - level : DEFCON_LEAST;
}
