#pragma once

#include "chatd/ban_watch.h"
#include "chatd/expiry_watch.h"
#include "chatd/list_watch.h"
#include "chatd/presence_watch.h"

struct server;

/* All that ends by itself when its time is over: bans, entries of lists, stays without a device, names that nobody uses. */
struct watches {
	struct ban_watch bans;
	struct list_watch lists;
	struct presence_watch presence;
	struct expiry_watch expiry;
};

/* env: net, server and hub are filled in. submit(ctx, ...): gives a record its place. */
void watches_init(struct watches *w, const struct command_env *env, void (*submit)(void *ctx, struct record *r),
		  void *ctx);
/* When the state is complete. */
void watches_start(struct watches *w);
/* When the configuration is another one. */
void watches_reconfigured(struct watches *w);
void watches_stop(struct watches *w);
/* Each change, when it is told. */
void watches_note(struct watches *w, const struct change *c);
