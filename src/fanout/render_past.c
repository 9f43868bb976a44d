#include "fanout/render_past.h"

#include "base/buf.h"
#include "fanout/said.h"
#include "network/record.h"
#include "proto/tags.h"
#include "session/reply.h"
#include "session/session.h"

enum { TAGS_MAX = 8191, ROOM = 4 * LINE_BODY_MAX };

static void tags_of(struct buf *out, const struct record *r, cap_set caps)
{
	if (caps & CAP_BIT(CAP_SERVER_TIME)) {
		buf_cstr(out, "time=");
		buf_time(out, r->time);
	}
	if ((caps & CAP_BIT(CAP_ACCOUNT_TAG)) && r->event.account.n)
		tags_add(out, "account", r->event.account);
	if ((caps & CAP_BIT(CAP_MESSAGE_TAGS)) && r->msgid.n)
		tags_add(out, "msgid", r->msgid);
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

static void render_event(struct session *s, const struct record *r, const char *target, const char *server)
{
	BUF_MEMORY char tags_memory[TAGS_MAX];
	BUF_MEMORY char body_memory[ROOM];
	struct buf tags, body;

	buf_init(&tags, tags_memory, sizeof(tags_memory));
	buf_init(&body, body_memory, sizeof(body_memory));
	tags_of(&tags, r, s->caps);
	source(&body, r->event.by, server);
	event_of(&body, r, target, s->caps);
	reply_line(s, buf_view(&tags), buf_view(&body));
}

void render_past(struct session *s, const struct record *r, const char *target, const char *server)
{
	const cap_set knows = CAP_BIT(CAP_SERVER_TIME) | CAP_BIT(CAP_CHATHISTORY);
	struct said m = {.record = r};

	if (r->type == RECORD_EVENT) {
		render_event(s, r, target, server);
		return;
	}
	m.source = r->message.by.n ? r->message.by : str_of(server);
	m.account = r->message.relay.n ? STR_NONE : r->message.account;
	m.target = r->message.channel.n ? str_of(target) : r->message.to;
	m.traits = s->caps & knows ? 0 : SAID_WITH_CLOCK;
	said_reply(s, &m);
}
