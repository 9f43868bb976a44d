#pragma once

#include <stdbool.h>

#include "base/str.h"

struct call;
struct channel;
struct user;

/* A message about to be sent, to a channel or to a user. */
struct react_try {
	struct str tags;
	const struct channel *channel; /* NULL: to the user */
	const struct user *user;
	const char *where; /* as it was called */
	bool quiet;        /* nothing may be answered */
};

/*
 * https://ircv3.net/specs/client-tags/react: whether the message may go, with the reaction in its tags, if there is one, which
 * counts from then on. False: it must not, which was answered.
 */
bool react_may(const struct call *call, const struct react_try *t);
