#include "chatd/opers.h"

#include <string.h>

#include "base/log.h"
#include "command/command.h"
#include "command/oper_login.h"
#include "session/server.h"

enum { TEXT_MAX = 512, HEADINGS_MAX = 1024 };

static void tell(const struct user *u, const char *text)
{
	for (struct session *s = u->sessions; s; s = s->next_own)
		reply_notice(s, "%s", text);
}

static void dismiss(const struct command_env *env, const struct user *u)
{
	struct record r = {.type = RECORD_USER_MODES, .flags = RECORD_OVERRIDE, .origin = u->id};

	tell(u, "The configuration has you as an operator no more");
	r.user_modes.clear = USER_OPER;
	env->host->submit(env->host->ctx, &r);
}

static bool is_already(const struct user_oper *oper, const struct record *r)
{
	return oper->privileges == r->user_oper.privileges && str_eq(str_of(oper->title), r->user_oper.title) &&
	       str_eq(str_of(oper->class_name), r->user_oper.class_name);
}

static void change(const struct command_env *env, const struct user *u, struct record *r)
{
	bool others = u->oper->privileges != r->user_oper.privileges;
	char text[TEXT_MAX];
	struct buf b;

	env->host->submit(env->host->ctx, r);
	if (!others)
		return;
	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "Your privileges are now: ");
	privileges_show(&b, r->user_oper.privileges);
	if (!r->user_oper.privileges)
		buf_cstr(&b, "none");
	text[b.n] = '\0';
	tell(u, text);
}

static void refresh(const struct command_env *env, const struct user *u)
{
	const struct oper_block *o = u->oper ? server_oper(env->server, u->oper->name) : NULL;
	struct record r;

	if (!o) {
		dismiss(env, u);
		return;
	}
	r = oper_record(env->server, o, u->id);
	if (!is_already(u->oper, &r))
		change(env, u, &r);
}

void opers_refresh(const struct command_env *env)
{
	const struct vec *users = network_users(env->net);

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (u->modes & USER_OPER)
			refresh(env, u);
	}
}

void opers_warn_plain(const struct command_env *env)
{
	char text[HEADINGS_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	server_plain_passwords(env->server, &b);
	text[b.n] = '\0';
	if (b.n)
		log_event(EVENT_PASSWORD_PLAIN, LOG_FIELDS({"CHATD_KEY", text}),
			  "%s: the password is not hashed; chatd --hash-password makes what can stand there", text);
}
