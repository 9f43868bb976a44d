#include "chatd/stay.h"

#include <string.h>

#include "chatd/keep.h"
#include "command/command.h"
#include "command/away.h"
#include "command/device.h"
#include "command/login.h"
#include "command/registration.h"

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

/* Without it, a device that never left would count as one that was never here, and the stay as over long ago. */
static void stay_alone(const struct command_env *env, const struct user *u)
{
	bool alone = u->away && strcmp(u->away, AWAY_WITHOUT_DEVICE) == 0;

	away_settle(env, u);
	if (!alone)
		device_lost(env, network_account(env->net, user_str(u, USER_ACCOUNT)),
			    loop_clock(env->hub->loop)->real_ms);
}

void stay_or_go(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_QUIT, .origin = u->id};

	if (login_stays(env->net, u)) {
		stay_alone(env, u);
		return;
	}
	r.user_quit.reason = STR("Connection lost while the server restarted");
	env->host->submit(env->host->ctx, &r);
}

/* From the last down: one that goes is replaced by one that was looked at. */
void stay_restore(const struct command_env *env, uint64_t *last_user)
{
	const struct vec *users = network_users(env->net);

	for (uint32_t i = users->count; i-- > 0;) {
		const struct user *u = users->items[i];

		if (u->id > *last_user)
			*last_user = u->id;
		stay_or_go(env, u);
	}
}
