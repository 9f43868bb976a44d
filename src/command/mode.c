#include "command/mode.h"

#include "command/families.h"
#include "proto/name.h"
#include "proto/numerics.h"

static void mode_run(struct call *call)
{
	const char *target = call_word(call, 0);

	if (!target)
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
	else if (name_is_channel(target))
		mode_channel_run(call);
	else
		mode_user_run(call);
}

static const struct command rows[] = {
	{"MODE", ROLE_USER, 1, 10, -1, mode_run},
};

const struct command *command_family_mode(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
