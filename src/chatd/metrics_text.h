#pragma once

#include "base/buf.h"
#include "chatd/doors.h"
#include "chatd/engine.h"
#include "chatd/histogram.h"
#include "chatd/hooks.h"
#include "chatd/push.h"

enum { METRICS_TEXT_MAX = 64 << 10 };

/* All that is told. */
struct metrics_view {
	struct engine_view engine;
	struct doors_counts doors;
	struct hooks_counts hooks;
	const struct outgoing *outgoing;
	struct push_counts push;
	uint64_t turns;
	int64_t started_ms; /* since 1970 */
	const struct histogram *turn;
	const struct histogram *delivery;
};

/* The whole exposition, with its end mark; out->full when it did not fit. */
void metrics_text(struct buf *out, const struct metrics_view *v);
