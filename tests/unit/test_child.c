#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fd_count.h"
#include "loop/child.h"
#include "valgrind.h"

/* It knows no pidfd_open(2), which each child is waited for with. */
static void not_under_valgrind(void)
{
	if (under_valgrind())
		skip();
}

static int await(struct child *c)
{
	struct pollfd p = {.fd = c->exited, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 20000), 1);
	return child_reap(c);
}

static void commands(void **state)
{
	char many[3 * CHILD_WORDS_MAX + 3];

	(void)state;
	assert_true(child_command_valid("/bin/true"));
	assert_true(child_command_valid("/bin/true  -t -i "));
	assert_false(child_command_valid(""));
	assert_false(child_command_valid(" "));
	assert_false(child_command_valid("true"));
	assert_false(child_command_valid("./true"));
	for (size_t i = 0; i < sizeof(many) - 1; i++)
		many[i] = i % 2 ? ' ' : '/';
	many[sizeof(many) - 1] = '\0';
	assert_false(child_command_valid(many));
}

static void it_hears_and_talks(void **state)
{
	int before = fd_count();
	struct child c;
	char text[16];
	ssize_t n;

	(void)state;
	not_under_valgrind();
	assert_int_equal(child_start(&c, "/bin/cat", true), 0);
	assert_int_equal(write(c.in, "hello\n", 6), 6);
	child_close_in(&c);
	assert_int_equal(await(&c), 0);
	assert_int_equal(fd_count(), before);
	assert_int_equal(child_start(&c, "/bin/cat", true), 0);
	assert_int_equal(write(c.in, "hello\n", 6), 6);
	assert_int_equal(poll(&(struct pollfd){.fd = c.out, .events = POLLIN}, 1, 20000), 1);
	n = read(c.out, text, sizeof(text));
	assert_int_equal(n, 6);
	assert_memory_equal(text, "hello\n", 6);
	child_end(&c);
	assert_int_equal(c.pid, 0);
	child_end(&c);
	assert_int_equal(fd_count(), before);
}

static void how_it_ended(void **state)
{
	struct child c;
	int status;

	(void)state;
	not_under_valgrind();
	assert_int_equal(child_start(&c, "/bin/false", false), 0);
	assert_int_equal(c.out, -1);
	status = await(&c);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(child_start(&c, "/bin/sleep 1000", false), 0);
	child_kill(&c);
	status = await(&c);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void none(void **state)
{
	int before = fd_count();
	struct child c;

	(void)state;
	not_under_valgrind();
	assert_int_equal(child_start(&c, "/nowhere/nothing", true), -ENOENT);
	assert_int_equal(child_start(&c, "relative", true), -EINVAL);
	assert_int_equal(c.pid, 0);
	assert_int_equal(fd_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(it_hears_and_talks),
		cmocka_unit_test(how_it_ended),
		cmocka_unit_test(none),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
