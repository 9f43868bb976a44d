#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/buf.h"
#include "command/answers.h"
#include "command/cap.h"
#include "command/families.h"
#include "command/filter.h"
#include "command/login.h"
#include "command/nicks.h"
#include "command/registration.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { PASSWORD_MAX = 300 };

static void keep(char **slot, const char *text)
{
	mem_free(*slot);
	*slot = mem_strdup(text);
}

static void run_pass(struct call *call)
{
	struct registration *reg = call->session->reg;

	if (strlen(call->msg->params[0]) > PASSWORD_MAX)
		return;
	if (reg->password)
		explicit_bzero(reg->password, strlen(reg->password));
	keep(&reg->password, call->msg->params[0]);
}

static void nick_change(struct call *call, const char *nick)
{
	struct record r = call_record(call, RECORD_USER_NICK);

	r.user_nick.nick = str_of(nick);
	call_submit(call, &r);
}

/* While it is still being negotiated, the client may yet log in to the account whose nick it is. */
static bool is_taken(const struct call *call, const char *nick)
{
	const struct user *u = network_user_by_nick(call->env->net, str_of(nick));

	return u && !(call->env->server->accounts.multiclient && call->session->reg->negotiating &&
		      user_str(u, USER_ACCOUNT).n);
}

static void run_nick(struct call *call)
{
	const char *nick = call_word(call, 0);
	struct session *s = call->session;

	if (!nick) {
		reply(s, ERR_NONICKNAMEGIVEN);
	} else if (!name_nick_valid(call->env->server->casemap, str_of(nick), call->env->server->nick_max)) {
		reply(s, ERR_ERRONEUSNICKNAME, nick);
	} else if (call->user && nicks_refused(call->env, str_of(nick), call->user, login_account(call->env, s))) {
		reply(s, ERR_NICKNAMEINUSE, nick);
	} else if (call->user) {
		nick_change(call, nick);
	} else if (is_taken(call, nick)) {
		reply(s, ERR_NICKNAMEINUSE, nick);
	} else {
		keep(&s->reg->nick, nick);
		registration_try(call);
	}
}

static void run_user(struct call *call)
{
	struct registration *reg = call->session->reg;

	if (!call_word(call, 0) || !call_word(call, 3)) {
		reply(call->session, ERR_NEEDMOREPARAMS, "USER");
		return;
	}
	keep(&reg->username, call->msg->params[0]);
	keep(&reg->realname, call->msg->params[3]);
	registration_try(call);
}

static void run_ping(struct call *call)
{
	const char *token = call_word(call, 0);
	const char *name = call->env->server->name;

	if (token)
		reply_server(call->session, "PONG %s :%s", name, token);
	else
		reply(call->session, ERR_NOORIGIN);
}

/* Having been heard is all that a PONG is for. */
static void run_nothing(struct call *call)
{
	(void)call;
}

static void run_quit(struct call *call)
{
	const char *text = call_word(call, 0);
	char reason[LINE_BODY_MAX] = "Client Quit";
	struct buf b;

	if (text && call->user && filter_stops(call, &(struct filter_try){FILTER_QUIT, str_of(text), NULL, NULL}))
		text = NULL;
	if (text) {
		buf_init(&b, reason, sizeof(reason) - 1);
		buf_cstr(&b, "Quit: ");
		buf_str(&b, utf8_cut(str_of(text), call->env->server->kick_max));
		reason[b.n] = '\0';
	}
	call->env->host->quit(call->env->host->ctx, call->session, reason);
}

static void run_isupport(struct call *call)
{
	answer_isupport(call->env, call->session);
}

static const struct command rows[] = {
	{"CAP", ROLE_ANY, 1, 5, -1, cap_run},
	{"PASS", ROLE_UNREGISTERED, 1, 10, -1, run_pass},
	{"NICK", ROLE_ANY, 0, 10, -1, run_nick},
	{"USER", ROLE_UNREGISTERED, 4, 10, -1, run_user},
	{"PING", ROLE_ANY, 0, 5, -1, run_ping},
	{"PONG", ROLE_ANY, 0, 5, -1, run_nothing},
	{"ERROR", ROLE_ANY, 0, 10, -1, run_nothing},
	{"QUIT", ROLE_ANY, 0, 0, -1, run_quit},
	{"ISUPPORT", ROLE_ANY, 0, 20, CAP_EXTENDED_ISUPPORT, run_isupport},
};

const struct command *command_family_connection(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
