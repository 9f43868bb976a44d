#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof(digits) - at);
}

/* vsnprintf wants room for a NUL that a buf does not have: text that just fits, or does not, takes a detour. */
__attribute__((format(printf, 3, 0))) static void add_formatted(struct buf *b, size_t n, const char *fmt, va_list ap)
{
	char *text = mem_alloc(n + 1);

	vsnprintf(text, n + 1, fmt, ap);
	buf_add(b, text, n);
	mem_free(text);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	size_t room = b->cap - b->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? b->p + b->n : NULL, room, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->full = true;
	} else if ((size_t)n < room) {
		b->n += (size_t)n;
	} else {
		va_start(ap, fmt);
		add_formatted(b, (size_t)n, fmt, ap);
		va_end(ap);
	}
}

/* The last width decimal digits of v. */
static void put_digits(char *p, unsigned int v, int width)
{
	for (int i = width; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
}

void buf_time(struct buf *b, int64_t ms)
{
	/* Four digits of year are all that the format has. */
	const int64_t first = -62167219200000, last = 253402300799999;
	char text[] = "0000-00-00T00:00:00.000Z";
	unsigned int milli;
	struct tm tm;
	time_t s;

	ms = ms < first ? first : ms > last ? last : ms;
	milli = (unsigned int)((ms % 1000 + 1000) % 1000);
	s = (time_t)((ms - milli) / 1000);
	gmtime_r(&s, &tm);
	put_digits(text, (unsigned int)(tm.tm_year + 1900), 4);
	put_digits(text + 5, (unsigned int)(tm.tm_mon + 1), 2);
	put_digits(text + 8, (unsigned int)tm.tm_mday, 2);
	put_digits(text + 11, (unsigned int)tm.tm_hour, 2);
	put_digits(text + 14, (unsigned int)tm.tm_min, 2);
	put_digits(text + 17, (unsigned int)tm.tm_sec, 2);
	put_digits(text + 20, milli, 3);
	buf_add(b, text, sizeof(text) - 1);
}
