#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "command/errand.h"
#include "command_fixture.h"
#include "loop/loop.h"
#include "session/save.h"

/* What became of the errands of a test. */
struct tally {
	int worked, done, freed;
};

struct sum {
	struct errand errand;
	struct tally *tally;
	bool closes; /* its session, when it is done */
};

static int setup(void **state)
{
	struct desk *d = malloc(sizeof(*d));

	assert_non_null(d);
	desk_init(d);
	assert_int_equal(worker_new(&d->env.worker, d->st.loop), 0);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	worker_free(d->env.worker);
	desk_deinit(d);
	free(d);
	return 0;
}

static void sum_work(struct errand *e)
{
	((struct sum *)e)->tally->worked++;
}

static void sum_done(struct errand *e, struct session *s)
{
	struct sum *sum = (struct sum *)e;

	sum->tally->done++;
	if (sum->closes)
		session_close(s, "done with it");
	else
		reply_notice(s, "done");
}

static void sum_free(struct errand *e)
{
	((struct sum *)e)->tally->freed++;
	mem_free(e);
}

static void start(struct desk *d, int i, struct tally *tally, bool closes, struct str tags)
{
	struct session *s = stage_session(&d->st, i);
	const struct message m = {.command = "OPER", .tags = tags};
	const struct call call = {.env = &d->env, .session = s, .user = s->user, .msg = &m,
				  .row = command_find("OPER")};
	struct sum *sum = mem_zalloc(sizeof(*sum));

	sum->errand.work = sum_work;
	sum->errand.done = sum_done;
	sum->errand.free = sum_free;
	sum->tally = tally;
	sum->closes = closes;
	errand_run(&call, &sum->errand);
}

static void await(const struct desk *d, const int *count)
{
	while (*count == 0)
		assert_int_equal(loop_turn(d->st.loop, -1), 0);
}

static struct tally of_command; /* what run() started */

/* The first client's OPER is the errand. */
static void run(struct stage *st, struct session *s, const struct message *m)
{
	struct desk *d = st->ctx;

	if (strcmp(m->command, "OPER") == 0)
		start(d, 0, &of_command, false, STR_NONE);
	else
		command_run(&d->env, s, m);
}

static void input_waits_for_it(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	of_command = (struct tally){0};
	d->st.command = run;
	stage_say(&d->st, i, "OPER\r\nPING x\r\n");
	await(d, &of_command.freed);
	assert_true(of_command.worked == 1 && of_command.done == 1);
	assert_int_equal(d->errands, 0);
	assert_string_equal(desk_say(d, i, "PING y"), ":chat.example NOTICE ann :done\n"
						      ":chat.example PONG chat.example :x\n"
						      ":chat.example PONG chat.example :y\n");
}

static void its_answer_has_the_label(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct session *s = stage_session(&d->st, i);
	struct tally t = {0};

	stage_caps(&d->st, i, CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH));
	answer_begin(s, STR("7"));
	start(d, i, &t, false, STR("label=7"));
	answer_end(s);
	await(d, &t.freed);
	assert_string_equal(desk_say(d, i, "PONG"), "@label=7 :chat.example NOTICE ann :done\n");
}

/* Keeps the thread until it is told to go on. */
struct obstacle {
	struct job job;
	pthread_mutex_t lock;
};

static void obstacle_work(struct job *job)
{
	struct obstacle *o = (struct obstacle *)job;

	pthread_mutex_lock(&o->lock);
	pthread_mutex_unlock(&o->lock);
}

static void obstacle_done(struct job *job)
{
	(void)job;
}

static void whoever_goes_is_forgotten(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct obstacle o = {.job = {.work = obstacle_work, .done = obstacle_done}};
	struct tally t = {0};

	pthread_mutex_init(&o.lock, NULL);
	pthread_mutex_lock(&o.lock);
	worker_run(d->env.worker, &o.job);
	start(d, i, &t, false, STR_NONE);
	session_close(stage_session(&d->st, i), "gone");
	assert_int_equal(d->errands, 0);
	pthread_mutex_unlock(&o.lock);
	await(d, &t.freed);
	assert_true(t.worked == 0 && t.done == 0);
	pthread_mutex_destroy(&o.lock);
}

static void it_may_end_its_session(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct tally t = {0};

	start(d, i, &t, true, STR_NONE);
	await(d, &t.freed);
	assert_true(t.done == 1 && t.freed == 1);
	assert_int_equal(d->errands, 0);
}

static void a_restart_does_not_wait(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct tally t = {0};

	start(d, i, &t, false, STR_NONE);
	session_settle(stage_session(&d->st, i));
	assert_null(stage_session(&d->st, i)->stream);
	await(d, &t.freed);
	assert_int_equal(t.done, 0);
	assert_string_equal(desk_say(d, i, "PONG"), ":chat.example 263 ann OPER :Please wait a while and try again.\n");
}

static void without_a_worker_it_is_done_at_once(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct worker *worker = d->env.worker;
	struct tally t = {0};

	d->env.worker = NULL;
	start(d, i, &t, false, STR_NONE);
	assert_true(t.worked == 1 && t.done == 1 && t.freed == 1);
	start(d, i, &t, true, STR_NONE);
	assert_true(t.worked == 2 && t.done == 2 && t.freed == 2);
	assert_int_equal(d->errands, 0);
	d->env.worker = worker;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(input_waits_for_it),
		TEST(its_answer_has_the_label),
		TEST(whoever_goes_is_forgotten),
		TEST(it_may_end_its_session),
		TEST(a_restart_does_not_wait),
		TEST(without_a_worker_it_is_done_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
