#pragma once

#include <stddef.h>

/* What HELP knows: one topic per command. */
struct help_topic {
	const char *name;   /* in capitals */
	const char *syntax; /* first line */
	const char *text;   /* the others, each ended by '\n' */
};

/* In the order of the alphabet. */
const struct help_topic *help_topics(size_t *count);

/* Letters are taken without their case. NULL: none of that name. */
const struct help_topic *help_find(const char *name);
