#include <stdio.h>
#include <string.h>

#include "command/audit.h"
#include "command/command.h"
#include "command/families.h"
#include "command/filter.h"
#include "command/kept_message.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/utf8.h"

/*
 * https://ircv3.net/specs/extensions/message-redaction. What the message says of itself decides who may take it back.
 */
static void found(const struct call *call, const struct kept_message *m)
{
	const struct channel *c =
		name_is_channel(m->target) ? network_channel(call->env->net, str_of(m->target)) : NULL;
	struct record record = call_record(call, RECORD_REDACT);
	struct redaction *redact = &record.redact;

	if (!m->message) {
		kept_message_fail(call, m, "UNKNOWN_MSGID", N_("This message does not exist or is too old"));
		return;
	}
	redact->channel = c ? str_of(c->name) : STR_NONE;
	redact->target = c ? 0 : m->message->message.target;
	redact->to = c ? STR_NONE : str_of(m->target);
	redact->min_rank = m->message->message.min_rank;
	redact->msgid = str_of(m->msgid);
	redact->reason = m->extra;
	redact->author = m->message->origin;
	redact->account = m->message->message.account;
	redact->said = m->message->time;
	redact->window_ms = call->env->server->redact_ms;
	if (user_may(call_user(call), PRIV_REDACT) &&
	    rule_redact(call->env->net, call_user(call), redact, loop_clock(call->env->hub->loop)->real_ms)) {
		record.flags |= RECORD_OVERRIDE;
		oper_audit(call, &(struct deed){.channel = c ? c->name : NULL,
						.target = c ? NULL : m->target,
						.reason = m->msgid});
	}
	call_submit(call, &record);
}

/* Whoever may not speak there says nothing with it either. False: a filter stops all of it, which was answered. */
static bool take_reason(const struct call *call, struct str *out)
{
	const char *target = call_param(call, 0);
	const struct channel *c = name_is_channel(target) ? network_channel(call->env->net, str_of(target)) : NULL;
	struct filter_try t = {c ? FILTER_CHANNEL : FILTER_PRIVATE, STR_NONE, c, target};

	*out = STR_NONE;
	if (!call_word(call, 2))
		return true;
	t.text = utf8_cut(str_of(call_param(call, 2)), call->env->server->kick_max);
	if (c && rule_speak(call->env->net, c, call_user(call), t.text) != REFUSAL_NONE)
		return true;
	*out = t.text;
	return !filter_stops(call, &t);
}

static void redact_run(struct call *call)
{
	struct kept_message m = {.target = call_param(call, 0), .msgid = call_param(call, 1)};
	char context[2 * LINE_BODY_MAX];

	if (!kept_message_word(m.target) || !kept_message_word(m.msgid)) {
		snprintf(context, sizeof(context), "%s *", kept_message_word(m.target) ? m.target : "*");
		reply_fail(call->session, "REDACT", "UNKNOWN_MSGID", context, "This message does not exist");
		return;
	}
	if (take_reason(call, &m.extra) && !kept_message_ask(call, &m, found))
		reply_fail(call->session, "REDACT", "INVALID_TARGET", m.target, "You cannot take back messages there");
}

static const struct command rows[] = {
	{"REDACT", ROLE_USER, 2, 10, CAP_MESSAGE_REDACTION, redact_run},
};

const struct command *command_family_redact(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
