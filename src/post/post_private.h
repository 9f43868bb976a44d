#pragma once

#include "post/post.h"

/*
 * What makes the requests. All of it is called by one thread at a time: the loop's while nothing runs, else the one that is in
 * post_engine_run; post_engine_wake alone by any.
 */
struct post_engine;

/* A policy with its own copies, for as long as a request needs it. Counted in the loop alone. */
struct post_terms {
	struct post_policy policy;
	struct cidr *allowed;
	char *authorities;
	unsigned users;
};

struct post_engine *post_engine_new(void); /* NULL: there is none */
void post_engine_free(struct post_engine *e); /* nothing is under way */
/* fresh: over a connection of its own. False: nothing came of it, and p says why. */
bool post_engine_add(struct post_engine *e, struct post *p, struct post_terms *terms, bool fresh);
/* Takes one out that is under way or finished; its terms, which are the caller's again. */
struct post_terms *post_engine_remove(struct post_engine *e, struct post *p);
/* Until one is finished, or somebody wakes it. May take as long as the slowest. */
void post_engine_run(struct post_engine *e);
void post_engine_wake(struct post_engine *e);
/* One that is finished, its status and why filled in; to be removed. NULL: none is. */
struct post *post_engine_finished(struct post_engine *e);
