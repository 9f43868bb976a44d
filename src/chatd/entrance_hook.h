#pragma once

#include <stdbool.h>

#include "chatd/entrance_private.h"

/* POST /hook/NAME/TOKEN: what an incoming webhook brings (chatd/hooks.h), instead of a request for a WebSocket. */
bool entrance_is_post(const struct entrance *e);
/* head: bytes of the request's head, which is complete. Ends the entrance. */
enum entrance_verdict entrance_hook_run(struct entrance *e, size_t head, unsigned *want);
