#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "chatd/config.h"
#include "chatd/entrance.h"
#include "chatd/handoff.h"
#include "net/address.h"

struct arrival;
struct hooks;
struct loop;
struct tls_context;
struct doors;
struct wire_in;

/*
 * The listeners: those of the configuration and those handed over by the service manager, who may come in through them
 * (clients in all, clients per address), and when they rest.
 */
struct doors_host {
	/* A client that was let in; its transport is the callee's. False: it came to nothing. */
	bool (*enter)(void *ctx, const struct arrival *a);
	/* Nobody comes in from there: why is a sentence for the peer. NULL: all may. */
	bool (*banned)(void *ctx, const struct address *peer, char *why, size_t size);
	void *ctx;
};

/* Takes what the service manager handed over. config stays the caller's and is read at all times. */
struct doors *doors_new(struct loop *loop, const struct config *config, const struct doors_host *host);
void doors_free(struct doors *d);

/*
 * Opens what config names and closes what it does not name any more; what is in both stays as it is. All or nothing: 0,
 * or -errno with a sentence in why and everything as before. Handed sockets stay; where there are any, and config names
 * no endpoint of its own, none is opened.
 */
int doors_apply(struct doors *d, const struct config *config, char *why, size_t size);

/* Some of those of config, or of those that were handed over, are of this kind (DOOR_*). */
bool doors_want(const struct doors *d, const struct config *config, unsigned door);
/* What TLS shows from now on; the caller's. NULL: nothing. */
void doors_set_tls(struct doors *d, struct tls_context *tls);
/* The same of incoming webhooks. */
void doors_set_hooks(struct doors *d, struct hooks *hooks);

/* Lets clients in from now on. */
void doors_open(struct doors *d);

/* A client from this host is inside already: a predecessor had let it in. */
void doors_entered(struct doors *d, const char *host);

/*
 * A client that had entered from this host comes from peer in truth: from now on that counts. False: nobody may come in from there,
 * why is a sentence for it, and the host counts still.
 */
bool doors_moved(struct doors *d, const char *host, const struct address *peer, char *why, size_t size);

/* A client that had entered from this host is gone. */
void doors_left(struct doors *d, const char *host);

/* Nobody comes in any more. */
void doors_close(struct doors *d);

/* The addresses, one after the other; NULL at the end. */
const struct address *doors_nth(const struct doors *d, size_t nth);

/*
 * Leaving for a successor: writes a section of the state and the sockets; handed_too: those of the service manager as
 * well, when nobody else hands them over. doors_leave when it has them: their paths are the successor's.
 */
void doors_save(const struct doors *d, struct handoff_out *h, bool handed_too);
void doors_leave(struct doors *d);
/* Takes that section up, before doors_apply. */
void doors_load(struct doors *d, struct handoff_in *h, struct wire_in *in);

/* What the service manager handed over of a predecessor's state; once. Returns how many. */
size_t doors_carriers(struct doors *d, int fds[HANDOFF_CARRIERS_MAX]);

struct doors_counts {
	uint64_t accepted;
	uint64_t address_full; /* turned away: too many from there */
	uint64_t banned;       /* turned away: a ban of their address */
	uint64_t failed;       /* nothing could be made of them */
	struct entrance_counts entrances;
};
struct doors_counts doors_counts(const struct doors *d);
