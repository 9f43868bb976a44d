#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "chatd/config.h"

struct conn_hub;
struct control;
struct engine;
struct hooks;
struct loop;
struct outgoing;

/*
 * The control socket, which chatctl(8) talks to. Root, the daemon's own user and the members of one group may use it,
 *as the kernel says who they are; whoever else connects hears so and is closed.
 *
 * A request is one line of words, ended by a newline; REASON is the rest of it:
 *
 *	status | users | channels | export | reload | backup
 *	ban add [DURATION] TARGET [REASON] | ban del TARGET|NUMBER | ban list
 *	webhook add CHANNEL NAME [signed] | webhook show|del NAME | webhook format NAME [TEXT] | webhook list
 *	outgoing list | outgoing ping|resume NAME
 *	kick CHANNEL NICK [REASON] | kill NICK [REASON] | stop [REASON] | restart [REASON]
 *
 * The answer is JSON objects, one a line. The last one, and no other, has "ok": true, or false with a "code" in one
 *word and an "error" for people. Requests are answered one after the other. What changes something is logged, with who
 *did it.
 */
struct control_host {
	struct engine *engine;
	struct hooks *hooks;
	struct outgoing *outgoing;
	const struct config *config; /* replaced in place at a reload */
	/* What SIGHUP does; error hears what is wrong. False: the old configuration stays, why says the reason. */
	bool (*reload)(void *ctx, config_error_fn error, void *error_ctx, char *why, size_t size);
	/* False: it goes on, for a fresh program could not start with the configuration as it is. */
	bool (*stop)(void *ctx, const char *reason, bool restart);
	void *ctx;
};

/* host->config is not looked at yet. Connections come from hub. */
struct control *control_new(struct loop *loop, struct conn_hub *hub, const struct control_host *host);

/* As side.h says of an entrance: the socket that config names, with the group that it names. */
int control_prepare(struct control *c, const struct config *config, char *why, size_t size);
void control_commit(struct control *c, const struct config *config);
void control_drop(struct control *c);
void control_shut(struct control *c);
void control_end(struct control *c);
uint32_t control_count(const struct control *c);
void control_free(struct control *c);
