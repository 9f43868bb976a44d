#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "proto/casemap.h"

/* The places where talk goes on, channels and people, and what of each has not been looked at. Bounded. */
enum { WINDOWS_MAX = 256, WINDOW_MSGID_MAX = 128, WINDOW_REF_MAX = 64 };

struct window {
	char *name;
	unsigned unread, mentions;
	bool muted;
	char msgid[WINDOW_MSGID_MAX]; /* of the last message seen; "" for none */
	/* what missed.c knows of it */
	unsigned last;                      /* so many of the last lines are still wanted */
	bool asked_last;                    /* for the last lines, of which there is one answer */
	char asked_after[WINDOW_MSGID_MAX]; /* the message that the question named */
	bool asked;                         /* for what was missed; what comes meanwhile is held back */
	char batch[WINDOW_REF_MAX];         /* the answer that is coming in; "" for none */
	unsigned ping;                      /* the number of the PING behind the question */
	unsigned part, missed;              /* lines of this answer, and of all */
	struct vec page, past; /* struct held_line *: of this answer, and those that came later, of the last lines */
	struct vec held;       /* struct held_line *, allocated */
};

struct windows {
	struct vec list; /* struct window * */
	enum casemap casemap;
};

void windows_deinit(struct windows *ws);
struct window *windows_at(const struct windows *ws, uint32_t i);
struct window *windows_find(const struct windows *ws, struct str name);
/* Makes it where there is none; NULL when there are too many. */
struct window *windows_get(struct windows *ws, struct str name);
void windows_remove(struct windows *ws, struct window *w);
