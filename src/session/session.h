#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/str.h"
#include "base/vec.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "proto/caps.h"
#include "session/end.h"
#include "session/language.h"
#include "session/message.h"

/*
 * One client: a connection with what it negotiated. It reads commands off its connection and gives them to its host;
 * it knows whose user it is, and nothing of channels.
 */
struct answer;
struct arrival;
struct client_batch;
struct exchange;
struct held;
struct lookup;
struct lookups;
struct monitor;
struct reply_batch;
struct person;
struct server;
struct session;
struct stream;
struct tls_binding;
struct subscriptions;
struct user;

/* What NICK, USER, PASS and CAP said so far; gone once registered. */
struct registration {
	char *nick, *username, *realname, *password, *away;
	char *metadata;   /* what METADATA said; NULL: nothing */
	char *account;    /* that it has logged in to; NULL: none */
	char *realhost;   /* the name of its address, confirmed; NULL: none */
	char *gateway;    /* that speaks for it with WEBIRC; NULL: none */
	char *ident;      /* whose connection its machine says that it is, fit to be a username; NULL: it does not say */
	bool negotiating; /* CAP LS or REQ came, CAP END has not */
	bool checked;     /* the record is on its way */
	bool waiting;     /* all is said, and right: what is found out of its address is missing */
};

/* What sessions ask of the daemon. */
struct session_host {
	/* A command to be answered. */
	void (*command)(void *ctx, struct session *s, const struct message *m);
	/* The peer is gone, timed out, or overflowed its queue: the host takes its user away and calls session_close. */
	void (*over)(void *ctx, struct session *s, const char *reason);
	/* The nick of a user: what a session is called once registered. */
	const char *(*nick)(const struct user *user);
	/* The descriptor of a closed session has been released; its memory is next. */
	void (*gone)(void *ctx, const struct session *s);
	void *ctx;
	/* Whether there is such a command, in capitals. NULL: there is none. */
	bool (*known)(const char *command);
	/* 1 + the enum language that its account has set; 0: none. NULL: there are no accounts. */
	unsigned (*language)(void *ctx, const struct session *s);
};

/* What all sessions share. */
struct session_hub {
	struct loop *loop;
	struct conn_hub *conns;
	struct conn_limits limits;
	struct server *server;
	struct monitor *monitor;
	struct lookups *lookups; /* NULL: nothing is looked up */
	struct reactions *reactions;
	struct session_host host;
	LIST_HEAD(, session) sessions; /* all that are not closed */
	LIST_HEAD(, session) closing;  /* those whose last words are on their way */
	LIST_HEAD(, session) held;     /* those with output that waits for the disk */
	uint64_t last_id;
	uint32_t count;        /* of sessions that are not closed */
	uint32_t unregistered; /* of those, without a user */
	uint64_t last_batch;   /* names of batches */
	uint64_t ended[SESSION_END_COUNT]; /* sessions, by why */
	uint32_t mark;         /* see session.mark */
	int64_t newcomers_second; /* of the monotonic clock ... */
	uint32_t newcomers;       /* ... and who came in it, where that is bounded */
	char *scratch;         /* the line that is being handled: SESSION_SCRATCH bytes */
};

enum {
	SESSION_CAP_302 = 1 << 0,     /* CAP LS 302 or later */
	SESSION_PINGED = 1 << 1,      /* a PING waits for its PONG */
	SESSION_CLOSED = 1 << 2,      /* said goodbye; only its connection ends */
	SESSION_LOCAL = 1 << 3,       /* from loopback or a Unix socket */
	SESSION_THROTTLED = 1 << 4,   /* flood control holds its input */
	SESSION_COMMAND = 1 << 5,     /* a command of it is being answered */
	SESSION_SECURE = 1 << 6,      /* ARRIVAL_SECURE */
	SESSION_WEBSOCKET = 1 << 7,   /* ARRIVAL_WEBSOCKET */
	SESSION_PROXIED = 1 << 8,     /* ARRIVAL_PROXIED */
	SESSION_UNDECIDED = 1 << 13,  /* its first line tells whether a client or a person says it, see line_door.h */
	SESSION_GREETED = 1 << 14,    /* and it was told how to come in */
	SESSION_LINE = 1 << 15,       /* a person: it has a struct person */
	SESSION_GATEWAY = 1 << 12,    /* a gateway has said for whom it speaks, with WEBIRC */
};

struct session {
	struct conn conn; /* first: handlers get from one to the other */
	struct session_hub *hub;
	uint64_t id;
	const struct user *user;   /* NULL: not registered, or over */
	struct session *next_own;  /* next session of the same user */
	struct registration *reg;  /* NULL once registered */
	struct answer *answer;     /* a labelled answer in progress */
	struct reply_batch *batch; /* what is replied now is in this one; NULL: in none */
	struct person *person;     /* of one with SESSION_LINE, see line_door.h */
	struct lookup *lookup;     /* of its address, see lookup.h; NULL: none, or registered */
	struct exchange *exchange; /* an AUTHENTICATE in progress, see exchange.h; NULL: none */
	struct client_batch *client_batch; /* that it has begun, see client_batch.h; NULL: none */
	struct stream *stream;     /* a long answer in progress: input waits */
	struct vec monitors;       /* what it watches, monitor.c's */
	struct subscriptions *subscriptions; /* NULL: none, see subscriptions.h */
	char *address;             /* numeric, or "localhost" */
	char *device;              /* its name, see command/device.h; NULL: none */
	char *certfp;              /* as in struct arrival, as are the next two */
	char *certname;
	struct tls_binding *binding;
	char *away;                /* of this device; NULL: it is here */
	cap_set caps;
	int64_t opened;     /* ms since 1970 */
	int64_t heard;      /* mono ms of the last line */
	int64_t pinged;     /* mono ms of the PING that waits for an answer */
	int64_t refilled;   /* mono ms: the bucket as of then */
	int32_t tokens;     /* thousandths */
	uint32_t mark;      /* equal to the hub's: has had this change already */
	uint16_t flags;
	uint8_t language;   /* 1 + the enum language that it chose; 0: none */
	struct timer timer; /* registration, PING, throttle: the next of them */
	LIST_ENTRY(session) all;
	struct held *held; /* output that waits for the disk, see held.h; NULL: none */
	LIST_ENTRY(session) waiting;
};

int session_hub_init(struct session_hub *hub, struct loop *loop, struct server *server, const struct session_host *host);
void session_hub_deinit(struct session_hub *hub);

/* Takes the transport over. NULL: it was freed (no memory, no descriptor to watch). */
struct session *session_new(struct session_hub *hub, const struct arrival *a);

/* What numerics call it: "*" before it has a nick. */
const char *session_nick(const struct session *s);
/* What it is spoken to in: what it chose, else what its account did, else the server's. */
enum language session_language(const struct session *s);

static inline bool session_has(const struct session *s, enum cap cap)
{
	return s->caps & CAP_BIT(cap);
}

/* Whole lines for the client, behind all that was written before. */
void session_write(struct session *s, struct str lines);

/* It has become this user's (registration is dropped, PING timing starts). */
void session_register(struct session *s, const struct user *user);

/* Takes tokens for what a command cost (1000: one plain command); the input is held when none are left. */
void session_charge(struct session *s, uint32_t cost);

/*
 * Says ERROR with the reason, delivers what was written, and ends. Nothing the client sends is heard from here on, and
 * s->user is NULL. Legal at any point; the memory stays until the handlers have returned.
 */
void session_close(struct session *s, const char *reason);

/*
 * A long answer in steps: step writes some lines and returns true when it was the last. It is called again, now or in a
 * later turn, when the client has read enough of what it wrote; meanwhile the client's input waits. Several follow one another in the order
 * they were given. The session frees it, maybe before session_stream returns.
 */
struct stream {
	bool (*step)(struct stream *st, struct session *s);
	void (*free)(struct stream *st);
	struct stream *next; /* the session's: what waits behind it */
	bool cut;            /* the session's: no time for more, step writes the end alone and returns true */
	bool waits;          /* its maker's: for something else than the client. While it does, step is not called */
	bool stays;          /* its maker's: what it waits for goes on over a restart, whose successor makes it anew */
};
void session_stream(struct session *s, struct stream *st);
/* Goes on with it, where nothing stands in the way any more. */
void session_stream_resume(struct session *s);
