#include <sys/event.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX = 8 };

static const struct timespec NOW = {0, 0};

struct fixture {
	int kq;
	int a, b;
	struct kevent got[MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int ends[2];
	assert_non_null(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	f->kq = kqueue();
	assert_true(f->kq >= 0);
	f->a = ends[0];
	f->b = ends[1];
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close(f->kq);
	close(f->a);
	close(f->b);
	free(f);
	return 0;
}

static int change(const struct fixture *f, int ident, int filter, int flags)
{
	struct kevent ev;
	EV_SET(&ev, ident, filter, flags, 0, 0, NULL);
	return kevent(f->kq, &ev, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

static int look(struct fixture *f)
{
	return kevent(f->kq, NULL, 0, f->got, MAX, &NOW);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void filters_are_separate(void **state)
{
	struct fixture *f = *state;
	say(f->b, "abc");
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD), 0);
	assert_int_equal(change(f, f->a, EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
	assert_int_equal(look(f), 2);
	assert_int_equal(f->got[0].filter + f->got[1].filter, EVFILT_READ + EVFILT_WRITE);
	/* Now only the level is left. */
	assert_int_equal(look(f), 1);
	assert_int_equal(f->got[0].filter, EVFILT_READ);
	assert_int_equal(f->got[0].data, 3);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_DELETE), 0);
	assert_int_equal(look(f), 0);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_DELETE), -ENOENT);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ENABLE), -ENOENT);
}

static void disable_and_enable(void **state)
{
	struct fixture *f = *state;
	say(f->b, "x");
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD | EV_DISABLE), 0);
	assert_int_equal(look(f), 0);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ENABLE), 0);
	assert_int_equal(look(f), 1);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_DISABLE), 0);
	assert_int_equal(look(f), 0);
}

static void oneshot_and_clear(void **state)
{
	struct fixture *f = *state;
	say(f->b, "x");
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
	assert_int_equal(look(f), 1);
	assert_int_equal(look(f), 0);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_DELETE), -ENOENT);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
	assert_int_equal(look(f), 1);
	assert_int_equal(look(f), 0);
	say(f->b, "y");
	assert_int_equal(look(f), 1);
}

static void end_comes_with_what_is_left(void **state)
{
	struct fixture *f = *state;
	say(f->b, "bye");
	shutdown(f->b, SHUT_WR);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD), 0);
	assert_int_equal(change(f, f->b, EVFILT_WRITE, EV_ADD), 0);
	assert_int_equal(change(f, f->b, EVFILT_WRITE, EV_DELETE), 0);
	assert_int_equal(look(f), 1);
	assert_true(f->got[0].flags & EV_EOF);
	assert_int_equal(f->got[0].data, 3);
	assert_int_equal(f->got[0].fflags, 0);
}

static void errors_and_receipts(void **state)
{
	struct fixture *f = *state;
	struct kevent ev[3];
	EV_SET(&ev[0], f->a, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, f);
	EV_SET(&ev[1], 3999, EVFILT_READ, EV_ADD, 0, 0, NULL);
	EV_SET(&ev[2], f->a, EVFILT_WRITE, EV_ADD, 0, 0, NULL);
	assert_int_equal(kevent(f->kq, ev, 3, f->got, MAX, NULL), 2);
	assert_int_equal(f->got[0].flags, EV_ERROR);
	assert_int_equal(f->got[0].data, 0);
	assert_int_equal(f->got[1].flags, EV_ERROR);
	assert_int_equal(f->got[1].data, EBADF);
	assert_int_equal(look(f), 1);
	assert_int_equal(f->got[0].filter, EVFILT_WRITE);
	assert_int_equal(kevent(f->kq, &ev[1], 2, NULL, 0, NULL), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(change(f, f->a, -77, EV_ADD), -EINVAL);
	assert_int_equal(kevent(f->a, NULL, 0, f->got, MAX, &NOW), -1);
	assert_int_equal(errno, EBADF);
}

static void close_takes_events_out(void **state)
{
	struct fixture *f = *state;
	int other = dup(f->a);
	say(f->b, "x");
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_ADD), 0);
	/* epoll alone would go on, as the file is still open. */
	close(f->a);
	assert_int_equal(look(f), 0);
	assert_int_equal(dup2(other, f->a), f->a);
	assert_int_equal(change(f, f->a, EVFILT_READ, EV_DELETE), -ENOENT);
	close(other);
}

static void one_kqueue_watches_another(void **state)
{
	struct fixture *f = *state;
	struct kevent ev;
	sigset_t usr1;
	int inner = kqueue();
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &usr1, NULL), 0);
	EV_SET(&ev, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0, f);
	assert_int_equal(kevent(inner, &ev, 1, NULL, 0, NULL), 0);
	assert_int_equal(change(f, inner, EVFILT_READ, EV_ADD), 0);
	assert_int_equal(look(f), 0);
	kill(getpid(), SIGUSR1);
	assert_int_equal(look(f), 1);
	assert_int_equal(f->got[0].ident, inner);
	assert_int_equal(kevent(inner, NULL, 0, f->got, MAX, &NOW), 1);
	assert_int_equal(f->got[0].ident, SIGUSR1);
	assert_int_equal(f->got[0].filter, EVFILT_SIGNAL);
	assert_ptr_equal(f->got[0].udata, f);
	assert_int_equal(look(f), 0);
	close(inner);
	assert_int_equal(look(f), 0);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &usr1, NULL), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(filters_are_separate),        WITH(disable_and_enable),  WITH(oneshot_and_clear),
		WITH(end_comes_with_what_is_left), WITH(errors_and_receipts), WITH(close_takes_events_out),
		WITH(one_kqueue_watches_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
