#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "command/cursor.h"
#include "network/ban.h"

struct call;
struct network;

/* Bans one after the other, in blocks, from a list that may change between two of them. */
struct ban_walk {
	unsigned kind; /* that is being walked */
	struct cursor cursor;
};

void ban_walk_begin(struct ban_walk *w);
/* The next block of at most max of those kinds. NULL: there is none. */
const struct vec *ban_walk_next(struct ban_walk *w, const struct network *net, unsigned kinds, uint32_t max,
				struct cursor_block *b);

#define BAN_LIST_ALL ((1u << BAN_MASK) | (1u << BAN_ADDRESS) | (1u << BAN_ACCOUNT) | (1u << BAN_REALNAME))

/* Which of them are listed, and how. */
struct ban_listing {
	unsigned kinds;   /* bits 1 << enum ban_kind */
	bool shuns;       /* those that shun alone */
	char query;       /* of STATS, in whose words it is then; 0: in plain ones */
	const char *glob; /* of masks; NULL: all */
	const char *service; /* that says them; NULL: the server does */
};

/* Streams them. */
void ban_list(const struct call *call, const struct ban_listing *l);
