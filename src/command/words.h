#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "proto/line.h"

struct session;

/*
 * Words collected for the last parameter of a numeric, as many as one line holds. When words_add says there is no room
 * the caller sends text, clears, and adds the word again; a word too long for any line is taken and cut by the reply.
 */
struct words {
	char text[LINE_BODY_MAX]; /* NUL-terminated */
	size_t n, max;
};

/* fixed: bytes of the numeric's parameters before the words, with their spaces and the colon. */
void words_init(struct words *w, const struct session *s, size_t fixed);
bool words_add(struct words *w, struct str word);

static inline void words_clear(struct words *w)
{
	w->n = 0;
	w->text[0] = '\0';
}
