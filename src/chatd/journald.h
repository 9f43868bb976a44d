#pragma once

#include "base/log.h"

/*
 * A sink that gives entries to the journal, over its own protocol: a datagram for each, with text and fields. The one of
 * libsystemd waits while the journal's queue is full, which it stays when the journal is stopped. This one waits 20 ms in
 * each second for a journal that is busy, and for one that is stuck no more. What is not taken is lost and counted, and
 * the next entry that is taken comes after one that says how many were.
 */
struct journald;

/* path: the journal's socket, NULL for the one of the system. 0, or -errno: there is none. */
int journald_open(struct journald **out, const char *path);
void journald_free(struct journald *j);

/* For log_set_sink; ctx: the struct journald. */
void journald_write(void *ctx, const struct log_entry *entry);
