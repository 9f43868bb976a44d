#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Several lines that were pasted, and wait for a yes before they are said. */
enum { PASTED_TARGET_MAX = 256 };

struct pasted {
	char *text; /* NULL: nothing waits */
	size_t n;
	size_t lines;
	char target[PASTED_TARGET_MAX];
};

void pasted_set(struct pasted *p, struct str target, struct str text);
void pasted_drop(struct pasted *p);

/* The question, for the prompt: "say 3 lines in #lobby? [Y/n] ". Appends raw bytes. */
void pasted_ask(const struct pasted *p, struct buf *out);
/* How the first of them begins, and how many there are: a line to tell. */
void pasted_tell(const struct pasted *p, bool cut, struct buf *out);

/* Whether what was typed agrees: nothing, or a word that begins as yes does, in English or the user's language. */
bool pasted_agrees(struct str typed);
