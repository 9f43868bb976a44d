#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include "chatd/options.h"

enum { ARGS_MAX = 16 };

/* Parses the words; what was printed is in said. */
struct outcome {
	struct options o;
	int code;
	char out[4096], err[1024];
};

static int redirect(int fd, FILE **file)
{
	int saved = dup(fd);

	*file = tmpfile();
	assert_non_null(*file);
	assert_true(saved >= 0 && dup2(fileno(*file), fd) == fd);
	return saved;
}

static void restore(int fd, int saved, FILE *file, char *text, size_t size)
{
	ssize_t n;

	assert_int_equal(dup2(saved, fd), fd);
	close(saved);
	n = pread(fileno(file), text, size - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	fclose(file);
}

static void parse(struct outcome *r, const char *words)
{
	static char copy[512];
	char name[] = "chatd", *argv[ARGS_MAX] = {name};
	int argc = 1, saved_out, saved_err;
	FILE *out, *err;

	strlcpy(copy, words, sizeof(copy));
	for (char *p = strtok(copy, " "); p; p = strtok(NULL, " "))
		argv[argc++] = p;
	optind = 0;
	fflush(stdout);
	saved_out = redirect(STDOUT_FILENO, &out);
	saved_err = redirect(STDERR_FILENO, &err);
	r->code = options_parse(&r->o, argc, argv);
	fflush(stdout);
	restore(STDOUT_FILENO, saved_out, out, r->out, sizeof(r->out));
	restore(STDERR_FILENO, saved_err, err, r->err, sizeof(r->err));
	assert_true(r->code == OPTIONS_RUN || *r->out || *r->err);
}

static void nothing_said(void **state)
{
	struct outcome r;

	(void)state;
	parse(&r, "");
	assert_int_equal(r.code, OPTIONS_RUN);
	assert_int_equal(r.o.source.nlisten, 0);
	assert_null(r.o.source.state);
	assert_false(r.o.source.no_limits);
	assert_false(r.o.check_only);
	options_deinit(&r.o);
}

static void everything_said(void **state)
{
	struct outcome r;

	(void)state;
	parse(&r, "-c a.conf --check-config -l 6667 --listen=[::1]:7000 --listen /x/y --state /var/x --no-limits");
	assert_int_equal(r.code, OPTIONS_RUN);
	assert_string_equal(r.o.source.path, "a.conf");
	assert_true(r.o.check_only);
	assert_true(r.o.source.no_limits);
	assert_string_equal(r.o.source.state, "/var/x");
	assert_int_equal(r.o.source.nlisten, 3);
	assert_string_equal(r.o.source.listen[0], "6667");
	assert_string_equal(r.o.source.listen[1], "[::1]:7000");
	assert_string_equal(r.o.source.listen[2], "/x/y");
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "");
	options_deinit(&r.o);
}

static void the_last_path_counts(void **state)
{
	struct outcome r;

	(void)state;
	parse(&r, "--config a.conf --config b.conf");
	assert_string_equal(r.o.source.path, "b.conf");
	options_deinit(&r.o);
}

static void help_and_version(void **state)
{
	struct outcome r;

	(void)state;
	parse(&r, "--help");
	assert_int_equal(r.code, EX_OK);
	assert_non_null(strstr(r.out, "usage: chatd"));
	assert_non_null(strstr(r.out, "--check-config"));
	options_deinit(&r.o);
	parse(&r, "-l 6667 -V");
	assert_int_equal(r.code, EX_OK);
	assert_true(strncmp(r.out, "chatd ", 6) == 0);
	options_deinit(&r.o);
}

static void mistakes(void **state)
{
	static const char *const words[] = {"--nosuch",      "-x",   "--config",      "-l",
					    "--no-limits=5", "file", "-c a.conf more"};
	struct outcome r;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		parse(&r, words[i]);
		assert_int_equal(r.code, EX_USAGE);
		assert_string_equal(r.out, "");
		assert_non_null(strstr(r.err, "Try 'chatd --help'."));
		options_deinit(&r.o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said),
		cmocka_unit_test(everything_said),
		cmocka_unit_test(the_last_path_counts),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
