#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/line.h"
#include "session/line_texts.h"

/*
 * A line of IRC in words: what somebody at the line door reads in its place. Pure. Whatever the line holds, what comes out is
 * fit for a terminal (base/inert.h), and each line ends in CR LF.
 */
struct line_view {
	enum language language;
	const char *nick;   /* of who reads, "*" before there is one */
	const char *target; /* the channel or nick that needs no naming; NULL: none */
	bool coming;        /* not inside yet: the greetings of IRC are left out */
	bool fold;          /* who comes and goes is not told */
	bool bell;
	int64_t now;        /* ms since 1970, where the line does not say */
};

enum { LINE_WORDS_MAX = 8192 };

/* Nothing where there is nothing to tell. */
void line_words(struct buf *out, const struct line_view *v, const struct line *l);

/* One text by itself, its arguments made harmless. */
void line_words_say(struct buf *out, enum language language, enum line_text id, const struct line_args *args);

/* The nick of a source. */
struct str line_words_nick(struct str source);
