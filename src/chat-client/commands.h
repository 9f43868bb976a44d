#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct client;
struct completion;
struct view;
struct command_row;

/* Something to tell the user, one line. */
typedef void (*command_tell_fn)(void *ctx, struct str text);

/* Where a command acts. */
struct command_context {
	struct client *client;
	struct view *view;
	command_tell_fn tell;
	/* Text of our own that goes out as PRIVMSG; the server may not echo it. */
	void (*say)(void *ctx, struct str target, struct str text);
	/* Such text was sent. */
	void (*said)(void *ctx, struct str target, struct str text);
	void *ctx;
};

/* A typed line taken apart. */
struct command_line {
	enum {
		COMMAND_NOTHING, /* nothing but spaces */
		COMMAND_TEXT,    /* rest is text for the current target */
		COMMAND_RUN,     /* row, with rest as its arguments */
		COMMAND_UNKNOWN, /* rest is the name */
		COMMAND_USAGE,   /* too few arguments for row */
	} kind;
	const struct command_row *row;
	struct str rest;
};

/* Pure. "//text" is the text "/text". */
struct command_line command_parse(struct str typed);

/* One word off the front of *rest, and the spaces around it. Empty at the end. */
struct str command_word(struct str *rest);

/* What a command's name may become: appends all of it. typed: "/jo". False when nothing fits. */
bool command_complete(struct str typed, struct completion *c);

/* False for what holds a password, as far as one can tell. target: where plain lines go. */
bool command_may_be_kept(struct str typed, const char *target);

/* Does what was typed. */
void command_run(const struct command_context *x, struct str typed);
