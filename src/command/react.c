#include "command/react.h"

#include <stdio.h>

#include "command/command.h"
#include "network/record.h"
#include "network/rules.h"
#include "proto/tags.h"
#include "session/reactions.h"

static void refuse(const struct call *call, const struct react_try *t, const char *code, const char *why)
{
	struct str msgid = record_tags_reply(t->tags);
	char context[2 * LINE_BODY_MAX];

	if (t->quiet)
		return;
	snprintf(context, sizeof(context), "%s %.*s", t->where, STR_ARG(msgid));
	if (!msgid.n || msgid.p[0] == ':' || msgid.n >= LINE_BODY_MAX / 2)
		snprintf(context, sizeof(context), "%s *", t->where);
	reply_fail(call->session, call->row->name, code, context, why);
}

/* Whoever may not speak there has not reacted either: it is refused where it is applied. */
static bool would_be_heard(const struct call *call, const struct react_try *t)
{
	const struct user *u = call_user(call);

	if (t->channel)
		return rule_speak(call->env->net, t->channel, u, STR_NONE) == REFUSAL_NONE;
	return rule_speak_to(t->user, u) == REFUSAL_NONE;
}

static bool count(const struct call *call, const struct react_try *t, struct reaction *r)
{
	const struct server *server = call->env->server;
	const struct user *u = call_user(call);
	struct str account = user_str(u, USER_ACCOUNT);

	r->where = str_of(t->channel ? t->channel->folded : user_nick(t->user));
	r->who = account.n ? account : (struct str){(const char *)&u->id, sizeof(u->id)};
	switch (reactions_take(call->env->hub->reactions, r, server->reactions, server->reactions_each)) {
	case REACTION_MESSAGE_FULL:
		refuse(call, t, "TOO_MANY_REACTIONS", N_("There are too many different reactions to this message"));
		return false;
	case REACTION_USER_FULL:
		refuse(call, t, "TOO_MANY_REACTIONS", N_("You have reacted to this message often enough"));
		return false;
	default:
		return true;
	}
}

bool react_may(const struct call *call, const struct react_try *t)
{
	struct tag react, unreact;
	bool set = tags_find(t->tags, STR("+draft/react"), &react);
	bool back = tags_find(t->tags, STR("+draft/unreact"), &unreact);
	struct reaction r = {
		.msgid = record_tags_reply(t->tags), .back = back, .what = back ? unreact.value : react.value};

	if (set && back) {
		refuse(call, t, "INVALID_REACTION", N_("A message cannot react and take a reaction back at once"));
		return false;
	}
	/* About nothing, it is kept nowhere. */
	if ((!set && !back) || !r.msgid.n || !would_be_heard(call, t))
		return true;
	return count(call, t, &r);
}
