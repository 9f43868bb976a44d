#pragma once

#include <stdio.h>

/*
 * Text on a terminal. It has been through log_escape; what the terminal's character set cannot show is shown as '?'.
 */
enum { CELL_BYTES_MAX = 4096 };

/* Columns that it takes. */
unsigned cell_width(const char *text);

/* At most width columns of it, the last of them '~' when it is cut; 0: all. */
void cell_print(FILE *out, const char *text, unsigned width);
