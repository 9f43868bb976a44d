#include "session/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/line.h"
#include "proto/utf8.h"
#include "session/server.h"

enum { BODY_MAX = LINE_BODY_MAX - 2 };

/*
 * What is known of a labelled answer while it is made. Whether it becomes a single line or a batch shows with the
 * second line, so the first one is held until then.
 */
struct answer {
	char *held; /* first line: tags, then body, then whole lines that belong to it; NULL: none yet */
	size_t held_tags, held_body, held_rest;
	bool open;      /* the batch was started */
	char batch[16]; /* its reference */
	char label[];
};

static void tag_add(struct buf *b, struct str tag)
{
	if (tag.n == 0)
		return;
	buf_chr(b, b->n ? ';' : '@');
	buf_str(b, tag);
}

/* Writes one line as it is; first: a tag that leads (label=, batch=), may be empty. */
static void write_line(struct session *s, struct str first, struct str tags, struct str body)
{
	BUF_MEMORY char memory[LINE_MAX_BYTES];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	tag_add(&b, first);
	if (session_has(s, CAP_SERVER_TIME) && !str_starts(tags, STR("time="))) {
		buf_cstr(&b, b.n ? ";time=" : "@time=");
		buf_time(&b, loop_clock(s->hub->loop)->real_ms);
	}
	tag_add(&b, tags);
	if (b.n)
		buf_chr(&b, ' ');
	buf_str(&b, utf8_cut(body, BODY_MAX));
	buf_str(&b, STR("\r\n"));
	session_write(s, buf_view(&b));
}

static void write_in_batch(struct session *s, const char *batch, struct str tags, struct str body)
{
	char first[32];

	snprintf(first, sizeof(first), "batch=%s", batch);
	write_line(s, str_of(first), tags, body);
}

static void write_labelled(struct session *s, struct str tags, struct str body)
{
	BUF_MEMORY char first[LINE_CLIENT_TAGS_MAX + 8];

	snprintf(first, sizeof(first), "label=%s", s->answer->label);
	write_line(s, str_of(first), tags, body);
}

static void write_in_answer(struct session *s, struct str tags, struct str body)
{
	write_in_batch(s, s->answer->batch, tags, body);
}

typedef void (*write_fn)(struct session *s, struct str tags, struct str body);

static void write_held(struct session *s, write_fn write)
{
	const struct answer *a = s->answer;
	const char *body = a->held + a->held_tags;

	write(s, (struct str){a->held, a->held_tags}, (struct str){body, a->held_body});
	if (a->held_rest)
		session_write(s, (struct str){body + a->held_body, a->held_rest});
}

static void batch_open(struct session *s)
{
	struct answer *a = s->answer;
	char body[128];

	snprintf(a->batch, sizeof(a->batch), "%llx", (unsigned long long)++s->hub->last_batch);
	snprintf(body, sizeof(body), ":%s BATCH +%s labeled-response", s->hub->server->name, a->batch);
	write_labelled(s, STR_NONE, str_of(body));
	a->open = true;
	if (a->held)
		write_held(s, write_in_answer);
}

void answer_begin(struct session *s, struct str label)
{
	s->flags |= SESSION_COMMAND;
	if (label.n == 0 || !session_has(s, CAP_LABELED_RESPONSE) || !session_has(s, CAP_BATCH))
		return;
	s->answer = mem_zalloc(sizeof(*s->answer) + label.n + 1);
	memcpy(s->answer->label, label.p, label.n);
}

void answer_drop(struct session *s)
{
	if (s->answer)
		mem_free(s->answer->held);
	mem_free(s->answer);
	s->answer = NULL;
	s->flags &= (uint16_t)~SESSION_COMMAND;
}

void answer_instead(struct session *s, struct str label)
{
	answer_drop(s);
	answer_begin(s, label);
}

void answer_end(struct session *s)
{
	s->flags &= (uint16_t)~SESSION_COMMAND;
	if (!s->stream)
		answer_close(s);
}

void answer_close(struct session *s)
{
	struct answer *a = s->answer;
	char body[128];

	if (!a)
		return;
	if (a->open) {
		snprintf(body, sizeof(body), ":%s BATCH -%s", s->hub->server->name, a->batch);
		write_line(s, STR_NONE, STR_NONE, str_of(body));
	} else if (a->held) {
		write_held(s, write_labelled);
	} else {
		snprintf(body, sizeof(body), ":%s ACK", s->hub->server->name);
		write_labelled(s, STR_NONE, str_of(body));
	}
	answer_drop(s);
}

void answer_open(struct session *s)
{
	if (s->answer && !s->answer->open)
		batch_open(s);
}

static void hold(struct answer *a, struct str tags, struct str body, struct str rest)
{
	struct buf b;

	a->held = mem_alloc(tags.n + body.n + rest.n + 1);
	a->held_tags = tags.n;
	a->held_body = body.n;
	a->held_rest = rest.n;
	buf_init(&b, a->held, tags.n + body.n + rest.n);
	buf_str(&b, tags);
	buf_str(&b, body);
	buf_str(&b, rest);
}

void reply_lines(struct session *s, struct str tags, struct str body, struct str rest)
{
	struct answer *a = s->answer;

	if (s->flags & SESSION_CLOSED)
		return;
	if (a && !a->open && !a->held && !s->batch) {
		hold(a, tags, body, rest);
		return;
	}
	if (a && !a->open)
		batch_open(s);
	if (s->batch)
		write_in_batch(s, s->batch->name, tags, body);
	else if (a)
		write_in_answer(s, tags, body);
	else
		write_line(s, STR_NONE, tags, body);
	if (rest.n)
		session_write(s, rest);
}

void reply_line(struct session *s, struct str tags, struct str body)
{
	reply_lines(s, tags, body, STR_NONE);
}

void reply_batch_enter(struct session *s, struct reply_batch *b)
{
	if (!b->name[0])
		return;
	b->outer = s->batch;
	s->batch = b;
}

void reply_batch_leave(struct session *s, const struct reply_batch *b)
{
	if (b->name[0])
		s->batch = b->outer;
}

void reply_batch_begin(struct session *s, struct reply_batch *b, const char *what)
{
	*b = (struct reply_batch){0};
	if (!session_has(s, CAP_BATCH))
		return;
	answer_open(s);
	snprintf(b->name, sizeof(b->name), "%llx", (unsigned long long)++s->hub->last_batch);
	reply_server(s, "BATCH +%s %s", b->name, what);
	reply_batch_enter(s, b);
}

void reply_batch_end(struct session *s, struct reply_batch *b)
{
	if (!b->name[0])
		return;
	reply_batch_leave(s, b);
	reply_server(s, "BATCH -%s", b->name);
}

void reply_direct(struct session *s, struct str tag, struct str body)
{
	if (!(s->flags & SESSION_CLOSED))
		write_line(s, tag, STR_NONE, body);
}

void reply_unasked(struct session *s, struct str body)
{
	reply_direct(s, STR_NONE, body);
}

/* Appends formatted text to a line under construction, and sends it; what exceeds the line is cut. */
__attribute__((format(printf, 4, 0))) static void finish(struct session *s, char *line, size_t at, const char *fmt,
							 va_list ap)
{
	enum { ROOM = 2 * LINE_BODY_MAX };
	int n = vsnprintf(line + at, ROOM - at, fmt, ap);
	size_t len = n < 0 ? at : at + (size_t)n;

	if (len >= ROOM)
		len = ROOM - 1;
	reply_line(s, STR_NONE, utf8_cut((struct str){line, len}, BODY_MAX));
}

const char *reply_words(const struct session *s, const char *english)
{
	return language_words(session_language(s), english);
}

void reply_numeric(struct session *s, const char *digits, const char *fmt, ...)
{
	BUF_MEMORY char line[2 * LINE_BODY_MAX];
	int at = snprintf(line, sizeof(line), ":%s %s %s ", s->hub->server->name, digits, session_nick(s));
	va_list ap;

	va_start(ap, fmt);
	finish(s, line, (size_t)at, fmt, ap);
	va_end(ap);
}

void reply_server(struct session *s, const char *fmt, ...)
{
	BUF_MEMORY char line[2 * LINE_BODY_MAX];
	int at = snprintf(line, sizeof(line), ":%s ", s->hub->server->name);
	va_list ap;

	va_start(ap, fmt);
	finish(s, line, (size_t)at, fmt, ap);
	va_end(ap);
}

void reply_bare(struct session *s, const char *fmt, ...)
{
	BUF_MEMORY char line[2 * LINE_BODY_MAX];
	va_list ap;

	va_start(ap, fmt);
	finish(s, line, 0, fmt, ap);
	va_end(ap);
}

void reply_notice(struct session *s, const char *fmt, ...)
{
	BUF_MEMORY char line[2 * LINE_BODY_MAX];
	int at = snprintf(line, sizeof(line), ":%s NOTICE %s :", s->hub->server->name, session_nick(s));
	va_list ap;

	va_start(ap, fmt);
	finish(s, line, (size_t)at, reply_words(s, fmt), ap);
	va_end(ap);
}

void reply_server_notice(struct session *s, const char *text)
{
	BUF_MEMORY char line[2 * LINE_BODY_MAX];
	int n = snprintf(line, sizeof(line), ":%s NOTICE %s :*** %s", s->hub->server->name, session_nick(s), text);

	reply_unasked(s, (struct str){line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1});
}

void reply_standard(struct session *s, const struct standard_reply *r)
{
	reply_server(s, "%s %s %s%s%s :%s", r->kind, r->command, r->code, r->context ? " " : "",
		     r->context ? r->context : "", reply_words(s, r->description));
}
