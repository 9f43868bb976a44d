#pragma once

#include "network/change.h"

struct fanout;
struct network;
struct session;
struct session_hub;

/*
 * Changes -> the sessions that must hear of them, each rendered once per set of capabilities (render.h).
 */
struct fanout *fanout_new(struct session_hub *hub, const struct network *net);
void fanout_free(struct fanout *f);

/* Tells everybody but what answer_change owes. Legal inside network_apply alone (it is the sink's first half). */
void fanout_tell(struct fanout *f, const struct change *c);
