#include "command/registration.h"

#include <string.h>

#include "base/log.h"
#include "command/secret.h"
#include "proto/name.h"
#include "proto/utf8.h"

static bool admit(const struct call *call)
{
	struct session *s = call->session;
	const char *wanted = call->env->server->password;

	if (!wanted || (s->reg->password && secret_equal(wanted, s->reg->password)))
		return true;
	log_event(EVENT_PASSWORD_WRONG, LOG_FIELDS({"CHATD_PEER", s->address}), "wrong server password from %s",
		  s->address);
	reply(s, ERR_PASSWDMISMATCH);
	call->env->host->quit(call->env->host->ctx, s, "Password incorrect");
	return false;
}

void registration_try(const struct call *call)
{
	struct session *s = call->session;
	const struct registration *reg = s->reg;
	struct record r = call_record(call, RECORD_USER_ADD);
	char username[NAME_USER_MAX + 1];

	if (!reg || !reg->nick || !reg->username || reg->negotiating || !admit(call))
		return;
	if (!name_username_make(username, str_of(reg->username)))
		strlcpy(username, "user", sizeof(username));
	r.user_add.nick = str_of(reg->nick);
	r.user_add.username = str_of(username);
	r.user_add.host = str_of(s->address);
	r.user_add.address = str_of(s->address);
	r.user_add.realname = utf8_cut(str_of(reg->realname), call->env->server->realname_max);
	r.user_add.account = STR_NONE;
	r.user_add.away = str_of(reg->away);
	r.user_add.modes = call->env->server->default_user_modes;
	call_submit(call, &r);
}
