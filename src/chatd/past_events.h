#pragma once

#include "base/vec.h"
#include "network/change.h"

/*
 * What happens in channels, copied for history while the network is told of: records that follow the one they come
 * from, with its time and its message id.
 */
struct past_events {
	struct vec list; /* struct past_event * */
};

struct past_event;

/* Of a change that is told now; others than those of channels are passed over. */
void past_events_note(struct past_events *p, const struct change *c);
/* The first, taken out, as a record; NULL: there are none. It goes with past_event_free. */
struct past_event *past_events_take(struct past_events *p);
const struct record *past_event_record(const struct past_event *e);
void past_event_free(struct past_event *e);
void past_events_deinit(struct past_events *p);
