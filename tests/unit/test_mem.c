#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

static void test_alloc(void **state)
{
	char *p = mem_zalloc(100);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'x', 100);
	p = mem_realloc(p, 1000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 'x');
	mem_free(p);
	p = mem_alloc(0);
	assert_non_null(p);
	p = mem_realloc(p, 0);
	assert_non_null(p);
	mem_free(p);
	mem_free(NULL);
}

static void test_strings(void **state)
{
	char *p = mem_strdup("nick");

	(void)state;
	assert_string_equal(p, "nick");
	mem_free(p);
	assert_null(mem_strdup(NULL));
	p = mem_strndup("nickname", 4);
	assert_string_equal(p, "nick");
	mem_free(p);
	p = mem_strndup(NULL, 0);
	assert_string_equal(p, "");
	mem_free(p);
}

static void test_fail_nth(void **state)
{
	void *p[3];

	(void)state;
	mem_fail_nth(2);
	for (int i = 0; i < 3; i++) {
		p[i] = mem_try_alloc(10);
		assert_int_equal(p[i] == NULL, i == 1);
	}
	for (int i = 0; i < 3; i++)
		mem_free(p[i]);
	mem_fail_nth(1);
	mem_fail_nth(0);
	p[0] = mem_try_alloc(0);
	assert_non_null(p[0]);
	mem_free(p[0]);
}

static void exhaust(int fd)
{
	/* mem_strndup of SIZE_MAX bytes can never be met, whatever allocator a sanitizer puts underneath. */
	dup2(fd, STDERR_FILENO);
	mem_free(mem_strndup("", SIZE_MAX));
	_exit(0);
}

static void test_exhaustion_ends_the_process(void **state)
{
	char line[64];
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		exhaust(fds[1]);
	close(fds[1]);
	n = read(fds[0], line, sizeof(line));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_OSERR);
	assert_true(n > 1);
	assert_int_equal(line[n - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', (size_t)n), line + n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_fail_nth),
		cmocka_unit_test(test_exhaustion_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
