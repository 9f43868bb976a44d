#include "base/ini.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

/*
 * inih splits keys from values. It names neither the line nor the heading when it calls, and it tells of the first bad
 * line alone: so it reads through read_line, which counts, sees the headings, and notices a line that led to no call.
 */
struct reading {
	FILE *file;
	const struct ini_sink *sink;
	unsigned line;
	bool expects; /* the line at hand must come out as a key with a value */
};

enum line_fault { LINE_FAULT_NONE, LINE_FAULT_LONG, LINE_FAULT_NUL };

static void tell_fault(struct reading *r, const char *sentence)
{
	r->sink->fault(r->sink->ctx, r->line, sentence);
}

static void settle_line(struct reading *r)
{
	if (r->expects)
		tell_fault(r, "this is neither a [section] nor a key = value");
	r->expects = false;
}

/* Takes a whole line off the file; what does not fit is thrown away. False at the end of the file. */
static bool take_line(FILE *file, struct buf *out, enum line_fault *fault)
{
	int c = getc(file);

	*fault = LINE_FAULT_NONE;
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc(file)) {
		if (c == '\0')
			*fault = LINE_FAULT_NUL;
		buf_chr(out, (char)c);
	}
	if (out->full)
		*fault = LINE_FAULT_LONG;
	return true;
}

static char *skip_blanks(char *s)
{
	return s + strspn(s, " \t\r\v\f");
}

static char *front_of_line(struct reading *r, char *text)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";

	if (r->line == 1 && strncmp(text, byte_order_mark, 3) == 0)
		text += 3;
	return skip_blanks(text);
}

static void tell_section(struct reading *r, const char *text)
{
	char name[128];
	const char *end = strchr(text, ']');
	const char *after;

	if (!end) {
		tell_fault(r, "the heading has no ']'");
		return;
	}
	after = end + 1 + strspn(end + 1, " \t\r\v\f");
	if (*after && *after != ';' && *after != '#') {
		tell_fault(r, "a heading stands alone on its line");
		return;
	}
	if ((size_t)(end - text) > sizeof(name)) {
		tell_fault(r, "the heading is too long");
		return;
	}
	memcpy(name, text + 1, (size_t)(end - text - 1));
	name[end - text - 1] = '\0';
	r->sink->section(r->sink->ctx, r->line, name);
}

/* Looks at a line before inih does. False: inih is not to see it. */
static bool admit_line(struct reading *r, const char *text)
{
	switch (text[0]) {
	case '\0':
	case '#':
	case ';':
		return false;
	case '[':
		tell_section(r, text);
		return false;
	default:
		r->expects = true;
		return true;
	}
}

/* What inih calls as it would call fgets. An empty line stands for each that it is not to see, so that it goes on. */
static char *read_line(char *dst, int size, void *ctx)
{
	struct reading *r = ctx;
	enum line_fault fault;
	struct buf line;
	char *text;

	settle_line(r);
	/* A line that filled all of it could pass for one with more to come. */
	buf_init(&line, dst, (size_t)size - 2);
	if (!take_line(r->file, &line, &fault))
		return NULL;
	dst[line.n] = '\0';
	r->line++;
	if (fault == LINE_FAULT_LONG)
		tell_fault(r, "the line is too long");
	else if (fault == LINE_FAULT_NUL)
		tell_fault(r, "the line holds a NUL byte");
	text = front_of_line(r, dst);
	if (fault != LINE_FAULT_NONE || !admit_line(r, text))
		text[0] = '\0';
	memmove(dst, text, strlen(text) + 1);
	return dst;
}

static int take_value(void *ctx, const char *section, const char *key, const char *value)
{
	struct reading *r = ctx;

	(void)section;
	r->expects = false;
	r->sink->value(r->sink->ctx, r->line, key, value ? value : "");
	return 1;
}

int ini_read(FILE *file, const struct ini_sink *sink)
{
	struct reading r = {.file = file, .sink = sink};
	int rc;

	errno = 0;
	rc = ini_parse_stream(read_line, &r, take_value, &r);
	settle_line(&r);
	if (ferror(file))
		return errno ? -errno : -EIO;
	return rc == -2 ? -ENOMEM : 0;
}
