#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * One request on the control socket, and its answer. What goes wrong is told on stderr; results are exit codes of
 * sysexits(3).
 */
struct talk;

/* EX_OK: *out is the caller's. */
int talk_open(struct talk **out, const char *path);
void talk_close(struct talk *t);

/* line: without its end. */
int talk_ask(struct talk *t, const char *line);
/* The next line, without its end: valid, and writable, until the next call. NULL: there is none, and *code says why. */
char *talk_next(struct talk *t, int *code);

/* A descriptor that came with the lines so far, the first of them; the caller's. -1: there is none. */
int talk_take_fd(struct talk *t);

/* Waits until the server has closed, which it does when it ends. */
int talk_await_end(struct talk *t);
