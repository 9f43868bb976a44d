#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "loop/loop.h"

/*
 * The line that somebody types at a terminal, edited with libedit. Lines that are printed in between never break it:
 * prompt_hide takes it off the screen, and it comes back, at the end of the turn.
 * A terminal without cursor control (TERM unset or "dumb", output not a terminal) is read line by line as it comes.
 */
struct completion;
struct prompt;

struct prompt_handlers {
	/* One line, without its end. Valid during the call; UTF-8 as the terminal sent it, perhaps broken. */
	void (*line)(void *ctx, struct str line);
	/* No more will come: end of file, ^D on an empty line, or the terminal is gone. Once. */
	void (*eof)(void *ctx, bool gone);
	/* The words in front of the line; the prompt calls it for each redraw. NUL-terminated and rendered. */
	void (*label)(void *ctx, char *dst, size_t size);
	/* Alt and a digit. */
	void (*number)(void *ctx, unsigned number);
	/*
	 * Tab, with what stands in front of the cursor; again and again for one word with more to skip. False: nothing
	 * fits.
	 */
	bool (*complete)(void *ctx, struct str typed, struct completion *c);
	/*
	 * Several lines were pasted, with '\n' between them and what stood in the line around them. cut: there were
	 * more than can be taken.
	 */
	void (*paste)(void *ctx, struct str text, bool cut);
	/* Whether the line may be kept in the history. */
	bool (*keep)(void *ctx, struct str line);
};

/* NULL when there is no memory for it; stdin must be a terminal. edit: whether libedit is to be used. */
struct prompt *prompt_new(struct loop *loop, const struct prompt_handlers *h, void *ctx, bool edit);
void prompt_free(struct prompt *p); /* gives the terminal back as it was; NULL is legal */

/* Earlier lines are taken from that file, and written to it in the end; nobody else can read it. */
void prompt_history(struct prompt *p, const char *path);

/* 0 or -errno. */
int prompt_start(struct prompt *p);

/*
 * Prints whole lines above the typed one; they and the line below them reach the terminal at once, at the end of the
 * turn. 0; -errno when the terminal is gone; 1 when it is for the caller to write to fd, for that is no terminal of
 * ours.
 */
int prompt_print(struct prompt *p, int fd, struct str lines);

/* Takes the typed line off the screen until the end of the turn. No-op while it is off. */
void prompt_hide(struct prompt *p);

/* Puts it back, with a fresh label. */
void prompt_show(struct prompt *p);

/* The size of the terminal changed. */
void prompt_resize(struct prompt *p);

/* Puts text where the cursor is, as if it had been typed. */
void prompt_insert(struct prompt *p, struct str text);

/* ^C: forgets what was typed. False when nothing was. */
bool prompt_clear(struct prompt *p);

/* Gives the terminal back for a while (^Z), and takes it again. */
void prompt_suspend(struct prompt *p);
void prompt_continue(struct prompt *p);

/* Width of the terminal on stdin; 80 where it does not say. */
unsigned prompt_columns(void);
