#pragma once

#include "command/command.h"
#include "proto/modes.h"

/* The two halves of MODE; the target is the first parameter and not empty. */
void mode_channel_run(const struct call *call);
void mode_user_run(const struct call *call);

/* The last word on a bit counts. */
void mode_user_want(struct record *r, uint32_t bit, bool set);

/* 008 */
void mode_notices_show(struct session *s);

/* 221 */
void mode_user_show(struct session *s);

/* Streams the list to the caller, 482 for one who may not see it. The caller sees the channel. */
void mode_list_show(const struct call *call, const struct channel *c, enum chan_list list);
