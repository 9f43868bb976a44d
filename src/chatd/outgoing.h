#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct config;
struct engine;
struct loop;

/*
 * Outgoing webhooks: what happens, as JSON, to addresses of the web that the configuration names; docs/webhooks.md. Each has
 * a queue of its own, of which the front goes in one request, until an answer of 2xx takes it off. One that fails is tried
 * again, later each time, and after so many failures in a row is left alone for a while. What still waits at the end of
 * the process is there again at the next start.
 */
struct outgoing;

struct outgoing *outgoing_new(struct loop *loop, const struct config *config, struct engine *engine);
/* Keeps what waits in the state directory. NULL is legal; before the engine is freed. */
void outgoing_free(struct outgoing *o);
/* At the start, and when the configuration was replaced in place. */
void outgoing_reconfigured(struct outgoing *o);

/* How one is. Valid until something happens. */
struct outgoing_view {
	const char *name;
	const char *trouble; /* what the last request came to; "": it was taken, or there was none */
	uint32_t waiting, failures;
	uint64_t sent, dropped, refused; /* events */
	int64_t paused_until;            /* ms since 1970; 0: it is not paused */
};
bool outgoing_nth(const struct outgoing *o, size_t nth, struct outgoing_view *v);
/* False: there is none of that name. Ping: one more event. Resume: the next attempt is made at once. */
bool outgoing_ping(struct outgoing *o, struct str name);
bool outgoing_resume(struct outgoing *o, struct str name);
