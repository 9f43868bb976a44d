#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chat-client/screen.h"
#include "proto/line.h"

/*
 * What was said while we were away, asked for with CHATHISTORY after the last message that was seen (IRCv3
 * chathistory). What arrives before the answer is complete is held back and shown after it, without what the answer
 * held already; so all is shown once, and in order. Where the server keeps no history nothing is asked for.
 */
struct client;
struct window;
struct windows;

enum { MISSED_PAGE = 100, MISSED_HELD_MAX = 500 };

struct missed {
	struct client *client;
	struct windows *windows;
	void (*show)(void *ctx, enum screen_stream stream, int64_t ms, struct str text);
	void *ctx;
	unsigned pings;   /* so many were sent */
	int64_t since_ms; /* what is asked of people that an answer names */
};

/* Asks for what was said in the window since its last message; nothing when there was none, or no server that knows. */
void missed_ask(struct missed *h, struct window *w);
/* Asks for the last so many lines of it, in as many answers as it takes; they are shown when all are there. */
void missed_ask_last(struct missed *h, struct window *w, unsigned lines);

/*
 * Asks who has said something to us alone since then (ms since 1970): what came from people with no window is asked for
 * when the answer names them.
 */
void missed_ask_who(struct missed *h, int64_t since_ms);

/* BATCH, FAIL, PONG and what names people; true when the line was about this and is not to be shown. */
bool missed_control(struct missed *h, const struct line *line);

/* A message in words. */
struct missed_words {
	enum screen_stream stream;
	int64_t ms;
	struct str text;
};

/*
 * A message for the window. False: it is for the caller to show, now. True: it is held back. One that is part of an
 * answer is counted.
 */
bool missed_message(struct missed *h, struct window *w, const struct line *line, const struct missed_words *words);

/* True when the message is part of an answer of the history, not said just now. */
bool missed_is_old(const struct window *w, const struct line *line);

/* The connection is over: what was held back is shown, and no answer is waited for. */
void missed_end(struct missed *h);

void missed_drop(struct window *w);
