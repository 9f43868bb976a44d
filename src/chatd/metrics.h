#pragma once

#include <stddef.h>
#include <stdint.h>

#include "chatd/config.h"

struct conn_hub;
struct doors;
struct engine;
struct hooks;
struct loop;
struct metrics;
struct outgoing;
struct push;

/*
 * GET /metrics of HTTP/1.1 gives OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/) to whoever
 * can reach the address. Nothing is counted for it while it is not configured but what is counted anyway.
 */
struct metrics_host {
	const struct engine *engine;
	const struct doors *doors;
	const struct hooks *hooks;
	const struct outgoing *outgoing;
	const struct push *push;
};

/*
 * Connections come from hub. Its measuring of turns begins at the end of each: what flushes the clients is to be a hook
 * that is there already.
 */
struct metrics *metrics_new(struct loop *loop, struct conn_hub *hub, const struct metrics_host *host);

/* As side.h says of an entrance. */
int metrics_prepare(struct metrics *m, const struct config *config, char *why, size_t size);
void metrics_commit(struct metrics *m);
void metrics_drop(struct metrics *m);
void metrics_shut(struct metrics *m);
void metrics_end(struct metrics *m);
uint32_t metrics_count(const struct metrics *m);
void metrics_free(struct metrics *m);
