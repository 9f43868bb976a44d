#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fd_count.h"
#include "loop/poller.h"

enum { BATCH = 256, PAIRS = 1000 };

struct fixture {
	struct poller *p;
	int before;
	int a, b; /* two ends of a stream */
	struct poll_event got[BATCH];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int ends[2];
	assert_non_null(f);
	f->before = fd_count();
	assert_int_equal(poller_new(&f->p), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	f->a = ends[0];
	f->b = ends[1];
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->a >= 0)
		close(f->a);
	if (f->b >= 0)
		close(f->b);
	poller_free(f->p);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static void assert_one(struct fixture *f, const void *data, unsigned happened)
{
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 1000), 1);
	assert_ptr_equal(f->got[0].data, data);
	assert_int_equal(f->got[0].happened, happened);
}

static void assert_none(struct fixture *f)
{
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 0), 0);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_reads(int fd, const char *text)
{
	char buf[64];
	assert_int_equal(read(fd, buf, sizeof(buf)), strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void level_stays_until_it_is_read(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ, &f->a), 0);
	assert_none(f);
	say(f->b, "x");
	assert_one(f, &f->a, POLL_READ);
	assert_one(f, &f->a, POLL_READ);
	assert_reads(f->a, "x");
	assert_none(f);
}

static void both_directions_are_one_event(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ | POLL_WRITE, &f->a), 0);
	assert_one(f, &f->a, POLL_WRITE);
	say(f->b, "x");
	assert_one(f, &f->a, POLL_READ | POLL_WRITE);
}

static void want_changes(void **state)
{
	static const unsigned steps[] = {POLL_READ,  POLL_WRITE, POLL_READ | POLL_WRITE, POLL_WRITE, POLL_READ, 0,
					 POLL_WRITE, 0};
	struct fixture *f = *state;
	unsigned had = 0;
	say(f->b, "x");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(poller_want(f->p, f->a, had, steps[i], &f->a), 0);
		had = steps[i];
		if (had)
			assert_one(f, &f->a, had);
		else
			assert_none(f);
	}
}

static void data_can_be_replaced(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ, &f->a), 0);
	assert_int_equal(poller_want(f->p, f->a, POLL_READ, POLL_READ, &f->b), 0);
	say(f->b, "x");
	assert_one(f, &f->b, POLL_READ);
}

static void data_comes_before_hangup(void **state)
{
	struct fixture *f = *state;
	char c;
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ, &f->a), 0);
	say(f->b, "last words");
	close(f->b);
	f->b = -1;
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 1000), 1);
	assert_true(f->got[0].happened & POLL_READ);
	assert_reads(f->a, "last words");
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 1000), 1);
	assert_true(f->got[0].happened & POLL_READ);
	assert_int_equal(read(f->a, &c, 1), 0);
}

static void half_close_is_no_hangup(void **state)
{
	struct fixture *f = *state;
	char c;
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ | POLL_WRITE, &f->a), 0);
	say(f->b, "x");
	assert_int_equal(shutdown(f->b, SHUT_WR), 0);
	assert_one(f, &f->a, POLL_READ | POLL_WRITE);
	assert_reads(f->a, "x");
	assert_one(f, &f->a, POLL_READ | POLL_WRITE);
	assert_int_equal(read(f->a, &c, 1), 0);
	assert_int_equal(poller_want(f->p, f->a, POLL_READ | POLL_WRITE, POLL_WRITE, &f->a), 0);
	assert_one(f, &f->a, POLL_WRITE);
	say(f->a, "answer");
	assert_reads(f->b, "answer");
}

static void writer_hears_of_hangup(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(poller_want(f->p, ends[1], 0, POLL_WRITE, &f->a), 0);
	assert_one(f, &f->a, POLL_WRITE);
	close(ends[0]);
	assert_one(f, &f->a, POLL_WRITE | POLL_HANGUP);
	close(ends[1]);
	assert_none(f);
}

static void pipe_reader_is_told_of_the_end(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	char c;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(poller_want(f->p, ends[0], 0, POLL_READ, &f->a), 0);
	close(ends[1]);
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 1000), 1);
	assert_int_equal(f->got[0].happened & ~(unsigned)POLL_HANGUP, POLL_READ);
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
}

static void tcp_pair(int ends[2])
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&addr, sizeof(addr)), 0);
	ends[1] = accept(listener, NULL, NULL);
	assert_true(ends[1] >= 0);
	close(listener);
}

static void reset_is_hangup(void **state)
{
	static const unsigned wants[] = {POLL_READ, POLL_WRITE, POLL_READ | POLL_WRITE};
	struct fixture *f = *state;
	const struct linger at_once = {1, 0};
	for (size_t i = 0; i < 3; i++) {
		int ends[2];
		char c;
		tcp_pair(ends);
		assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		close(ends[1]);
		assert_int_equal(poller_want(f->p, ends[0], 0, wants[i], &f->a), 0);
		/* The reset arrives by itself; until then a socket can be writable. */
		do
			assert_int_equal(poller_wait(f->p, f->got, BATCH, 1000), 1);
		while (f->got[0].happened == POLL_WRITE);
		assert_int_equal(f->got[0].happened, wants[i] | POLL_HANGUP);
		assert_int_equal(read(ends[0], &c, 1), -1);
		assert_int_equal(errno, ECONNRESET);
		close(ends[0]);
	}
}

static void errors_are_told_and_change_nothing(void **state)
{
	struct fixture *f = *state;
	int closed = dup(f->a);
	close(closed);
	assert_int_equal(poller_want(f->p, closed, 0, POLL_READ, &f->a), -EBADF);
	assert_int_equal(poller_want(f->p, closed, 0, POLL_READ | POLL_WRITE, &f->a), -EBADF);
	assert_int_equal(poller_want(f->p, -1, 0, POLL_READ, &f->a), -EBADF);
	assert_int_equal(poller_want(f->p, f->a, POLL_READ, 0, &f->a), -ENOENT);
	assert_int_equal(poller_want(f->p, f->a, 0, 0, &f->a), 0);
	say(f->b, "x");
	assert_none(f);
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ, &f->a), 0);
	assert_one(f, &f->a, POLL_READ);
}

static void closed_descriptor_says_nothing(void **state)
{
	struct fixture *f = *state;
	int number = f->a;
	int ends[2];
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ | POLL_WRITE, &f->a), 0);
	assert_one(f, &f->a, POLL_WRITE);
	close(f->a);
	assert_none(f);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ends[0], number);
	assert_int_equal(poller_want(f->p, ends[0], 0, POLL_READ, &f->b), 0);
	assert_none(f);
	say(ends[1], "x");
	assert_one(f, &f->b, POLL_READ);
	f->a = ends[0];
	close(ends[1]);
}

static void wait_lasts_as_long_as_asked(void **state)
{
	struct fixture *f = *state;
	int64_t start = clock_mono_us();
	assert_int_equal(poller_want(f->p, f->a, 0, POLL_READ, &f->a), 0);
	assert_int_equal(poller_wait(f->p, f->got, BATCH, 30), 0);
	assert_true(clock_mono_us() - start >= 30000);
	assert_int_equal(poller_want(f->p, f->a, POLL_READ, POLL_WRITE, &f->a), 0);
	assert_int_equal(poller_wait(f->p, f->got, BATCH, INT64_MAX), 1);
	assert_int_equal(poller_wait(f->p, f->got, BATCH, -1), 1);
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void interruption_is_nothing(void **state)
{
	struct fixture *f = *state;
	const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
	struct sigaction old, action = {.sa_handler = on_alarm};
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(poller_wait(f->p, f->got, BATCH, -1), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

/* One wait must name each descriptor once; all waits together must name every descriptor. */
static void count_events(struct fixture *f, const int *fds, int *seen, int max)
{
	char twice[2 * PAIRS] = {0};
	int n = poller_wait(f->p, f->got, max, 1000);
	assert_true(n > 0 && n <= max);
	for (int i = 0; i < n; i++) {
		ptrdiff_t at = (const int *)f->got[i].data - fds;
		assert_in_range(at, 0, 2 * PAIRS - 1);
		assert_int_equal(twice[at]++, 0);
		seen[at] |= (int)f->got[i].happened;
	}
}

static void many_descriptors(void **state)
{
	static int fds[2 * PAIRS], seen[2 * PAIRS];
	struct fixture *f = *state;
	int both = 0;
	assert_int_equal(fd_raise_limit(), 0);
	for (int i = 0; i < 2 * PAIRS; i += 2) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, &fds[i]), 0);
		say(fds[i + 1], "x");
	}
	for (int i = 0; i < 2 * PAIRS; i++)
		assert_int_equal(poller_want(f->p, fds[i], 0, POLL_READ | POLL_WRITE, &fds[i]), 0);
	assert_true(poller_wait(f->p, f->got, 3, 1000) <= 3);
	for (int round = 0; round < 100; round++)
		count_events(f, fds, seen, BATCH);
	for (int i = 0; i < 2 * PAIRS; i++) {
		assert_int_equal(seen[i], i % 2 ? POLL_WRITE : POLL_READ | POLL_WRITE);
		both += seen[i] == (POLL_READ | POLL_WRITE);
		close(fds[i]);
	}
	assert_int_equal(both, PAIRS);
	assert_none(f);
}

static void it_has_a_name(void **state)
{
	(void)state;
	assert_true(strcmp(poller_name(), "epoll") == 0 || strcmp(poller_name(), "kqueue") == 0);
	poller_free(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(level_stays_until_it_is_read),
		WITH(both_directions_are_one_event),
		WITH(want_changes),
		WITH(data_can_be_replaced),
		WITH(data_comes_before_hangup),
		WITH(half_close_is_no_hangup),
		WITH(writer_hears_of_hangup),
		WITH(pipe_reader_is_told_of_the_end),
		WITH(reset_is_hangup),
		WITH(errors_are_told_and_change_nothing),
		WITH(closed_descriptor_says_nothing),
		WITH(wait_lasts_as_long_as_asked),
		WITH(interruption_is_nothing),
		WITH(many_descriptors),
		cmocka_unit_test(it_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
