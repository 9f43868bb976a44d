#include "base/mem.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void die(void)
{
	static const char text[] = "out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

/* Of each thread its own, so that a test on one thread cannot hit the work of another. */
static unsigned long *fail_countdown(void)
{
	static _Thread_local unsigned long count;

	return &count;
}

/* malloc(0) may give NULL, which would look like failure. */
static size_t at_least_one(size_t size)
{
	return size ? size : 1;
}

void *mem_alloc(size_t size)
{
	void *p = malloc(at_least_one(size));

	if (!p)
		die();
	return p;
}

void *mem_zalloc(size_t size)
{
	void *p = calloc(1, at_least_one(size));

	if (!p)
		die();
	return p;
}

void *mem_realloc(void *p, size_t size)
{
	void *q = realloc(p, at_least_one(size));

	if (!q)
		die();
	return q;
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	char *p;

	if (n == SIZE_MAX)
		die();
	p = mem_alloc(n + 1);
	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void *mem_try_alloc(size_t size)
{
	unsigned long *countdown = fail_countdown();

	if (*countdown && --*countdown == 0)
		return NULL;
	return malloc(at_least_one(size));
}

void mem_free(void *p)
{
	free(p);
}

void mem_fail_nth(unsigned long n)
{
	*fail_countdown() = n;
}
