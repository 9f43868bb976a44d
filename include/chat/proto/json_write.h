#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Writes JSON objects, one a line. What it writes is fit for a terminal too: control bytes, and code points that move
 * the cursor or turn text round, stand as \uXXXX; a byte that is not UTF-8 as \ufffd.
 */
struct json {
	void (*put)(void *ctx, const char *p, size_t n);
	void *ctx;
	bool more; /* a comma stands before what comes next */
};

void json_begin(struct json *j); /* { */
void json_end(struct json *j);   /* } and the end of the line */

void json_str(struct json *j, const char *name, struct str value);
/* Above 2^53 - 1, from where on many readers round, it stands as a string. */
void json_u64(struct json *j, const char *name, uint64_t value);
void json_bool(struct json *j, const char *name, bool value);
/* ms since 1970, as 2026-01-31T12:34:56.789Z. */
void json_time(struct json *j, const char *name, int64_t ms);

void json_list_begin(struct json *j, const char *name); /* [ */
void json_item(struct json *j, struct str value);
void json_list_end(struct json *j);
