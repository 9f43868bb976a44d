#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/wire.h"
#include "chatd/config.h"
#include "chatd/histogram.h"
#include "command/hook_wish.h"
#include "network/change.h"
#include "network/record.h"
#include "proto/notices.h"

struct arrival;
struct command_usage;
struct engine;
struct handoff_in;
struct handoff_out;
struct listener;
struct loop;
struct worker;
struct address;
struct network;
struct session_hub;

/*
 * The turning of records into changes and of changes into what people hear: the only place that applies records.
 */
struct engine_host {
	/* REHASH. False: refused, why says the reason. */
	bool (*reload)(void *ctx, char *why, size_t size);
	/* DIE, RESTART. */
	void (*stop)(void *ctx, const char *reason, bool restart);
	/* A client's descriptor was released. host: its address. */
	void (*gone)(void *ctx, const char *host);
	/* A client comes from peer, and not from host. False: nobody may come in from there, why is a sentence for it.
	 */
	bool (*move)(void *ctx, const char *host, const struct address *peer, char *why, size_t size);
	void *ctx;
	struct hook_desk hooks; /* of founders */
};

/* config stays the caller's and must live as long; its server part is in use at all times. 0 or -errno. */
int engine_new(struct engine **out, struct loop *loop, struct config *config, const struct engine_host *host);
void engine_free(struct engine *e);

/*
 * Opens the journal in config's state directory, if there is one, and brings back what it keeps. Before anybody enters.
 * 0 or -errno, with a sentence in why where there is more to say. The worker outlives the engine.
 */
int engine_open(struct engine *e, struct worker *worker, char *why, size_t size);

/* Whether nobody comes in from there: then why is a sentence for the peer. */
bool engine_banned(struct engine *e, const struct address *peer, char *why, size_t size);

/* A new client. Its transport is the engine's. False: it was freed at once. */
bool engine_accept(struct engine *e, const struct arrival *a);

/*
 * Leaving for a successor. engine_leave stops listening to anybody, waits for a bounded time for what the disk is about
 * to confirm, brings long answers to their ends, and writes a section of the state and the descriptors. False: there
 * was no memory. Then, or when nothing comes of it later, engine_stay goes on as before; else engine_abandon forgets
 * everybody without a word. Not inside the loop.
 */
bool engine_leave(struct engine *e, struct handoff_out *h);
void engine_stay(struct engine *e);
void engine_abandon(struct engine *e);

/*
 * Takes that section up, before engine_open. back: a client is here again, whose address this is. False: it is damaged,
 * and nobody is here.
 */
typedef void (*engine_back_fn)(void *ctx, const char *host);
bool engine_arrive(struct engine *e, struct handoff_in *h, struct wire_in in, engine_back_fn back, void *ctx);

/* The configuration has been replaced in place. */
void engine_reconfigured(struct engine *e);

/* Says goodbye to everybody, without telling each of all the others' leaving; gone is called for each. */
void engine_goodbye(struct engine *e, const char *reason);

struct engine_count {
	uint32_t users, channels;
};
struct engine_count engine_count(const struct engine *e);

uint32_t engine_clients(const struct engine *e); /* connected, not yet released ones included */

/* What those may look at who report on it. */
struct engine_counts {
	uint64_t records[RECORD_TYPE_END];
	struct histogram commits; /* of the journal's batches; none where nothing is kept */
};
struct engine_view {
	const struct network *net;
	const struct session_hub *hub;
	const struct command_usage *usage; /* one per row, by command_nth */
	const struct engine_counts *counts;
	uint64_t position; /* of the newest record */
	uint64_t durable;  /* of what is kept everything up to here is on disk, or never will be */
};
struct engine_view engine_view(const struct engine *e);

/*
 * Submits a record that the server itself asks for, with its power. REFUSAL_NONE, or why nothing came of it. Room for a
 * record's lists, until the next one is submitted.
 */
enum refusal engine_ask(struct engine *e, struct record *r);
struct record_room *engine_room(struct engine *e);

struct command_env;
/* What commands see, for those who do what commands do. */
const struct command_env *engine_env(const struct engine *e);

/* Somebody who hears what people are told, or some of it; see oper_notices_listen. What is NULL is not called. One for each
 * place; notices go to the first alone. */
struct engine_listener {
	void (*change)(void *ctx, const struct change *c);
	void (*notice)(void *ctx, enum notice kind, const char *text);
	uint32_t notices; /* NOTICE_BIT */
	void *ctx;
};
enum engine_place { ENGINE_LISTENER_OUTGOING, ENGINE_LISTENER_PUSH, ENGINE_LISTENERS };
void engine_listen(struct engine *e, enum engine_place place, const struct engine_listener *listener);
