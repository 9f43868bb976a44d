#include "command/away.h"

#include <string.h>

#include "command/command.h"
#include "command/registration.h"

/* "AWAY *": nobody is at that device, and nothing is said of why. */
static bool says_why(const char *away)
{
	return strcmp(away, "*") != 0;
}

struct str away_of(const struct user *u)
{
	struct str text = u->away ? str_of(u->away) : STR(AWAY_WITHOUT_DEVICE);
	bool said = u->away && says_why(u->away), found = false;

	for (const struct session *s = u->sessions; s; s = s->next_own) {
		if (!s->away)
			return STR_NONE;
		if (said || (found && !says_why(s->away)))
			continue;
		text = str_of(s->away);
		found = true;
	}
	return text;
}

struct str away_why(const struct user *u)
{
	for (const struct session *s = u->sessions; s; s = s->next_own)
		if (s->away && says_why(s->away))
			return str_of(s->away);
	return STR("*");
}

void away_settle(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_AWAY, .origin = u->id};

	r.user_away.text = away_of(u);
	if (!str_eq(r.user_away.text, str_of(u->away)))
		env->host->submit(env->host->ctx, &r);
}
