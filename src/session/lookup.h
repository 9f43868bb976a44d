#pragma once

#include <stdbool.h>

#include "base/hash.h"
#include "session/lookup_policy.h"

struct loop;
struct session;
struct session_hub;

/*
 * What is found out of the address of a client while it registers, as the server's policy says: its name (registration.realhost, once
 * that name is known to have this address), its user there (registration.ident), and whether lists name it. The client waits for it at
 * the end of its registration alone, and no longer than the policy says.
 */
struct lookups;
struct lookup;

struct lookups *lookups_new(struct loop *loop, const struct lookup_policy *policy, const struct hash_key *seed);
/* When no session has one any more. */
void lookups_free(struct lookups *all);
/* The policy is another: those that are under way begin again. */
void lookups_reconfigured(struct session_hub *hub);

/* Begins with the session's address, or begins again, for that is another. No-op where there is nothing to look up. */
void lookup_begin(struct session *s);
/* Forgets it, with what it found; no-op where there is none. */
void lookup_drop(struct session *s);

/* Whether something is not known yet. */
bool lookup_is_open(const struct session *s);
/* Calls ready, once, when it is not: from the loop, alone. It may drop the lookup. NULL: it is not to be called. */
void lookup_await(struct session *s, void (*ready)(void *ctx), void *ctx);

/* What lists say of the session's address; false: not enough for anything. */
struct lookup_listing {
	enum dnsbl_action action;
	const char *reason; /* until lookup_drop */
};
bool lookup_listed(const struct session *s, struct lookup_listing *out);
