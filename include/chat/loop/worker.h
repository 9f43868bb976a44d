#pragma once

#include <sys/queue.h>

struct loop;
struct worker;

/*
 * One thread for what may block: disks, slow hashes, resolvers. Jobs run one after the other in the order given; done
 * is called from the loop, in the same order. A job's memory is its owner's; it must live until done.
 */
struct job {
	void (*work)(struct job *job); /* in the thread */
	void (*done)(struct job *job); /* in the loop */
	STAILQ_ENTRY(job) next;
};

int worker_new(struct worker **out, struct loop *loop); /* 0 or -errno; the thread starts with all signals blocked */
/* Finishes all jobs given, calls their done, joins the thread. Legal in a done; before loop_free. */
void worker_free(struct worker *w);
void worker_run(struct worker *w, struct job *job); /* from any thread */
