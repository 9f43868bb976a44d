#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/wire.h"
#include "loop/loop.h"

struct session;

/*
 * A batch that a client has begun and not ended: https://ircv3.net/specs/extensions/client-batch, a message of several
 * lines. One at a time; the server's limits bound what is kept of it, and the deadline how long. It is carried over a
 * restart.
 */
enum client_batch_kind { CLIENT_BATCH_EMPTY, CLIENT_BATCH_PRIVMSG, CLIENT_BATCH_NOTICE };

struct client_batch {
	struct session *session;
	struct timer deadline;
	char *ref, *target;
	char *tags;  /* that are to be relayed */
	char *label; /* of what opened it, still escaped; NULL: none */
	char *text;  /* see proto/multiline.h */
	size_t size, room;
	uint32_t bytes; /* as max-bytes counts */
	uint32_t lines;
	enum client_batch_kind kind;
	bool over; /* it failed, and was answered: what else comes of it is passed over */
};

enum client_batch_result { CLIENT_BATCH_OK, CLIENT_BATCH_TOO_LONG, CLIENT_BATCH_TOO_MANY };

/* Begins it in place of one that there was. All but ref may be empty. */
struct client_batch *client_batch_open(struct session *s, struct str ref, struct str target);

/* One more line. Neither too many nor too long: it is in. */
enum client_batch_result client_batch_add(struct client_batch *b, struct str line, bool concat);

/* It is of no use any more; what it held goes, and only its name stays. */
void client_batch_give_up(struct client_batch *b);

/* FAIL BATCH with that code, under the label of the batch; context: more parameters, NULL: none. */
void client_batch_fail(const struct client_batch *b, const char *code, const char *context, const char *why);

/* One that was taken off its session. */
void client_batch_free(struct client_batch *b);

/* Forgets it. No-op where there is none. */
void client_batch_end(struct session *s);

/* Nothing where there is none. */
void client_batch_save(const struct session *s, struct wire_out *out);
void client_batch_load(struct session *s, struct wire_in *in);
