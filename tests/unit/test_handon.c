#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chatd/handon.h"

enum { FIRST = 3, PIPES = 40 };

/* What goes wrong in the child is its exit code: the number of the line. */
#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			_exit(__LINE__ % 255 + 1);                                                                     \
	} while (0)

static void in_child(void (*run)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static ino_t inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool env_is(const char *name, long value)
{
	const char *text = getenv(name);
	char want[32];

	snprintf(want, sizeof(want), "%ld", value);
	return text && strcmp(text, want) == 0;
}

/* Pipes at whatever numbers are free, close-on-exec. */
static void pipes_make(int *fds, ino_t *inodes, int count)
{
	for (int i = 0; i < count; i++) {
		int ends[2];

		CHECK(pipe2(ends, O_CLOEXEC) == 0);
		close(ends[1]);
		fds[i] = ends[0];
		inodes[i] = inode(ends[0]);
	}
}

static void check_laid_out(const ino_t *inodes, int count)
{
	for (int i = 0; i < count; i++) {
		CHECK(inode(FIRST + i) == inodes[i]);
		CHECK(fcntl(FIRST + i, F_GETFD) == 0);
	}
	CHECK(env_is("LISTEN_FDS", count));
	CHECK(env_is("LISTEN_PID", (long)getpid()));
}

static void a_few(void)
{
	ino_t inodes[3];
	int fds[3];

	pipes_make(fds, inodes, 3);
	hand_on(fds, 3);
	check_laid_out(inodes, 3);
	CHECK(fcntl(64, F_GETFD) < 0);
}

/* The targets of some are the sources of others. */
static void crosswise(void)
{
	ino_t inodes[4], swapped[4];
	int fds[4], order[4];

	closefrom(FIRST);
	pipes_make(fds, inodes, 4);
	CHECK(fds[0] == FIRST && fds[3] == FIRST + 3);
	for (int i = 0; i < 4; i++) {
		order[i] = fds[3 - i];
		swapped[i] = inodes[3 - i];
	}
	hand_on(order, 4);
	check_laid_out(swapped, 4);
}

/* One that is where it belongs already is close-on-exec no longer. */
static void in_its_place(void)
{
	ino_t inodes[1];
	int fds[1];

	closefrom(FIRST);
	pipes_make(fds, inodes, 1);
	CHECK(fds[0] == FIRST);
	hand_on(fds, 1);
	check_laid_out(inodes, 1);
}

static void none(void)
{
	unsetenv("LISTEN_FDS");
	hand_on(NULL, 0);
	CHECK(!getenv("LISTEN_FDS"));
}

/* What is announced is what is there. */
static void more_than_it_takes(void)
{
	ino_t inodes[PIPES];
	int fds[PIPES];

	closefrom(FIRST);
	pipes_make(fds, inodes, PIPES);
	hand_on(fds, PIPES);
	check_laid_out(inodes, 32);
}

static void lays_out(void **state)
{
	(void)state;
	in_child(a_few);
}

static void lays_out_crosswise(void **state)
{
	(void)state;
	in_child(crosswise);
}

static void lays_out_in_place(void **state)
{
	(void)state;
	in_child(in_its_place);
}

static void lays_out_none(void **state)
{
	(void)state;
	in_child(none);
}

static void is_bounded(void **state)
{
	(void)state;
	in_child(more_than_it_takes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lays_out),          cmocka_unit_test(lays_out_crosswise),
		cmocka_unit_test(lays_out_in_place), cmocka_unit_test(lays_out_none),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests_name("handon", tests, NULL, NULL);
}
