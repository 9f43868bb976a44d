#include "command/mode.h"

#include "command/audit.h"
#include "command/host.h"
#include "command/targets.h"
#include "proto/modes.h"
#include "proto/numerics.h"
#include "session/server.h"

void mode_user_show(struct session *s)
{
	char letters[64] = "+";
	size_t count, n = 1;
	const struct user_mode *modes = user_modes(&count);

	for (size_t i = 0; i < count && n + 1 < sizeof(letters); i++) {
		if (s->user->modes & modes[i].bit)
			letters[n++] = modes[i].letter;
	}
	letters[n] = '\0';
	reply(s, RPL_UMODEIS, letters);
}

void mode_notices_show(struct session *s)
{
	char letters[NOTICE_COUNT + 2];

	notices_show(s->user->oper ? s->user->oper->notices : 0, letters);
	reply(s, RPL_SNOMASK, letters);
}

/* "+s" alone: all that one may have. "+s ck-f": these, from what one has. "-s": none. */
static void notices_change_by(const struct call *call, bool set, const char *text)
{
	const struct user *u = call_user(call);
	struct record r = call_record(call, RECORD_USER_NOTICES);
	char bad;

	if (!call_may(call, PRIV_NOTICES))
		return;
	r.user_notices.mask = set && text && u->oper ? u->oper->notices : set ? NOTICE_ALL : 0;
	if (set && text && !notices_change(&r.user_notices.mask, text, &bad))
		reply_notice(call->session, "There is no kind of server notice with the letter %c", bad);
	else
		call_submit(call, &r);
}

void mode_user_want(struct record *r, uint32_t bit, bool set)
{
	r->user_modes.set &= ~bit;
	r->user_modes.clear &= ~bit;
	if (set)
		r->user_modes.set |= bit;
	else
		r->user_modes.clear |= bit;
}

static bool may_cloak(const struct call *call, bool set)
{
	const struct cloak *c = &call->env->server->cloak;

	return set ? cloak_hides(c, user_str(call->user, USER_ADDRESS)) : c->may_drop;
}

/* The last word on a letter counts; what one may not do to oneself is passed over. */
static void mode_want(const struct call *call, struct record *r, const struct user_mode *mode, bool set)
{
	bool granted = set && mode->needs >= 0 && call_may(call, (enum privilege)mode->needs);

	if (granted && mode->bit == USER_OVERRIDE)
		oper_audit(call, &(struct deed){.reason = "+p"});
	if (!granted && !(set ? mode->settable : mode->unsettable))
		return;
	if (mode->bit == USER_CLOAKED && !may_cloak(call, set))
		return;
	mode_user_want(r, mode->bit, set);
}

static void change_and_follow(const struct call *call, struct record *r)
{
	uint32_t was = call_user(call)->modes;

	call_submit(call, r);
	if (call_user(call))
		host_follow_modes(call, call_user(call), was);
}

/* The letter s has a parameter, and a record of its own: what it does is done last, and once. */
static void modes_change(const struct call *call, const char *letters)
{
	struct record r = call_record(call, RECORD_USER_MODES);
	bool set = true, unknown = false;
	enum { NOTICES_KEEP, NOTICES_CLEAR, NOTICES_SET } notices = NOTICES_KEEP;

	r.user_modes.set = r.user_modes.clear = 0;
	for (const char *at = letters; *at; at++) {
		const struct user_mode *mode = user_mode_find(*at);

		if (*at == '+' || *at == '-')
			set = *at == '+';
		else if (mode && mode->bit == USER_NOTICES)
			notices = set ? NOTICES_SET : NOTICES_CLEAR;
		else if (mode)
			mode_want(call, &r, mode, set);
		else
			unknown = true;
	}
	if (r.user_modes.set | r.user_modes.clear)
		change_and_follow(call, &r);
	if (unknown)
		reply(call->session, ERR_UMODEUNKNOWNFLAG);
	if (notices && call_user(call))
		notices_change_by(call, notices == NOTICES_SET, call_word(call, 2));
}

void mode_user_run(const struct call *call)
{
	const struct user *u = target_user(call, call_param(call, 0));
	const char *letters = call_word(call, 1);

	if (!u)
		return;
	if (u != call_user(call))
		reply(call->session, ERR_USERSDONTMATCH);
	else if (letters)
		modes_change(call, letters);
	else
		mode_user_show(call->session);
}
