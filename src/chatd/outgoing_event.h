#pragma once

#include "base/str.h"
#include "chatd/outgoing_block.h"
#include "network/change.h"
#include "proto/casemap.h"

/*
 * What outgoing webhooks tell, as objects of JSON; docs/webhooks.md has their fields. Who is asked whether it is wanted is
 * the block; what a channel says to its operators alone, and what is said to one person, is told to nobody.
 */
struct outgoing_asking {
	const struct outgoing_block *block;
	enum casemap casemap;
};

/* A text of its own, which mem_free frees; NULL: it is not wanted there. */
char *outgoing_event_change(const struct outgoing_asking *a, const struct change *c);
char *outgoing_event_notice(const struct outgoing_asking *a, enum notice kind, const char *text, int64_t time);
/* One that says that the webhook works, whatever is wanted. */
char *outgoing_event_ping(int64_t time);
