#pragma once

#include "base/str.h"

/*
 * Events that waited when the process ended, in the file "outgoing" of the state directory: a line "NAME EVENT" for each. It
 * is there between two processes alone, and is not synced: what a loss of power takes is lost.
 */
struct outgoing_file;

/* Of one that is not there it says nothing. text: the callback's. The file is taken away. */
void outgoing_file_read(const char *state, void (*each)(void *ctx, struct str name, char *text), void *ctx);

/* No file without an event. What cannot be written is told of in the log. */
struct outgoing_file *outgoing_file_begin(const char *state);
void outgoing_file_add(struct outgoing_file *f, const char *name, const char *text);
void outgoing_file_end(struct outgoing_file *f);
