#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * From the body of a request to the lines that are said of it. What GitHub and Alertmanager send is known; of other
 * JSON it is the first of "text", "content" and "message". The JSON is read by SQLite's own functions, in a database in
 * memory that never holds anything.
 */
enum { HOOK_LINE_MAX = 380, HOOK_LINES_MAX = 8, HOOK_TEXT_MAX = HOOK_LINES_MAX * (HOOK_LINE_MAX + 1) };

struct hook_reader;

/* NULL: SQLite has no memory, or no JSON. */
struct hook_reader *hook_reader_new(void);
void hook_reader_free(struct hook_reader *r);

enum hook_type { HOOK_PLAIN, HOOK_JSON, HOOK_FORM, HOOK_TYPE_OTHER };
/* Of a Content-Type; parameters behind it are let pass. Empty: plain. */
enum hook_type hook_type_of(struct str content_type);

struct hook_body {
	enum hook_type type;
	struct str event;  /* what X-GitHub-Event says; empty: nothing did */
	struct str format; /* {field.path} in it stand for what the JSON has there; empty: as is usual */
	struct str bytes;
};

/*
 * Appends at most HOOK_LINES_MAX lines of at most HOOK_LINE_MAX bytes, each ended by '\n', of UTF-8 without control
 * characters; out needs HOOK_TEXT_MAX. Nothing is legal: an event of which nothing is to be said. False: the body is
 * not what its type says, or has no text.
 */
bool hook_text_make(struct hook_reader *r, const struct hook_body *body, struct buf *out);

/* {field.path} of a format: names of fields and indices of lists, with dots between them; {field:7}: its front. */
bool hook_format_fits(struct str format);
