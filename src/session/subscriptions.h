#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What of METADATA is the session's: the keys that it wants to hear of, and how many changes it has made lately.
 * https://ircv3.net/specs/extensions/metadata
 */
struct session;

/* False: it has max of them. True also when it has that one already. */
bool subscriptions_add(struct session *s, struct str key, uint32_t max);
void subscriptions_remove(struct session *s, struct str key);
bool subscriptions_has(const struct session *s, struct str key);
/* The nth one, in the order in which they came; NULL at the end. */
const char *subscriptions_nth(const struct session *s, size_t n);
void subscriptions_free(struct session *s);

/* One key of somebody, or of a channel. */
struct subscription_line {
	const char *source; /* nick!user@host of who set it; NULL: the server says so */
	const char *target;
	struct str key, value;
	bool removed;
};
/* In the form that the session knows: nothing where it knows none. asked: it is a part of an answer. */
void subscriptions_tell(struct session *s, const struct subscription_line *l, bool asked);

/* One more change, where so many a minute are allowed: 0, and it counts; else the seconds until the next one may be. */
uint32_t subscriptions_pace(struct session *s, uint32_t minute);
