#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/families.h"
#include "command/filter.h"
#include "command/kept_message.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/tags.h"

/*
 * https://github.com/ircv3/ircv3-specifications/pull/425: the tags say which message, and what it says from now on.
 * Only its author may, as long as [history] edit_within has it.
 */
static bool fits(const struct call *call, const struct record *r)
{
	static const char around[] = "PRIVMSG  :\r\n";
	const struct edition *e = &r->edit;
	size_t target = e->of.channel.n ? e->of.channel.n : e->of.to.n;
	const struct channel *c = e->of.channel.n ? network_channel(call->env->net, e->of.channel) : NULL;

	if (sizeof(around) - 1 + target + e->text.n > LINE_BODY_MAX)
		return false;
	return !c || !(c->flags & CHAN_STRIP_COLOUR) || !rule_is_formatted(e->text);
}

static bool is_refused(const struct call *call, const struct kept_message *m, const struct record *r)
{
	const struct channel *c = r->edit.of.channel.n ? network_channel(call->env->net, r->edit.of.channel) : NULL;
	struct filter_try t = {c ? FILTER_CHANNEL : FILTER_PRIVATE, r->edit.text, c, m->target};

	if (m->message->message.kind == MESSAGE_TAGMSG || m->message->message.relay.n) {
		kept_message_fail(call, m, "EDIT_FORBIDDEN", N_("You may not edit this message"));
		return true;
	}
	if (!fits(call, r)) {
		kept_message_fail(call, m, "INVALID_EDIT",
				  N_("This text is too long, or has formatting, which is not for this channel"));
		return true;
	}
	return filter_stops(call, &t);
}

static void found(const struct call *call, const struct kept_message *m)
{
	const struct channel *c =
		name_is_channel(m->target) ? network_channel(call->env->net, str_of(m->target)) : NULL;
	struct record r = call_record(call, RECORD_EDIT);
	struct edition *e = &r.edit;

	if (!m->message) {
		kept_message_fail(call, m, "UNKNOWN_MSGID", N_("This message does not exist or is too old"));
		return;
	}
	e->of = (struct redaction){
		.channel = c ? str_of(c->name) : STR_NONE,
		.target = c ? 0 : m->message->message.target,
		.to = c ? STR_NONE : str_of(m->target),
		.min_rank = m->message->message.min_rank,
		.msgid = str_of(m->msgid),
		.author = m->message->origin,
		.account = m->message->message.account,
		.said = m->message->time,
		.window_ms = call->env->server->edit_ms,
	};
	e->kind = m->message->message.kind;
	e->text = m->extra;
	e->tags = m->message->message.tags;
	e->by = m->message->message.by;
	e->name = m->message->message.to;
	e->account = m->message->message.to_account;
	if (!is_refused(call, m, &r))
		call_submit(call, &r);
}

/* The text as it is, in memory; empty: there is none that a line could hold. */
static struct str text_of(const struct call *call, char *memory, size_t size)
{
	static const struct str action = STR("\001ACTION ");
	struct tag tag;
	struct buf b;
	struct str text;

	buf_init(&b, memory, size);
	if (!tags_find(call->msg->tags, STR("draft/edit-text"), &tag))
		return STR_NONE;
	tags_unescape(&b, tag.value);
	text = buf_view(&b);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0')
			return STR_NONE;
	/* A request of client to client that was answered is answered. */
	if (b.full || (text.n && text.p[0] == '\001' && !str_starts(text, action)))
		return STR_NONE;
	return text;
}

static void edit_run(struct call *call)
{
	char text[LINE_BODY_MAX], msgid[LINE_BODY_MAX] = "", context[2 * LINE_BODY_MAX];
	struct kept_message m = {.target = call_param(call, 0), .msgid = msgid};
	const char *shown = kept_message_word(m.target) ? m.target : "*";
	struct tag tag;

	if (tags_find(call->msg->tags, STR("draft/target-msgid"), &tag) && tag.value.n < sizeof(msgid))
		snprintf(msgid, sizeof(msgid), "%.*s", STR_ARG(tag.value));
	if (*shown == '*' || !kept_message_word(msgid)) {
		snprintf(context, sizeof(context), "%s *", shown);
		reply_fail(call->session, "EDIT", "UNKNOWN_MSGID", context, "This message does not exist");
		return;
	}
	m.extra = text_of(call, text, sizeof(text));
	if (!m.extra.n)
		kept_message_fail(call, &m, "INVALID_EDIT",
				  N_("The new text is missing, too long, or no line of text"));
	else if (!kept_message_ask(call, &m, found))
		reply_fail(call->session, "EDIT", "INVALID_TARGET", m.target, "You cannot edit messages there");
}

static const struct command rows[] = {
	{"EDIT", ROLE_USER, 1, 10, CAP_MESSAGE_EDIT, edit_run},
};

const struct command *command_family_edit(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
