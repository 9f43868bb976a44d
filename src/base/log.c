#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log_rate.h"

enum {
	TEXT_MAX = 1024,
	VALUE_MAX = 512,
	FIELDS_MAX = LOG_ABOUT_FIELDS_MAX + 2, /* CHATD_EVENT and CHATD_SUPPRESSED */
	/* A pipe that polls as writable takes this much at once, whole. */
	ENTRY_MAX = PIPE_BUF < 4096 ? PIPE_BUF : 4096,
};

static struct {
	log_sink_fn sink;
	void *ctx;
	log_tap_fn tap;
	void *tap_ctx;
	enum log_level max;
	bool numeric;
	int64_t (*now_ms)(void);
	struct log_rate rates[EVENT_COUNT];
	pthread_mutex_t lock; /* for the rates, and for one entry at a time in the sink */
} state = {.max = LOG_LEVEL_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

void log_set_sink(log_sink_fn sink, void *ctx)
{
	state.sink = sink;
	state.ctx = ctx;
}

void log_set_tap(log_tap_fn tap, void *ctx)
{
	pthread_mutex_lock(&state.lock);
	state.tap = tap;
	state.tap_ctx = ctx;
	pthread_mutex_unlock(&state.lock);
}

void log_set_level(enum log_level max)
{
	state.max = max;
}

bool log_wants(enum log_level level)
{
	return level <= state.max;
}

void log_set_prefix(bool numeric)
{
	state.numeric = numeric;
}

void log_set_clock(int64_t (*now_ms)(void))
{
	state.now_ms = now_ms;
}

/* Code points that move the cursor, hide, or turn round what stands beside them. */
static bool is_treacherous(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x061c || cp == 0xfeff;
}

static size_t escape_bytes(char *dst, const char *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)src[i];

		*dst++ = '\\';
		*dst++ = (char)('0' + (c >> 6));
		*dst++ = (char)('0' + (c >> 3 & 7));
		*dst++ = (char)('0' + (c & 7));
	}
	return 4 * n;
}

/* Shows the code point or stray byte at the front of s in out, at most 16 bytes. *used: how many bytes of s it was. */
static size_t escape_one(char out[16], struct str s, size_t *used)
{
	uint32_t cp = 0;
	size_t n = str_code_point(s, &cp);

	*used = n ? n : 1;
	if (n == 0 || is_treacherous(cp))
		return escape_bytes(out, s.p, *used);
	memcpy(out, s.p, n);
	return n;
}

void log_escape(char *dst, size_t size, const char *src, size_t n)
{
	struct str s = {src, n};
	size_t used;

	if (size == 0)
		return;
	while (s.n) {
		char one[16];
		size_t len = escape_one(one, s, &used);

		if (len >= size)
			break;
		memcpy(dst, one, len);
		dst += len;
		size -= len;
		s.p += used;
		s.n -= used;
	}
	*dst = '\0';
}

static const char *prefix_of(enum log_level level)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERR] = "error: ", [LOG_LEVEL_WARNING] = "warning: ", [LOG_LEVEL_NOTICE] = "notice: ",
		[LOG_LEVEL_INFO] = "info: ", [LOG_LEVEL_DEBUG] = "debug: ",
	};
	static const char *const numbers[] = {
		[LOG_LEVEL_ERR] = "<3>",  [LOG_LEVEL_WARNING] = "<4>", [LOG_LEVEL_NOTICE] = "<5>",
		[LOG_LEVEL_INFO] = "<6>", [LOG_LEVEL_DEBUG] = "<7>",
	};

	return state.numeric ? numbers[level] : words[level];
}

/* A value with a space or a quote in it stands in quotes, so that it cannot pass for a further field. */
static void add_value(struct buf *line, const char *value)
{
	BUF_MEMORY char text[VALUE_MAX];
	bool quote = value[0] == '\0' || strpbrk(value, " \"") != NULL;

	log_escape(text, sizeof(text), value, strlen(value));
	if (!quote) {
		buf_cstr(line, text);
		return;
	}
	buf_chr(line, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			buf_cstr(line, "\\042");
		else
			buf_chr(line, *p);
	}
	buf_chr(line, '"');
}

static void add_field(struct buf *line, const struct log_field *field)
{
	buf_chr(line, ' ');
	buf_cstr(line, field->name);
	buf_chr(line, '=');
	add_value(line, field->value);
}

/* The entry is lost, and nothing else, where the reader is gone or does not keep up. */
static void write_stderr(struct str line)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t n = send(STDERR_FILENO, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK && poll(&pfd, 1, 0) == 1 && pfd.revents == POLLOUT)
		n = write(STDERR_FILENO, line.p, line.n);
	(void)n;
}

static void stderr_sink(const struct log_entry *entry)
{
	BUF_MEMORY char memory[ENTRY_MAX];
	struct buf line;

	/* One byte is held back for the newline. A field that does not fit is left out whole. */
	buf_init(&line, memory, sizeof(memory) - 1);
	buf_cstr(&line, prefix_of(entry->level));
	buf_cstr(&line, entry->text);
	for (size_t i = 0; i < entry->nfields; i++) {
		size_t before = line.n;

		if (!entry->fields[i].value)
			continue;
		add_field(&line, &entry->fields[i]);
		if (line.full) {
			line.n = before;
			break;
		}
	}
	line.cap++;
	buf_chr(&line, '\n');
	write_stderr(buf_view(&line));
}

static void hand_over(const struct log_entry *entry)
{
	if (state.sink)
		state.sink(state.ctx, entry);
	else
		stderr_sink(entry);
}

__attribute__((format(printf, 3, 0))) static void make_text(char *dst, size_t size, const char *fmt, va_list ap)
{
	BUF_MEMORY char raw[TEXT_MAX];
	int n = vsnprintf(raw, sizeof(raw), fmt, ap);

	if (n < 0)
		n = 0;
	else if ((size_t)n >= sizeof(raw))
		n = sizeof(raw) - 1;
	log_escape(dst, size, raw, (size_t)n);
}

void log_text(enum log_level level, const char *fmt, ...)
{
	BUF_MEMORY char text[2 * TEXT_MAX];
	struct log_entry entry = {.level = level, .text = text};
	int saved = errno;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	make_text(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&state.lock);
	hand_over(&entry);
	pthread_mutex_unlock(&state.lock);
	errno = saved;
}

/* Under the lock. */
static bool admit(enum log_event event, uint32_t *left_out)
{
	const struct log_about *about = log_about(event);
	int64_t now_ms = state.now_ms ? state.now_ms() : clock_mono_us() / 1000;

	return log_rate_admit(&state.rates[event], about->burst, about->seconds * 1000ll, now_ms, left_out);
}

static void add_left_out(char *text, size_t size, uint32_t left_out)
{
	size_t n = strlen(text);

	if (left_out)
		(void)snprintf(text + n, size - n, " (%u more of these were not logged)", left_out);
}

static void add_entry_field(struct log_entry *entry, struct log_field *fields, const char *name, const char *value)
{
	if (value && entry->nfields < FIELDS_MAX)
		fields[entry->nfields++] = (struct log_field){name, value};
}

/* Under the lock. left_out is NULL where nothing was. */
static void write_event(const struct log_entry *given, const char *name, const char *left_out)
{
	struct log_field fields[FIELDS_MAX];
	struct log_entry entry = *given;

	entry.fields = fields;
	entry.nfields = 0;
	add_entry_field(&entry, fields, "CHATD_EVENT", name);
	for (size_t i = 0; i < given->nfields; i++)
		add_entry_field(&entry, fields, given->fields[i].name, given->fields[i].value);
	add_entry_field(&entry, fields, "CHATD_SUPPRESSED", left_out);
	hand_over(&entry);
}

void log_event(enum log_event event, const struct log_field *fields, size_t nfields, const char *fmt, ...)
{
	const struct log_about *about = log_about(event);
	char text[2 * TEXT_MAX], count[16];
	struct log_entry entry = {about->level, about->message_id, text, fields, nfields};
	int saved = errno;
	uint32_t left_out;
	va_list ap;

	pthread_mutex_lock(&state.lock);
	if ((log_wants(about->level) || state.tap) && admit(event, &left_out)) {
		va_start(ap, fmt);
		make_text(text, sizeof(text), fmt, ap);
		va_end(ap);
		add_left_out(text, sizeof(text), left_out);
		(void)snprintf(count, sizeof(count), "%u", left_out);
		if (state.tap)
			state.tap(state.tap_ctx, event, text);
		if (log_wants(about->level))
			write_event(&entry, about->name, left_out ? count : NULL);
	}
	pthread_mutex_unlock(&state.lock);
	errno = saved;
}
