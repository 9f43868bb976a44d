#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/wire.h"
#include "proto/casemap.h"

struct handoff_in;
struct handoff_out;
struct msgid_source;
struct network;
struct session;
struct session_hub;

/*
 * What the engine has in hand, on its way to a successor: the network and the sessions with their connections. A
 * section of the hand-over's state.
 */
struct carry {
	struct network *net;
	struct session_hub *hub;
	struct msgid_source *msgids;
	uint64_t *last_user;
};

/* Everything must be settled. What is wrong shows in the state's buf.full. */
void carry_save(const struct carry *c, struct handoff_out *h);

/* How the predecessor compared names, which must not change under people. False: the bytes are damaged. */
bool carry_casemap(struct wire_in in, enum casemap *casemap);

struct carry_load {
	/* A session that is here again. */
	void (*back)(void *ctx, struct session *s);
	/* A user one of whose connections did not come along; it may have others. */
	void (*lost)(void *ctx, uint64_t user);
	void *ctx;
};

/*
 * Into a network and a hub without anybody, before the journal is read. False: it is damaged, nobody is there, and no
 * descriptor was taken.
 */
bool carry_load(const struct carry *c, struct handoff_in *h, struct wire_in in, const struct carry_load *to);
