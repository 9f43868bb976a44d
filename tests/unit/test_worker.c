#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fd_count.h"
#include "loop/loop.h"
#include "loop/worker.h"

enum { JOBS = 1000, THREADS = 4 };

/* What the thread and the loop both touch is not locked here: the sanitizer shows whether the worker orders it. */
struct task {
	struct job job;
	struct fixture *f;
	int id;
	int square;
	bool blocks_signals;
	struct task *then;
};

struct fixture {
	struct loop *loop;
	struct worker *worker;
	int before;
	pthread_t loop_thread;
	int worked; /* of the thread */
	int done;   /* of the loop */
	bool free_in_done;
	sem_t gate; /* jobs that wait for the test */
	sem_t passed;
	struct task tasks[JOBS];
};

static void work(struct job *job)
{
	struct task *t = (struct task *)job;
	sigset_t mask;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	t->blocks_signals = sigismember(&mask, SIGTERM) == 1 && !pthread_equal(pthread_self(), t->f->loop_thread);
	t->square = t->f->worked == t->id ? t->id * t->id : -1;
	t->f->worked++;
}

static void work_behind_gate(struct job *job)
{
	struct task *t = (struct task *)job;
	while (sem_wait(&t->f->gate) < 0)
		continue;
	work(job);
	sem_post(&t->f->passed);
}

static void done(struct job *job)
{
	struct task *t = (struct task *)job;
	struct fixture *f = t->f;
	assert_true(pthread_equal(pthread_self(), f->loop_thread));
	assert_int_equal(t->id, f->done++);
	assert_int_equal(t->square, t->id * t->id);
	assert_true(t->blocks_signals);
	t->square = 0;
	if (t->then)
		worker_run(f->worker, &t->then->job);
	if (f->free_in_done) {
		struct worker *w = f->worker;
		f->worker = NULL;
		f->free_in_done = false;
		worker_free(w);
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->before = fd_count();
	f->loop_thread = pthread_self();
	assert_int_equal(sem_init(&f->gate, 0, 0), 0);
	assert_int_equal(sem_init(&f->passed, 0, 0), 0);
	for (int i = 0; i < JOBS; i++)
		f->tasks[i] = (struct task){.job = {.work = work, .done = done}, .f = f, .id = i};
	assert_int_equal(loop_new(&f->loop), 0);
	assert_int_equal(worker_new(&f->worker, f->loop), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	worker_free(f->worker);
	loop_free(f->loop);
	assert_int_equal(fd_count(), f->before);
	sem_destroy(&f->gate);
	sem_destroy(&f->passed);
	free(f);
	return 0;
}

static void give(struct fixture *f, int from, int to)
{
	for (int i = from; i < to; i++)
		worker_run(f->worker, &f->tasks[i].job);
}

static void turn_until_done(struct fixture *f, int n)
{
	while (f->done < n)
		assert_int_equal(loop_turn(f->loop, -1), 0);
}

static void jobs_run_and_return_in_order(void **state)
{
	struct fixture *f = *state;
	give(f, 0, JOBS / 2);
	turn_until_done(f, 10);
	give(f, JOBS / 2, JOBS);
	turn_until_done(f, JOBS);
	assert_int_equal(loop_turn(f->loop, 20), 0);
	assert_int_equal(f->done, JOBS);
}

/* While the loop is busy many jobs end; it is woken once for all of them. */
static void one_turn_takes_all_that_are_ready(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 100; i++)
		f->tasks[i].job.work = work_behind_gate;
	give(f, 0, 101);
	assert_int_equal(loop_turn(f->loop, 20), 0);
	assert_int_equal(f->done, 0);
	for (int i = 0; i < 99; i++)
		sem_post(&f->gate);
	for (int i = 0; i < 99; i++)
		while (sem_wait(&f->passed) < 0)
			continue;
	/* The last of them has worked, but may not be handed over yet. */
	assert_int_equal(loop_turn(f->loop, 1000), 0);
	assert_in_range(f->done, 98, 99);
	sem_post(&f->gate);
	turn_until_done(f, 101);
}

static void free_finishes_what_was_given(void **state)
{
	struct fixture *f = *state;
	give(f, 0, 200);
	worker_free(f->worker);
	f->worker = NULL;
	assert_int_equal(f->worked, 200);
	assert_int_equal(f->done, 200);
	assert_int_equal(loop_turn(f->loop, 0), 0);
}

static void free_finishes_chains(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 9; i++)
		f->tasks[i].then = &f->tasks[i + 1];
	give(f, 0, 1);
	worker_free(f->worker);
	f->worker = NULL;
	assert_int_equal(f->done, 10);
}

static void done_may_free_the_worker(void **state)
{
	struct fixture *f = *state;
	f->free_in_done = true;
	give(f, 0, 50);
	turn_until_done(f, 50);
	assert_null(f->worker);
}

static void done_may_give_more(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 99; i++)
		f->tasks[i].then = &f->tasks[i + 1];
	give(f, 0, 1);
	turn_until_done(f, 100);
}

struct giver {
	pthread_t thread;
	struct fixture *f;
	int from;
};

static void work_uncounted(struct job *job)
{
	((struct task *)job)->square = 1;
}

static void done_uncounted(struct job *job)
{
	struct task *t = (struct task *)job;
	assert_int_equal(t->square, 1);
	t->f->done++;
}

static void *give_some(void *arg)
{
	struct giver *g = arg;
	give(g->f, g->from, g->from + JOBS / THREADS);
	return NULL;
}

static void any_thread_may_give(void **state)
{
	struct fixture *f = *state;
	struct giver givers[THREADS];
	for (int i = 0; i < JOBS; i++)
		f->tasks[i].job = (struct job){.work = work_uncounted, .done = done_uncounted};
	for (int i = 0; i < THREADS; i++) {
		givers[i] = (struct giver){.f = f, .from = i * (JOBS / THREADS)};
		assert_int_equal(pthread_create(&givers[i].thread, NULL, give_some, &givers[i]), 0);
	}
	turn_until_done(f, JOBS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(givers[i].thread, NULL), 0);
}

static void idle_worker_wakes_nobody(void **state)
{
	struct fixture *f = *state;
	give(f, 0, 1);
	turn_until_done(f, 1);
	int64_t start = clock_mono_us();
	assert_int_equal(loop_turn(f->loop, 50), 0);
	assert_true(clock_mono_us() - start >= 50000);
	worker_free(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(jobs_run_and_return_in_order), WITH(one_turn_takes_all_that_are_ready),
		WITH(free_finishes_what_was_given), WITH(free_finishes_chains),
		WITH(done_may_free_the_worker),     WITH(done_may_give_more),
		WITH(any_thread_may_give),          WITH(idle_worker_wakes_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
