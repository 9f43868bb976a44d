#pragma once

#include <stdbool.h>

#include "base/wire.h"

struct session;
struct session_hub;
struct user;

/*
 * Sessions that go on in another process. All calls are for the time when conn_hub_freeze holds, or before the loop
 * runs.
 */

/*
 * Brings its long answers to an end, in full where they fit into half of the sendq, and cut short with their last line
 * where they do not. False: it cannot leave.
 */
bool session_settle(struct session *s);

/* All but the user and the descriptor. It must be settled. False: it cannot leave, and nothing was written. */
bool session_save(const struct session *s, struct wire_out *out);

/*
 * Takes it up. The descriptor is the session's; user NULL: it had none. NULL: the bytes are damaged, or there was no
 * memory or no descriptor to watch; the descriptor is closed.
 */
struct session *session_load(struct session_hub *hub, int fd, const struct user *user, struct wire_in *in);

/* Forgets one that lives on elsewhere, or was closed: without a word, without a handler, at once. */
void session_abandon(struct session *s);

/* It stays after all: for each session after conn_hub_thaw. */
void session_thaw(struct session *s);
