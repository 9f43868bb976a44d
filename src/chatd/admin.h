#pragma once

#include "chatd/control.h"
#include "chatd/metrics.h"

/*
 * The side entrances together, with buffers of their own: what an administrator's programs do does not show in what is
 * counted of clients.
 */
struct admin;

struct admin_host {
	struct control_host control;
	struct metrics_host metrics;
};

/* 0 or -errno. */
int admin_new(struct admin **out, struct loop *loop, const struct admin_host *host);

/*
 * Another configuration in two steps: prepare opens what is new in it, 0 or -errno with a sentence in why and
 * everything as before; commit goes over to it, drop stays with the old one.
 */
int admin_prepare(struct admin *a, const struct config *config, char *why, size_t size);
void admin_commit(struct admin *a, const struct config *config);
void admin_drop(struct admin *a);

/* Nobody new comes in; those that are there stay until admin_free. */
void admin_shut(struct admin *a);
/* Ends all connections, for which the loop takes some turns: before what they look at is freed. NULL is legal. */
void admin_free(struct admin *a);
