#include "command/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "command/command.h"

static enum log_event event_of(const char *command)
{
	if (strcmp(command, "KILL") == 0)
		return EVENT_KILL;
	if (strcmp(command, "REHASH") == 0)
		return EVENT_REHASH;
	if (strcmp(command, "DIE") == 0 || strcmp(command, "RESTART") == 0)
		return EVENT_STOP_ASKED;
	return EVENT_OPER_ACTION;
}

static const char *or_none(const char *text)
{
	return text && *text ? text : NULL;
}

void oper_audit(const struct call *call, const struct deed *deed)
{
	const struct user *u = call->user;
	const char *command = deed->command ? deed->command : call->row->name;
	const char *target = or_none(deed->target), *channel = or_none(deed->channel);
	const char *reason = or_none(deed->reason);
	const char *oper = u->oper ? or_none(u->oper->name) : NULL;

	log_event(event_of(command),
		  LOG_FIELDS({"CHATD_NICK", user_nick(u)}, {"CHATD_ACCOUNT", or_none(user_text(u, USER_ACCOUNT))},
			     {"CHATD_PEER", call->session->address}, {"CHATD_OPER", oper}, {"CHATD_COMMAND", command},
			     {"CHATD_CHANNEL", channel}, {"CHATD_TARGET", target}, {"CHATD_REASON", reason}),
		  "%s%s%s%s%s by %s%s%s%s%s%s", command, target ? " of " : "", target ? target : "",
		  channel ? " in " : "", channel ? channel : "", user_nick(u), oper ? " (" : "", oper ? oper : "",
		  oper ? ")" : "", reason ? ": " : "", reason ? reason : "");
}
