#pragma once

#include "chatd/control.h"
#include "chatd/engine.h"
#include "chatd/hooks.h"
#include "chatd/peer.h"
#include "chatd/side.h"
#include "command/ban_list.h"
#include "command/cursor.h"
#include "proto/json_write.h"

/* What the files of the control socket share: control.c (who may come in, lines), control_requests.c (what they ask).
 */

enum { CONTROL_WORDS_MAX = 4, CONTROL_REQUEST_MAX = 1024, CONTROL_USER_MAX = 64 };

struct control {
	struct side *side;
	struct loop *loop;
	struct control_host host;
	gid_t group;  /* whose members may come in */
	bool grouped; /* there is such a group */
	struct backup *backup; /* NULL: none is under way */
};

struct known;

struct control_conn {
	struct side_conn base; /* first */
	struct json json;      /* writes to the connection */
	struct peer who;
	char user[CONTROL_USER_MAX]; /* who.uid by name, once it was looked up */
	/* A long answer in steps: true: it was the last. NULL: none is under way. */
	bool (*step)(struct control_conn *c);
	struct timer again; /* goes on with it */
	bool waits; /* for what is done elsewhere: who does it resumes the connection */
	struct cursor cursor;
	struct ban_walk bans;
	unsigned ban_kinds; /* that are walked */
	uint32_t accounts; /* that were not shown yet */
	struct known *known; /* of the one that is exported; NULL: none is */
	size_t hooks;      /* that were */
	char hook[HOOK_NAME_MAX + 1]; /* that is being added */
};

struct control_request {
	const char *name;
	size_t min, max; /* words behind the name; the last one may be the rest of the line */
	bool rest;       /* it is */
	void (*run)(struct control_conn *c, const char *const *words, size_t n);
};

/* NULL: there is none of that name. */
const struct control_request *control_request_find(const char *name);

static inline struct control *control_of(struct control_conn *c)
{
	return side_owner(&c->base);
}

/* The last line of an answer. */
void control_ok(struct control_conn *c);
void control_fail(struct control_conn *c, const char *code, const char *error);

/* The user's name, or the number where there is no name. */
const char *control_user(struct control_conn *c);
/* It is "on" or "off". */
bool control_switch(const char *word);
/* Who did what. What does not apply is NULL. */
struct control_deed {
	const char *command, *channel, *target, *reason;
};
void control_log(struct control_conn *c, const struct control_deed *deed);
