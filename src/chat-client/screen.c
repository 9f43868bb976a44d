#include "chat-client/screen.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "chat-client/prompt.h"
#include "chat-client/render.h"
#include "chat-client/stamp.h"
#include "proto/line.h"
#include "proto/utf8.h"

enum { TEXT_MAX = LINE_MAX_BYTES + 1024, STAMP_MAX = 128 };

/* A terminal that somebody else made non-blocking is waited for. */
static bool write_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		if (n >= 0) {
			s.p += n;
			s.n -= (size_t)n;
		} else if (errno == EAGAIN) {
			(void)poll(&p, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static void put(struct screen *s, int fd, struct str lines)
{
	int r = s->prompt ? prompt_print(s->prompt, fd, lines) : 1;

	if (r > 0)
		r = write_all(fd, lines) ? 0 : -EIO;
	if (r < 0 && fd == STDOUT_FILENO)
		s->broken = true;
}

/* A format that people chose: no compiler can check it. */
static void add_stamp(struct buf *b, const char *format, int64_t ms)
{
	size_t (*const print)(char *, size_t, const char *, const struct tm *) = strftime;
	time_t seconds = (time_t)(ms / 1000);
	char text[STAMP_MAX - 8];
	struct tm tm;
	size_t n;

	if (!format[0] || !localtime_r(&seconds, &tm))
		return;
	n = print(text, sizeof(text), format, &tm);
	if (!n)
		return;
	buf_chr(b, '[');
	render_text(b, (struct str){text, n}, RENDER_PLAIN);
	buf_cstr(b, "] ");
}

/* "* 2026-01-31" between two lines of different days. */
static void add_day(struct screen *s, struct buf *b, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	int day;

	if (!s->prompt || !localtime_r(&seconds, &tm))
		return;
	day = (tm.tm_year + 1900) * 512 + tm.tm_yday + 1;
	if (s->day && s->day != day)
		buf_fmt(b, "* %04d-%02d-%02d\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	s->day = day;
}

/* One row: at most TEXT_MAX bytes off the front of *text. */
static void print_row(struct screen *s, int fd, int64_t ms, struct str text, bool continued)
{
	char memory[TEXT_MAX * RENDER_GROWTH + STAMP_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	add_day(s, &b, ms);
	add_stamp(&b, s->time, ms);
	if (continued)
		buf_cstr(&b, SCREEN_CONTINUED);
	render_text(&b, text, s->ascii ? RENDER_ASCII : s->colour ? RENDER_COLOUR : RENDER_PLAIN);
	buf_chr(&b, '\n');
	put(s, fd, buf_view(&b));
}

void screen_line(struct screen *s, enum screen_stream stream, int64_t ms, struct str text)
{
	int fd = stream == SCREEN_MESSAGES ? STDOUT_FILENO : STDERR_FILENO;
	bool continued = false;
	struct str row, part;

	if (stream == SCREEN_OBJECTS) {
		put(s, STDOUT_FILENO, text);
		return;
	}
	if ((stream == SCREEN_REST && s->quiet) || (s->json && stream != SCREEN_ERRORS))
		return;
	while (str_split(&text, '\n', &row) || !continued) {
		do {
			part = utf8_cut(row, TEXT_MAX);
			print_row(s, fd, ms, part, continued);
			row = (struct str){row.p + part.n, row.n - part.n};
			continued = true;
		} while (row.n && part.n);
	}
}

void screen_bell(struct screen *s)
{
	if (s->prompt && prompt_print(s->prompt, STDOUT_FILENO, STR("\a")) > 0)
		(void)write_all(STDOUT_FILENO, STR("\a"));
}
