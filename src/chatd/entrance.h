#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chatd/config.h"
#include "net/address.h"

struct arrival;
struct loop;
struct hooks;
struct tls_context;

/*
 * From a descriptor that was accepted to a client, where more stands between the two than nothing: the header of a
 * proxy, a TLS handshake, the request of a WebSocket. One small object for each that is on its way, with one deadline
 * for all of its way; nothing here waits for anybody, and what a stranger can make it hold is bounded.
 */
struct entrances;

/* Where somebody was on the way. */
enum entrance_stage { ENTRANCE_PROXY, ENTRANCE_TLS, ENTRANCE_FIRST, ENTRANCE_HTTP, ENTRANCE_STAGES };

struct entrance_host {
	/*
	 * A proxy said for whom it speaks, or spoke for itself: from now on that counts. False: nobody may come in from
	 * there, and was told so on fd; -1: there is no way to tell.
	 */
	bool (*known)(void *ctx, const struct address *peer, int fd);
	/* It is through. The transport is the callee's. */
	void (*enter)(void *ctx, const struct arrival *a);
	/* It came to nothing, and its descriptor is closed. peer NULL: it does not count anywhere. */
	void (*lost)(void *ctx, const struct address *peer);
	void *ctx;
};

/* config is read at all times. */
struct entrances *entrances_new(struct loop *loop, const struct config *config, const struct entrance_host *host);
/* What TLS shows from now on; the caller's. NULL: nothing. */
void entrances_set_tls(struct entrances *all, struct tls_context *tls);
/* What POST /hook/ goes to from now on; the caller's. NULL: nothing. */
void entrances_set_hooks(struct entrances *all, struct hooks *hooks);
/* Closes all that are on their way; lost is called for each. */
void entrances_close(struct entrances *all);
void entrances_free(struct entrances *all);

/* What comes in at such a door goes through an entrance; all else is a client at once. */
bool entrance_needed(unsigned doors);

/*
 * What comes from there at such a door can speak for somebody else: it counts when known is called for it. Where this
 * is false, it counts from the beginning.
 */
bool entrance_is_proxy(const struct entrances *all, unsigned doors, const struct address *peer);

/* ARRIVAL_* of whoever came in at such a door without TLS. */
unsigned entrance_traits(unsigned doors);

/* The descriptor is the entrance's. One of the host's functions ends it, never in this call. */
void entrance_begin(struct entrances *all, int fd, const struct address *peer, unsigned doors);

struct entrance_counts {
	uint32_t under_way;
	uint64_t failed[ENTRANCE_STAGES]; /* refused, or they came to nothing, by where they were */
};
struct entrance_counts entrances_counts(const struct entrances *all);
const char *entrance_stage_name(enum entrance_stage stage);
