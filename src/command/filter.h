#pragma once

#include <stdbool.h>

#include "command/command.h"
#include "command/filters.h"

struct channel;

/* What somebody wants to say, and where. */
struct filter_try {
	enum filter_target target;
	struct str text;
	const struct channel *channel; /* NULL: none */
	const char *where;             /* a channel or a nick, for the answer; NULL: none */
};

/* True: it goes nowhere, and was answered; the caller may be gone. */
bool filter_stops(const struct call *call, const struct filter_try *t);

/* The same for what nobody says who could be answered: a program outside. */
bool filter_refuses(const struct command_env *env, const struct filter_try *t);

/* Whoever would come in with that record. True: it was answered, and the session is over. */
bool filter_stops_newcomer(const struct command_env *env, struct session *s, const struct record *r);
