#pragma once

#include <stdint.h>

struct config;
struct engine;
struct loop;
struct server;

/*
 * Push messages to devices of people who are away or have no device here: what is said to them, where they are called by
 * their nick, and invitations. Devices ask for it with WEBPUSH; https://ircv3.net/specs/extensions/webpush, RFC 8030. What
 * waits is bounded, in all and for each account, and is not kept over a restart: the history has it.
 */
enum { PUSH_WAITING_MAX = 256, PUSH_ATTEMPTS = 3 };

struct push;

struct push *push_new(struct loop *loop, const struct config *config, struct engine *engine);
void push_free(struct push *p); /* NULL is legal; before the engine is freed */
/*
 * For a configuration that is about to hold: fills in the key that clients are told, made at need. 0 or -errno, and then
 * nothing is pushed.
 */
int push_prepare(struct push *p, struct server *server);
/* At the start, and when the configuration was replaced in place. */
void push_reconfigured(struct push *p);

struct push_counts {
	uint64_t sent, failed, dropped; /* messages; dropped: there were too many */
	uint64_t gone;                  /* subscriptions that their service does not know any more */
};
struct push_counts push_counts(const struct push *p);
