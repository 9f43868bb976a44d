#include "command/mode.h"

#include "command/targets.h"
#include "proto/modes.h"
#include "proto/numerics.h"

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

/* The last word on a letter counts; what one may not do to oneself is passed over. */
static void mode_want(struct record *r, const struct user_mode *mode, bool set)
{
	if (!(set ? mode->settable : mode->unsettable))
		return;
	r->user_modes.set &= ~mode->bit;
	r->user_modes.clear &= ~mode->bit;
	if (set)
		r->user_modes.set |= mode->bit;
	else
		r->user_modes.clear |= mode->bit;
}

static void modes_change(const struct call *call, const char *letters)
{
	struct record r = call_record(call, RECORD_USER_MODES);
	bool set = true, unknown = false;

	r.user_modes.set = r.user_modes.clear = 0;
	for (const char *at = letters; *at; at++) {
		const struct user_mode *mode = user_mode_find(*at);

		if (*at == '+' || *at == '-')
			set = *at == '+';
		else if (mode)
			mode_want(&r, mode, set);
		else
			unknown = true;
	}
	if (r.user_modes.set | r.user_modes.clear)
		call_submit(call, &r);
	if (unknown)
		reply(call->session, ERR_UMODEUNKNOWNFLAG);
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
