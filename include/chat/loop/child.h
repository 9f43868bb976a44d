#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Programs that run beside this one. There is no shell: a command is words with blanks between them, the first of which
 * is the program's path. A child sees an environment of its own (PATH and the locale), its standard error goes nowhere,
 * and it leads a process group, so that what it starts ends with it. The caller watches `exited`.
 */
struct child {
	pid_t pid;  /* 0: none */
	int in;     /* its standard input; writes do not block. -1: closed */
	int out;    /* its standard output, where that was asked for; reads do not block. -1: closed */
	int exited; /* can be read when it has ended */
};

enum { CHILD_WORDS_MAX = 32 };

/* Whether the command is one: a path that begins at the root, and not too many words. */
bool child_command_valid(const char *command);

/* 0 or -errno. talks: its output is wanted. */
int child_start(struct child *c, const char *command, bool talks);

/* It will hear no more. */
void child_close_in(struct child *c);
void child_close_out(struct child *c);

void child_kill(const struct child *c); /* with all that it started */

/*
 * After `exited`, which the caller watches no more: what it ended with, as wait(2) has it, or -1 where nobody knows.
 * Everything of it is closed.
 */
int child_reap(struct child *c);

/* Kills it, waits for that, and closes everything. No-op where there is none. */
void child_end(struct child *c);

/* child_exit_*.c: a descriptor that can be read when the process, a child of ours, has ended. Or -errno. */
int child_exit_open(pid_t pid);
