#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/network.h"
#include "network/record.h"
#include "session/message.h"
#include "session/monitor.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"

/*
 * Commands: one const row each, one file per family. What is common to all (who may, how many parameters, which
 * capability) is data and is tested once, in command_run. A command answers with replies, or asks for records; it never
 * writes to a socket, never alters the network, never calls the store.
 */
struct address;
struct call;
struct courier;
struct helper;
struct errand;
struct filters;
struct password_memory;
struct tries;
struct logins;
struct guest;
struct history_read;
struct hook_desk;
struct worker;

enum command_role {
	ROLE_ANY,          /* registered or not */
	ROLE_UNREGISTERED, /* before registration alone: 462 afterwards */
	ROLE_USER,         /* 451 before */
	ROLE_OPER,         /* 481 for others */
};

/* A role of its own: operators with the privilege; 481 for those who are none, 723 for operators without it. */
#define ROLE_MAY(priv) ((enum command_role)(ROLE_OPER + 1 + (priv)))

struct command {
	const char *name;
	enum command_role role;
	uint8_t min; /* parameters; fewer: 461 */
	uint8_t cost; /* tenths of a token of flood control: 10 is one plain command */
	int8_t cap;  /* enum cap it belongs to, -1: none. Without it the command is unknown (421) */
	void (*run)(struct call *call);
};

/* What commands ask of the daemon. */
struct command_host {
	/* Gives the record its place; time and msgid are filled in there. The changes are told before it returns, on one machine. */
	void (*submit)(void *ctx, struct record *r);
	/* This session leaves; the last one takes its user along. */
	void (*quit)(void *ctx, struct session *s, const char *reason);
	/* Reads the configuration again. False: it was refused, why says the reason. */
	bool (*rehash)(void *ctx, char *why, size_t size);
	/* Ends the daemon; restart: a fresh one takes its place. */
	void (*stop)(void *ctx, const char *reason, bool restart);
	/*
	 * The session comes from elsewhere than it seemed: its address is replaced, and counts. False: nobody may come in from
	 * there, why says the reason.
	 */
	bool (*move)(void *ctx, struct session *s, const struct address *peer, char *why, size_t size);
	/* Calls errand_finish, with what surrounds a command. */
	void (*resume)(void *ctx, struct errand *e);
	/* Reads history, see journal/history.h; NULL: there is none. */
	void (*read)(void *ctx, struct history_read *r);
	/* Replies what was kept, as a line in the answer of the session. target: what it is called where it went to. */
	void (*show)(void *ctx, struct session *s, const struct record *r, const char *target);
	/* One more device of a user who is here: it is registered, and nothing is said yet. */
	void (*attach)(void *ctx, struct session *s, const struct user *u);
	void *ctx;
};

/* What all commands see. */
struct command_env {
	const struct network *net;
	const struct server *server;
	struct monitor *monitor;
	struct filters *filters; /* NULL: none */
	struct session_hub *hub;
	const struct command_host *host;
	struct command_usage *usage; /* one per row, by command_nth */
	struct worker *worker;       /* NULL: errands are done at once */
	struct tries *tries;         /* of passwords */
	struct password_memory *password; /* the server's, as given last */
	struct password_memory *gateways; /* of those who use WEBIRC, the same */
	unsigned *errands;           /* how many are under way */
	struct logins *logins;       /* what has failed lately */
	struct nicks *nicks;         /* guests on others' nicks, and names that look alike */
	struct courier *courier;     /* NULL: no mails */
	struct helper *helper;       /* NULL: nobody else is asked */
	const struct hook_desk *hooks; /* NULL: no webhooks */
};

struct command_usage {
	uint64_t count, bytes;
};

/* One command being answered. */
struct call {
	const struct command_env *env;
	struct session *session;
	const struct user *user; /* the session's at the start; NULL: not registered. See call_user */
	const struct message *msg;
	const struct command *row;
	bool forced; /* SAMODE: rights in the channel are not asked */
};

/* The nth parameter, NULL when it was not given. */
static inline const char *call_param(const struct call *call, size_t n)
{
	return n < call->msg->nparams ? call->msg->params[n] : NULL;
}

/* The same, with an empty one taken for none. */
static inline const char *call_word(const struct call *call, size_t n)
{
	const char *p = call_param(call, n);
	return p && *p ? p : NULL;
}

/* A record from the caller: origin and session filled in. */
struct record call_record(const struct call *call, enum record_type type);
/* The power of an operator goes along where that was asked for: see override.h. */
void call_submit(const struct call *call, struct record *r);

/* The user once more: NULL when what was submitted ended it. Ask again after each call_submit that might. */
static inline const struct user *call_user(const struct call *call)
{
	return call->session->user;
}

/* session_charge, but for those with PRIV_NO_FLOOD. */
void call_charge(const struct call *call, uint32_t cost);

/* Whether the caller has the privilege. False: it was answered, with 481 or 723. */
bool call_may(const struct call *call, enum privilege priv);

const struct command *command_find(const char *name); /* exact, in capitals */
bool command_is_known(const char *name);
size_t command_count(void);
const struct command *command_nth(size_t n); /* n < command_count() */

/* Answers one message of the session: the whole of it, label included. */
void command_run(const struct command_env *env, struct session *s, const struct message *m);
