#include "fanout/said.h"

#include <time.h>

#include "proto/line.h"
#include "proto/modes.h"
#include "proto/multiline.h"
#include "proto/tags.h"
#include "proto/utf8.h"

enum {
	BODY_MAX = LINE_BODY_MAX - 2,
	REPEATED_TAGS_MAX =
		256, /* of the author's tags, that stand on each of several plain lines: more on the first alone */
	CLOCK_MAX = 32,
	LINE_TAGS_MOST = 256, /* all other tags of a line, but for the account */
};

#define BATCHES (CAP_BIT(CAP_MULTILINE) | CAP_BIT(CAP_BATCH))

bool said_is_batch(const struct said *m, cap_set caps)
{
	return (caps & BATCHES) == BATCHES && multiline_is(m->record->message.text);
}

size_t said_most(const struct said *m)
{
	size_t lines = multiline_count(m->record->message.text) + 2;

	return LINE_TAGS_MAX + lines * (LINE_BODY_MAX + LINE_TAGS_MOST + REPEATED_TAGS_MAX + m->account.n);
}

void said_tags(struct buf *out, const struct said *m, cap_set caps, bool first)
{
	const struct record *r = m->record;
	struct str tags = r->message.tags;

	if (m->batch.n)
		tags_add(out, "batch", m->batch);
	if (caps & CAP_BIT(CAP_SERVER_TIME)) {
		tags_add(out, "time", STR_NONE);
		buf_chr(out, '=');
		buf_time(out, r->time);
	}
	if ((caps & CAP_BIT(CAP_ACCOUNT_TAG)) && m->account.n)
		tags_add(out, "account", m->account);
	if ((caps & CAP_BIT(CAP_OPER_TAG)) && (m->traits & SAID_BY_OPER))
		tags_add(out, "draft/oper", STR_NONE);
	if ((caps & CAP_BIT(CAP_RELAYMSG)) && r->message.relay.n)
		tags_add(out, "draft/relaymsg", r->message.relay);
	if (!(caps & CAP_BIT(CAP_MESSAGE_TAGS)))
		return;
	if (r->msgid.n && first)
		tags_add(out, "msgid", r->msgid);
	if (m->traits & SAID_BY_BOT)
		tags_add(out, "bot", STR_NONE);
	if (!tags.n || (!first && tags.n > REPEATED_TAGS_MAX))
		return;
	if (out->n)
		buf_chr(out, ';');
	buf_str(out, tags);
}

static void source(struct buf *out, const struct said *m)
{
	buf_chr(out, ':');
	buf_str(out, m->source);
	buf_chr(out, ' ');
}

static void target(struct buf *out, const struct said *m)
{
	if (m->record->message.min_rank)
		buf_chr(out, rank_prefix(m->record->message.min_rank));
	buf_str(out, m->target);
}

/* "[2026-01-31 12:34:56] ", in UTC; behind the word of an ACTION, which would be none otherwise. */
static void put_text(struct buf *out, const struct said *m, struct str text)
{
	static const struct str action = STR("\001ACTION ");
	time_t seconds = (time_t)(m->record->time / 1000);
	char clock[CLOCK_MAX] = "";
	struct tm tm;

	if (m->traits & SAID_WITH_CLOCK) {
		if (str_starts(text, action)) {
			buf_str(out, action);
			text = (struct str){text.p + action.n, text.n - action.n};
		}
		if (gmtime_r(&seconds, &tm))
			strftime(clock, sizeof(clock), "[%Y-%m-%d %H:%M:%S] ", &tm);
		buf_cstr(out, clock);
	}
	buf_str(out, text);
}

void said_line(struct buf *out, const struct said *m, struct str text)
{
	static const char *const names[] = {"PRIVMSG ", "NOTICE ", "TAGMSG "};
	enum message_kind kind = m->record->message.kind;
	size_t start = out->n;

	source(out, m);
	buf_cstr(out, names[kind]);
	target(out, m);
	if (kind != MESSAGE_TAGMSG) {
		buf_cstr(out, " :");
		put_text(out, m, text);
	}
	if (out->n - start > BODY_MAX)
		out->n = start + utf8_cut((struct str){out->p + start, out->n - start}, BODY_MAX).n;
}

/* The id of a message is no other's, and no batch's either. */
static void reference(struct buf *out, const struct said *m)
{
	if (m->record->msgid.n)
		buf_str(out, m->record->msgid);
	else
		buf_chr(out, '0');
}

void said_batch_open(struct buf *out, const struct said *m)
{
	source(out, m);
	buf_cstr(out, "BATCH +");
	reference(out, m);
	buf_cstr(out, " draft/multiline ");
	target(out, m);
}

void said_batch_rest(struct buf *out, const struct said *m)
{
	struct multiline lines = multiline_begin(m->record->message.text);
	struct str line;
	bool concat;

	while (multiline_next(&lines, &line, &concat)) {
		buf_cstr(out, "@batch=");
		reference(out, m);
		buf_cstr(out, concat ? ";draft/multiline-concat " : " ");
		said_line(out, m, line);
		buf_cstr(out, "\r\n");
	}
	source(out, m);
	buf_cstr(out, "BATCH -");
	reference(out, m);
	buf_cstr(out, "\r\n");
}

/* '@', tags and a blank; nothing where there are none. */
static void tags_in_front(struct buf *out, const struct said *m, cap_set caps, bool first)
{
	BUF_MEMORY char memory[LINE_TAGS_MAX];
	struct buf tags;

	buf_init(&tags, memory, sizeof(memory));
	said_tags(&tags, m, caps, first);
	if (!tags.n)
		return;
	buf_chr(out, '@');
	buf_str(out, buf_view(&tags));
	buf_chr(out, ' ');
}

/* Blank lines are for those alone who know what they belong to. */
static void render_plain(struct buf *out, const struct said *m, cap_set caps)
{
	struct multiline lines = multiline_begin(m->record->message.text);
	bool concat, first = true, several = multiline_is(m->record->message.text);
	struct str line;

	while (multiline_next(&lines, &line, &concat)) {
		if (several && !line.n)
			continue;
		tags_in_front(out, m, caps, first);
		said_line(out, m, line);
		buf_cstr(out, "\r\n");
		first = false;
	}
}

void said_render(struct buf *out, const struct said *m, cap_set caps)
{
	if (m->record->message.kind == MESSAGE_TAGMSG && !(caps & CAP_BIT(CAP_MESSAGE_TAGS)))
		return;
	if (!said_is_batch(m, caps)) {
		render_plain(out, m, caps);
		return;
	}
	tags_in_front(out, m, caps, true);
	said_batch_open(out, m);
	buf_cstr(out, "\r\n");
	said_batch_rest(out, m);
}
