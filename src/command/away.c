#include "command/away.h"

#include "command/command.h"
#include "command/registration.h"

struct str away_of(const struct user *u)
{
	struct str text = u->away ? str_of(u->away) : STR(AWAY_WITHOUT_DEVICE);

	for (const struct session *s = u->sessions; s; s = s->next_own) {
		if (!s->away)
			return STR_NONE;
		if (!u->away)
			text = str_of(s->away);
	}
	return text;
}

void away_settle(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_AWAY, .origin = u->id};

	r.user_away.text = away_of(u);
	if (!str_eq(r.user_away.text, str_of(u->away)))
		env->host->submit(env->host->ctx, &r);
}
