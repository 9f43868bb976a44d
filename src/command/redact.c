#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/audit.h"
#include "command/errand.h"
#include "command/families.h"
#include "command/filter.h"
#include "command/past.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/tags.h"
#include "proto/utf8.h"

/*
 * https://ircv3.net/specs/extensions/message-redaction. The message is looked up among what is kept of the target, and
 * what it says of itself decides who may take it back.
 */
struct redacting {
	struct errand errand; /* first: it is freed as what it is */
	struct history_read *read;
	bool over; /* it was read */
	char *target, *msgid, *reason;
};

static void fail(struct session *s, const struct redacting *r, const char *code, const char *why)
{
	char context[2 * LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", r->target, r->msgid);
	reply_fail(s, "REDACT", code, context, why);
}

/* The message, where it is what was asked for: next to one that is not there stand others. */
static bool take_message(const struct redacting *r, struct record_room *room, struct record *out)
{
	const struct history_row *row = r->read->rows.count ? r->read->rows.items[0] : NULL;

	return !r->read->err && row && str_eq(row->msgid, str_of(r->msgid)) &&
	       record_decode(out, room, row->bytes) && out->type == RECORD_MESSAGE;
}

static void ask_for_it(const struct call *call, const struct redacting *r, const struct record *message)
{
	const struct channel *c = name_is_channel(r->target) ? network_channel(call->env->net, str_of(r->target)) : NULL;
	struct record record = call_record(call, RECORD_REDACT);
	struct redaction *redact = &record.redact;

	redact->channel = c ? str_of(c->name) : STR_NONE;
	redact->target = c ? 0 : message->message.target;
	redact->to = c ? STR_NONE : str_of(r->target);
	redact->min_rank = message->message.min_rank;
	redact->msgid = str_of(r->msgid);
	redact->reason = str_of(r->reason);
	redact->author = message->origin;
	redact->account = message->message.account;
	redact->said = message->time;
	redact->window_ms = call->env->server->redact_ms;
	if (user_may(call_user(call), PRIV_REDACT) &&
	    rule_redact(call->env->net, call_user(call), redact, loop_clock(call->env->hub->loop)->real_ms)) {
		record.flags |= RECORD_OVERRIDE;
		oper_audit(call, &(struct deed){.channel = c ? c->name : NULL,
						.target = c ? NULL : r->target,
						.reason = r->msgid});
	}
	call_submit(call, &record);
}

static void done(struct errand *e, struct session *s)
{
	struct redacting *r = (struct redacting *)e;
	struct call call = {.env = e->env, .session = s, .user = s->user, .row = command_find("REDACT")};
	struct record_room room;
	struct record message;

	if (!r->over || !s->user)
		reply(s, RPL_TRYAGAIN, "REDACT");
	else if (take_message(r, &room, &message))
		ask_for_it(&call, r, &message);
	else
		fail(s, r, "UNKNOWN_MSGID", N_("This message does not exist or is too old"));
}

static void let_go(struct errand *e)
{
	struct redacting *r = (struct redacting *)e;

	if (!r->over)
		(*e->env->errands)--;
	history_read_free(r->read);
	mem_free(r->target);
	mem_free(r->msgid);
	mem_free(r->reason);
	mem_free(r);
}

static void read_done(struct history_read *read)
{
	struct redacting *r = read->ctx;

	r->over = true;
	(*r->errand.env->errands)--;
	if (r->errand.session)
		errand_ready(&r->errand);
}

/* All that is kept of the channel, whatever part of it the member may read: rights are decided by the message. */
static bool add_channel(const struct call *call, const char *name, struct history_read *read)
{
	const struct channel *c = network_channel(call->env->net, str_of(name));
	const struct user *u = call_user(call);
	char memory[HISTORY_NAME_MAX];

	if (!c || (!network_member(c, u) && !user_may(u, PRIV_REDACT)))
		return false;
	history_read_add(read, str_of(c->folded), 0);
	history_read_add(read, history_events_name(memory, str_of(c->folded)), 0);
	for (unsigned rank = RANK_VOICE; rank <= RANK_OWNER; rank <<= 1)
		history_read_add(read, history_rank_name(memory, str_of(c->folded), rank), 0);
	return true;
}

static void begin(const struct call *call, struct history_read *read, struct str reason)
{
	struct redacting *r = mem_zalloc(sizeof(*r));
	struct tag label;

	r->errand.done = done;
	r->errand.free = let_go;
	r->errand.env = call->env;
	r->read = read;
	r->target = mem_strdup(call_param(call, 0));
	r->msgid = mem_strdup(call_param(call, 1));
	r->reason = mem_strndup(reason.n ? reason.p : "", reason.n);
	read->done = read_done;
	read->ctx = r;
	(*call->env->errands)++;
	call->env->host->read(call->env->host->ctx, read);
	errand_wait(call->env, call->session, &r->errand);
	r->errand.command = call->row->name;
	if (tags_find(call->msg->tags, STR("label"), &label) && label.value.n)
		r->errand.label = mem_strndup(label.value.p, label.value.n);
	if (r->over)
		errand_ready(&r->errand);
}

/* Whoever may not speak there says nothing with it either. False: a filter stops all of it, which was answered. */
static bool take_reason(const struct call *call, struct str *out)
{
	const char *target = call_param(call, 0);
	const struct channel *c =
		name_is_channel(target) ? network_channel(call->env->net, str_of(target)) : NULL;
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

static bool is_word(const char *text)
{
	return *text && *text != ':' && !strchr(text, ' ');
}

static void redact_run(struct call *call)
{
	const char *target = call_param(call, 0), *msgid = call_param(call, 1);
	struct history_bound at = {.set = true, .msgid = str_of(msgid)}, none = {0};
	struct history_read *read;
	char context[2 * LINE_BODY_MAX];
	struct str reason;

	if (!is_word(target) || !is_word(msgid)) {
		snprintf(context, sizeof(context), "%s *", is_word(target) ? target : "*");
		reply_fail(call->session, "REDACT", "UNKNOWN_MSGID", context, "This message does not exist");
		return;
	}
	read = history_read_new(HISTORY_AROUND, 1);
	history_read_bounds(read, &at, &none);
	if (!call->env->host->read || (name_is_channel(target) ? !add_channel(call, target, read)
							       : !past_add(call->env, call->session, target, read))) {
		reply_fail(call->session, "REDACT", "INVALID_TARGET", target, "You cannot take back messages there");
		history_read_free(read);
		return;
	}
	if (take_reason(call, &reason))
		begin(call, read, reason);
	else
		history_read_free(read);
}

static const struct command rows[] = {
	{"REDACT", ROLE_USER, 2, 10, CAP_MESSAGE_REDACTION, redact_run},
};

const struct command *command_family_redact(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
