#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"

/*
 * A hub on a real loop, with clients on socket pairs, and a host that notes what it is asked. What a client hears comes
 * back as text with LF alone at the ends of lines and every time as "time=T", so that a test reads like a table; that
 * each line was a line (CR LF, at most as long as a line may be, UTF-8) is checked on the way.
 */
enum { STAGE_CLIENTS = 12, STAGE_TEXT = 4 << 20 };

struct stage;
typedef void (*stage_command_fn)(struct stage *st, struct session *s, const struct message *m);

struct stage_client {
	struct session *s; /* NULL once it is gone */
	int fd;            /* the other end; -1: closed */
	bool ended;        /* it has read the end of the stream */
	char *text;        /* heard, not asked for yet */
	size_t n;
	char *shown; /* what stage_heard returned */
	size_t shown_n;
};

struct stage {
	struct loop *loop;
	struct server server;
	struct session_hub hub;
	stage_command_fn command; /* NULL: commands are noted alone */
	void *ctx;                /* the test's */
	struct stage_client clients[STAGE_CLIENTS];
	int count;
	int descriptors;
	char log[16384]; /* "command 0 NICK ann; over 0 reason; gone 0; " */
};

/* nick: of a user; NULL: users are their nicks, see stage_register. */
void stage_init(struct stage *st, const char *(*nick)(const struct user *user));
/* All descriptors and all memory of rings must be back afterwards. */
void stage_deinit(struct stage *st);

/* One more client, not registered. Returns its number. */
int stage_add(struct stage *st);
struct session *stage_session(struct stage *st, int i);
/* Makes it registered with a user that is nothing but this nick. */
void stage_register(struct stage *st, int i, const char *nick);
void stage_caps(struct stage *st, int i, cap_set caps);

/* Sends bytes to the session; turns the loop until all that can happen now has happened. */
void stage_say(struct stage *st, int i, const char *text);
void stage_say_bytes(struct stage *st, int i, const void *p, size_t n);
void stage_settle(struct stage *st);
void stage_hang_up(struct stage *st, int i);
/* The kernel holds little for it from now on, so that what it does not read stays with the session. */
void stage_narrow(struct stage *st, int i);

/* What the client has heard since it was asked last, after the loop has settled. Valid until it is asked again. */
const char *stage_heard(struct stage *st, int i);
/* Turns until the client has heard the words (which stay to be asked for), or the log holds them. */
void stage_await(struct stage *st, int i, const char *words);
void stage_await_log(struct stage *st, const char *words);

/* The log, which begins anew. */
const char *stage_log(struct stage *st);

/* How often the words are in the text. */
unsigned stage_count(const char *text, const char *words);
