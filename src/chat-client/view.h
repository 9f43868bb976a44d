#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chat-client/missed.h"
#include "chat-client/recall.h"
#include "chat-client/windows.h"
#include "loop/loop.h"

/*
 * What of the server's messages is shown, and how: whom we ignore, what rings the bell, what is counted as unread, whom
 * the Tab key knows.
 */
struct client;
struct completion;
struct options;
struct screen;

enum view_bell { VIEW_BELL_OFF, VIEW_BELL_MENTION, VIEW_BELL_ALL };

enum { VIEW_NICKS_MAX = 512, VIEW_IGNORED_MAX = 64, VIEW_TYPING_MS = 6000 };

struct view {
	struct client *client;
	struct screen *screen;
	const struct options *options; /* what is muted from the first; NULL: nothing */
	struct windows windows;
	struct missed history;
	struct vec nicks;   /* allocated; those who spoke last come last */
	struct vec ignored; /* allocated masks */
	enum view_bell bell;
	int64_t lost_ms; /* when we last heard of the server; 0: never */
	bool greeted;    /* the server says again what it said when we first came */
	bool fold_joins; /* comings and goings are not shown */
	unsigned last;   /* lines of the past to ask for on coming into a channel */
	struct recall recall;
	char *away; /* the last word of a server on who is away: it says so for each line that we say; NULL: none */
	char typing[64];       /* who types in the current window; "" for nobody */
	struct timer untyping; /* when that is over */
};

/* client and screen are set already. */
void view_init(struct view *v);
void view_deinit(struct view *v);

/* Every message, before the client takes from it what it needs. */
void view_line(struct view *v, const struct line *line);
/* Welcomed again: queries are caught up with. */
void view_ready(struct view *v);
/* An answer of the history has not come yet. */
bool view_is_waiting(const struct view *v);
/* The connection is over. */
void view_end(struct view *v);

/* Shows nothing any more of those whom the mask is of. False: there are too many. */
bool view_ignore(struct view *v, struct str mask);

/* Something of our own, "! " in front of errors. */
void view_tell(struct view *v, struct str text);

/* Goes to the window of that name, which may be new, or of that number from 1. False when there is none. */
bool view_go(struct view *v, struct str name);
bool view_go_number(struct view *v, unsigned number);

/* What can be set, and how it is: a line to tell. */
void view_settings(const struct view *v, struct buf *out);

/* "/set name value"; false when there is no such thing. Also from the configuration. */
bool view_set(struct view *v, struct str name, struct str value);

/* In front of what is typed: "#lobby +3 !1> ", narrow: "> ". Appends raw bytes. */
void view_label(struct view *v, struct buf *out, bool narrow);

/* What the word at the end of typed may become: appends all of the new word. False when nothing fits. */
bool view_complete(struct view *v, struct str typed, struct completion *c);
