#include "fanout/render_past.h"

#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "network/record.h"
#include "proto/modes.h"
#include "session/reply.h"
#include "session/session.h"

enum { TAGS_MAX = 8191, ROOM = 4 * LINE_BODY_MAX, CLOCK_MAX = 32 };

static void tag(struct buf *out, const char *key, struct str value)
{
	if (out->n)
		buf_chr(out, ';');
	buf_cstr(out, key);
	buf_str(out, value);
}

static void tags_of(struct buf *out, const struct record *r, cap_set caps)
{
	bool relayed = r->type == RECORD_MESSAGE && r->message.relay.n;
	struct str account = r->type == RECORD_EVENT ? r->event.account : relayed ? STR_NONE : r->message.account;

	if (caps & CAP_BIT(CAP_SERVER_TIME)) {
		buf_cstr(out, "time=");
		buf_time(out, r->time);
	}
	if ((caps & CAP_BIT(CAP_ACCOUNT_TAG)) && account.n)
		tag(out, "account=", account);
	if ((caps & CAP_BIT(CAP_RELAYMSG)) && relayed)
		tag(out, "draft/relaymsg=", r->message.relay);
	if (!(caps & CAP_BIT(CAP_MESSAGE_TAGS)))
		return;
	if (r->msgid.n)
		tag(out, "msgid=", r->msgid);
	if (r->type == RECORD_MESSAGE && r->message.tags.n)
		tag(out, "", r->message.tags);
}

static void source(struct buf *out, struct str by, const char *server)
{
	buf_chr(out, ':');
	if (by.n)
		buf_str(out, by);
	else
		buf_cstr(out, server);
	buf_chr(out, ' ');
}

/* "[2026-01-31 12:34:56] ", in UTC; behind the word of an ACTION, which would be none otherwise. */
static void text_with_clock(struct buf *out, const struct record *r)
{
	static const struct str action = STR("\001ACTION ");
	struct str text = r->message.text;
	time_t seconds = (time_t)(r->time / 1000);
	char clock[CLOCK_MAX] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "[%Y-%m-%d %H:%M:%S] ", &tm);
	if (str_starts(text, action)) {
		buf_str(out, action);
		text = (struct str){text.p + action.n, text.n - action.n};
	}
	buf_cstr(out, clock);
	buf_str(out, text);
}

static void message_of(struct buf *out, const struct record *r, const char *target, cap_set caps)
{
	static const char *const names[] = {"PRIVMSG", "NOTICE", "TAGMSG"};

	buf_fmt(out, "%s ", names[r->message.kind]);
	if (r->message.min_rank)
		buf_chr(out, rank_prefix(r->message.min_rank));
	if (r->message.channel.n)
		buf_cstr(out, target);
	else
		buf_str(out, r->message.to);
	if (r->message.kind == MESSAGE_TAGMSG)
		return;
	buf_cstr(out, " :");
	if (caps & (CAP_BIT(CAP_SERVER_TIME) | CAP_BIT(CAP_CHATHISTORY)))
		buf_str(out, r->message.text);
	else
		text_with_clock(out, r);
}

static void event_of(struct buf *out, const struct record *r, const char *target, cap_set caps)
{
	struct str text = r->event.text, account = r->event.account.n ? r->event.account : STR("*");

	switch (r->event.kind) {
	case PAST_JOIN:
		buf_fmt(out, "JOIN %s", target);
		if (caps & CAP_BIT(CAP_EXTENDED_JOIN))
			buf_fmt(out, " %.*s :%.*s", STR_ARG(account), STR_ARG(text));
		break;
	case PAST_PART:
		buf_fmt(out, "PART %s%s%.*s", target, text.n ? " :" : "", STR_ARG(text));
		break;
	case PAST_QUIT:
		buf_fmt(out, "QUIT :%.*s", STR_ARG(text));
		break;
	case PAST_KICK:
		buf_fmt(out, "KICK %s %.*s :%.*s", target, STR_ARG(r->event.target), STR_ARG(text));
		break;
	case PAST_NICK:
		buf_fmt(out, "NICK :%.*s", STR_ARG(text));
		break;
	case PAST_MODE:
		buf_fmt(out, "MODE %s %.*s", target, STR_ARG(text));
		break;
	default:
		buf_fmt(out, "TOPIC %s :%.*s", target, STR_ARG(text));
		break;
	}
}

void render_past(struct session *s, const struct record *r, const char *target, const char *server)
{
	BUF_MEMORY char tags_memory[TAGS_MAX];
	BUF_MEMORY char body_memory[ROOM];
	struct buf tags, body;

	if (r->type == RECORD_MESSAGE && r->message.kind == MESSAGE_TAGMSG && !session_has(s, CAP_MESSAGE_TAGS))
		return;
	buf_init(&tags, tags_memory, sizeof(tags_memory));
	buf_init(&body, body_memory, sizeof(body_memory));
	tags_of(&tags, r, s->caps);
	source(&body, r->type == RECORD_EVENT ? r->event.by : r->message.by, server);
	if (r->type == RECORD_EVENT)
		event_of(&body, r, target, s->caps);
	else
		message_of(&body, r, target, s->caps);
	reply_line(s, buf_view(&tags), buf_view(&body));
}
