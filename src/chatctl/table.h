#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "chatctl/flat.h"

/*
 * Objects as a table for people. No byte of a value reaches the terminal that is not visible there. On a terminal the
 * columns fit its width, and what is cut ends in '~'; elsewhere nothing is cut.
 */
struct table_column {
	const char *name; /* of the field */
	const char *title;
	bool right; /* aligned */
	/* The value as people read it, into dst; NULL: as it is. */
	void (*show)(const char *value, char *dst, size_t size);
};

enum { TABLE_COLUMNS_MAX = 12, TABLE_AHEAD = 200 };

struct table;

/* width: of the terminal in columns; 0: none. The columns end with one that has no name. */
struct table *table_new(FILE *out, const struct table_column *columns, unsigned width);
/* Looks at some rows before it decides on widths and prints the first. */
void table_row(struct table *t, const struct flat *f);
/* Prints what is left; without any row the titles, when the answer is whole. */
void table_end(struct table *t, bool whole);

/* All fields of one object, one a line; those that are among the columns as these say. */
void table_list(FILE *out, const struct flat *f, const struct table_column *columns);

/* For show: seconds as 45s, 12m, 3h, 5d; bytes as 12k, 3M; true as yes, false as no. */
void table_show_seconds(const char *value, char *dst, size_t size);
void table_show_bytes(const char *value, char *dst, size_t size);
void table_show_bool(const char *value, char *dst, size_t size);
