#include "chatd/stay.h"

#include "chatd/keep.h"
#include "command/command.h"
#include "command/away.h"
#include "command/login.h"

bool stay_account(const struct network *net, struct str name)
{
	const struct account *a = network_account(net, name);

	return a && (a->flags & ACCOUNT_ALWAYS_ON);
}

void stay_begin(const struct command_env *env, struct keep *k, struct str account)
{
	const struct vec *users = network_users(env->net);

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (casemap_eq(network_casemap(env->net), user_str(u, USER_ACCOUNT), account))
			keep_note_user(k, u);
	}
}

/* From the last down: one that goes is replaced by one that was looked at. */
void stay_restore(const struct command_env *env, uint64_t *last_user)
{
	const struct vec *users = network_users(env->net);
	struct record r = {.type = RECORD_USER_QUIT};

	r.user_quit.reason = STR("Connection lost while the server restarted");
	for (uint32_t i = users->count; i-- > 0;) {
		const struct user *u = users->items[i];

		if (u->id > *last_user)
			*last_user = u->id;
		if (login_stays(env->net, u)) {
			away_settle(env, u);
			continue;
		}
		r.origin = u->id;
		env->host->submit(env->host->ctx, &r);
	}
}
