#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/line.h"

/*
 * The messages of late by their msgid, as far as it takes to say in words what a reaction, a reply or a redaction is
 * about. Bounded: the oldest make room.
 */
enum { RECALL_MAX = 512, RECALL_TEXT_MAX = 60 };

struct recalled {
	char *msgid, *place, *nick;
	char *text;    /* the front of its first line */
	uint32_t hash; /* of the msgid */
	bool mine;
	bool shown; /* it was printed, and must not be again */
};

struct recall {
	struct recalled items[RECALL_MAX];
	size_t next;
};

void recall_deinit(struct recall *r);

/* Notes a message that was said in that place; nothing when it has no msgid. */
void recall_note(struct recall *r, const struct line *line, struct str place, bool mine);

/* It was printed; it was noted before. */
void recall_set_shown(struct recall *r, struct str msgid);

/* The value of the tag msgid; empty when there is none. */
struct str recall_msgid(const struct line *line);

/* NULL when it is not known, or not any more. */
const struct recalled *recall_find(const struct recall *r, struct str msgid);

/*
 * The last one in that place: of ours (mine), or of somebody else, who is called nick unless that is empty. NULL when
 * there is none.
 */
const struct recalled *recall_last(const struct recall *r, const char *place, struct str nick, bool mine);
