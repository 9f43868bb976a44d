#pragma once

#include "base/str.h"
#include "fanout/render.h"

/*
 * The bytes of one change, made once for each set of capabilities that asks for them.
 */
struct rendered;

struct rendered *rendered_new(void);
void rendered_free(struct rendered *r);

/* Turns to another change; what was handed out before is void. */
void rendered_begin(struct rendered *r, const struct render_context *ctx, const struct change *c);

/* Whole lines for a client with these capabilities; empty when it gets none. Valid until the next call. */
struct str rendered_for(struct rendered *r, cap_set caps);
