#pragma once

#include <stdint.h>

struct address;
struct change;
struct session;
struct user;

/*
 * Entries of the log about clients, channels, and what is kept.
 */
void report_client_in(const struct session *s, const struct user *u);
/* reason: as others are told; what a user said on leaving stays out of the log. */
void report_client_out(const struct session *s, const struct user *u, const char *reason);

/* A connection came, and nothing could be made of it. */
void report_client_failed(const struct address *peer);

/* A channel became registered, or is no longer; other changes say nothing. */
void report_channel(const struct change *c);

/* What was read from the journal at this position makes no sense. */
void report_damaged_record(uint64_t position);
/* The journal did not take a record: it is delivered, and will not be found again. err: -errno. */
void report_not_kept(int err);
