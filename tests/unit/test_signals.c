#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fd_count.h"
#include "loop/loop.h"
#include "loop/signals.h"

static const int SIGNOS[] = {SIGUSR1, SIGUSR2, SIGHUP, SIGCHLD, 0};
enum { NSIGNOS = sizeof(SIGNOS) / sizeof(SIGNOS[0]) - 1 };

struct fixture {
	struct loop *loop;
	struct signals *signals;
	int before;
	int got[NSIG];
	int resend; /* what the handler sends, once */
	int free_in_handler;
};

static void on_signal(void *ctx, int signo)
{
	struct fixture *f = ctx;
	f->got[signo]++;
	if (f->resend) {
		assert_int_equal(kill(getpid(), f->resend), 0);
		f->resend = 0;
	}
	if (f->free_in_handler) {
		signals_free(f->signals);
		f->signals = NULL;
	}
}

static int is_blocked(int signo)
{
	sigset_t now;
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
	return sigismember(&now, signo);
}

static void mask(int how, int signo)
{
	sigset_t one;
	sigemptyset(&one);
	sigaddset(&one, signo);
	assert_int_equal(pthread_sigmask(how, &one, NULL), 0);
}

static void start(struct fixture *f)
{
	assert_int_equal(signals_new(&f->signals, f->loop, SIGNOS, on_signal, f), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->before = fd_count();
	assert_int_equal(loop_new(&f->loop), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	signals_free(f->signals);
	loop_free(f->loop);
	assert_int_equal(fd_count(), f->before);
	for (int i = 0; i < NSIGNOS; i++)
		assert_int_equal(is_blocked(SIGNOS[i]), 0);
	free(f);
	return 0;
}

/* What is sent to the process itself is there before kill returns: a turn that need not wait must see it. */
static void turn(struct fixture *f)
{
	assert_int_equal(loop_turn(f->loop, 0), 0);
}

static void each_arrives_once(void **state)
{
	struct fixture *f = *state;
	start(f);
	turn(f);
	for (int i = 0; i < NSIGNOS; i++) {
		assert_int_equal(is_blocked(SIGNOS[i]), 1);
		assert_int_equal(f->got[SIGNOS[i]], 0);
		assert_int_equal(kill(getpid(), SIGNOS[i]), 0);
	}
	turn(f);
	turn(f);
	for (int i = 0; i < NSIGNOS; i++)
		assert_int_equal(f->got[SIGNOS[i]], 1);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	turn(f);
	assert_int_equal(f->got[SIGHUP], 2);
}

static void it_ends_a_wait(void **state)
{
	struct fixture *f = *state;
	start(f);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	while (f->got[SIGCHLD] == 0)
		assert_int_equal(loop_turn(f->loop, -1), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void handler_may_send_another(void **state)
{
	struct fixture *f = *state;
	start(f);
	f->resend = SIGUSR1;
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	turn(f);
	turn(f);
	assert_int_equal(f->got[SIGUSR1], 2);
}

static void earlier_one_is_not_lost(void **state)
{
	struct fixture *f = *state;
	mask(SIG_BLOCK, SIGUSR2);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	start(f);
	turn(f);
	turn(f);
	assert_int_equal(f->got[SIGUSR2], 1);
	assert_int_equal(f->got[SIGUSR1], 0);
	signals_free(f->signals);
	f->signals = NULL;
	assert_int_equal(is_blocked(SIGUSR2), 1);
	assert_int_equal(is_blocked(SIGUSR1), 0);
	mask(SIG_UNBLOCK, SIGUSR2);
}

/* The default of each of them but SIGCHLD is to end the process. */
static void free_leaves_none_pending(void **state)
{
	struct fixture *f = *state;
	start(f);
	for (int i = 0; i < NSIGNOS; i++)
		assert_int_equal(kill(getpid(), SIGNOS[i]), 0);
	signals_free(f->signals);
	f->signals = NULL;
	turn(f);
	assert_int_equal(f->got[SIGUSR1], 0);
	start(f);
	turn(f);
	assert_int_equal(f->got[SIGUSR1], 0);
}

static void handler_may_free(void **state)
{
	struct fixture *f = *state;
	start(f);
	f->free_in_handler = 1;
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	turn(f);
	assert_null(f->signals);
	assert_int_equal(f->got[SIGUSR1] + f->got[SIGUSR2], 1);
}

static void impossible_signal_changes_nothing(void **state)
{
	static const int wrong[] = {SIGUSR1, 100000, 0};
	struct fixture *f = *state;
	assert_int_equal(signals_new(&f->signals, f->loop, wrong, on_signal, f), -EINVAL);
	assert_null(f->signals);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(each_arrives_once),
		WITH(it_ends_a_wait),
		WITH(handler_may_send_another),
		WITH(earlier_one_is_not_lost),
		WITH(free_leaves_none_pending),
		WITH(handler_may_free),
		WITH(impossible_signal_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
