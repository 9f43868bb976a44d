#pragma once

#include <stddef.h>
#include <wchar.h>

/* Where the editor's characters stand on the terminal, reckoned as libedit places them. Pure but for wcwidth(3). */
struct layout {
	unsigned columns; /* of the terminal, at least 2 */
	unsigned row;     /* from the first row of the prompt */
	unsigned column;
};

/* Moves on by the characters. */
void layout_add(struct layout *l, const wchar_t *text, size_t n);

/* The row of a cursor that stands on the character: a wide one without room is on the next row. 0: at the end. */
unsigned layout_row(const struct layout *l, wchar_t under);
