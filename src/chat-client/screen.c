#include "chat-client/screen.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/buf.h"
#include "chat-client/prompt.h"
#include "chat-client/render.h"
#include "chat-client/stamp.h"
#include "proto/line.h"

enum { TEXT_MAX = LINE_MAX_BYTES + 1024, STAMP_MAX = 16 };

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

void screen_line(struct screen *s, enum screen_stream stream, int64_t ms, struct str text)
{
	char memory[TEXT_MAX * RENDER_GROWTH + STAMP_MAX];
	struct buf b;

	if (stream == SCREEN_REST && s->quiet)
		return;
	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	buf_init(&b, memory, sizeof(memory));
	if (s->times) {
		buf_chr(&b, '[');
		stamp_clock(&b, ms);
		buf_cstr(&b, "] ");
	}
	render_text(&b, text, s->ascii);
	buf_chr(&b, '\n');
	if (s->prompt)
		prompt_hide(s->prompt);
	if (!write_all(stream == SCREEN_MESSAGES ? STDOUT_FILENO : STDERR_FILENO, buf_view(&b)) &&
	    stream == SCREEN_MESSAGES)
		s->broken = true;
}
