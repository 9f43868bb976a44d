#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "loop/worker.h"
#include "session/session.h"

struct call;
struct command_env;
struct command_host;

/*
 * The slow part of a command, done on the worker thread: deriving a key, asking a resolver. The session's input waits for
 * it, and so does the end of its labelled answer. Embedded at the front of what the command needs for it.
 */
struct errand {
	/* In the thread: may touch nothing but the errand. */
	void (*work)(struct errand *e); /* NULL: errand_wait's */
	/*
	 * In the loop, when the work is done, as if the command were running still: it replies and submits, through the env and
	 * host of e. Not called when the session has gone meanwhile.
	 */
	void (*done)(struct errand *e, struct session *s);
	/* The last that is heard of it: frees it, and forgets what was secret. */
	void (*free)(struct errand *e);

	const struct command_env *env; /* errand_run's, as all below */
	const char *command;           /* for RPL_TRYAGAIN, where a restart does not wait */
	char *label;                   /* of the command; NULL: none */
	struct session *session;       /* NULL: gone */
	struct stream stream;
	struct job job;
	bool counted; /* in the env's errands */
	bool working; /* the thread has it, or will; or somebody else who was asked */
	bool running; /* done is being called */
	atomic_bool vain; /* the session has gone: the thread need not begin */
};

/* All but work, done and free is filled in here; the errand is no more the caller's. Where there is no worker it is done at once. */
void errand_run(const struct call *call, struct errand *e);

/*
 * The same for what somebody else is asked, who answers later: errand_answered is called once, in the loop, whether or not the
 * session is still there. Until then the errand stays, with its memory.
 */
void errand_ask(const struct call *call, struct errand *e);
void errand_answered(struct errand *e);

/*
 * The same for what the thread is not needed for: done is called after errand_ready, in the loop, or before it where a restart
 * does not wait. Somebody who waits for the errand does so until done is called, or the session ends.
 */
void errand_wait(const struct command_env *env, struct session *s, struct errand *e);
void errand_ready(struct errand *e);

/* For the host's `resume`: calls done. */
void errand_finish(struct errand *e);
