#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "command/families.h"
#include "command/secret.h"
#include "command/targets.h"
#include "proto/mask.h"
#include "proto/utf8.h"
#include "session/server.h"

/* Of the journal's entries. */
#define MESSAGE_OPER_ACCEPTED "b1f7c1d29e0b4a5f8f6f0f7a4d2c9e31"
#define MESSAGE_OPER_REFUSED "5d0c3a7e6b9248d1a2f41c8e07d5b693"
#define MESSAGE_KILL "8e42d7b05c1f4f63937a6d20be914cf8"
#define MESSAGE_STOP "c2695af81d7e40b8b3e07f54a9186d0c"

enum {
	HOST_TEXT_MAX = 1024,
	REASON_MAX = 512,
	WHY_MAX = 256,
	FIELDS_MAX = 4,
};

static bool host_matches(const struct network *net, const char *mask, const struct user *u)
{
	static const enum user_text hosts[] = {USER_HOST, USER_ADDRESS};
	char text[HOST_TEXT_MAX];
	struct buf b;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		buf_init(&b, text, sizeof(text));
		buf_str(&b, user_str(u, USER_NAME));
		buf_chr(&b, '@');
		buf_str(&b, user_str(u, hosts[i]));
		if (!b.full && mask_match(network_casemap(net), str_of(mask), buf_view(&b)))
			return true;
	}
	return false;
}

/* What all blocks together say to a try; each is looked at, whatever the earlier ones said. */
struct oper_verdict {
	bool known;    /* the name is one of them */
	bool admitted; /* some block takes this host */
	bool secret;   /* name and password are right */
	bool granted;  /* and the host too */
};

static struct oper_verdict oper_judge(const struct call *call, const char *name, const char *password)
{
	const struct server *server = call->env->server;
	struct oper_verdict v = {0};

	for (size_t i = 0; i < server->nopers; i++) {
		const struct oper_block *o = &server->opers[i];
		bool named = secret_equal(o->name, name);
		bool secret = o->password && secret_equal(o->password, password);
		bool host = host_matches(call->env->net, o->mask ? o->mask : "*@*", call->user);

		v.known |= named;
		v.admitted |= host;
		v.secret |= named & secret;
		v.granted |= named & secret & host;
	}
	return v;
}

/* A name that is none of the configured ones is not logged: people mistype their password there. */
static void oper_log(const struct call *call, const struct oper_verdict *v, const char *name)
{
	const struct log_field fields[FIELDS_MAX] = {
		{"CHATD_NICK", user_nick(call->user)},
		{"CHATD_USER", user_text(call->user, USER_NAME)},
		{"CHATD_ADDRESS", user_text(call->user, USER_ADDRESS)},
		{"CHATD_OPER", v->known ? name : NULL},
	};

	log_event(v->granted ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
		  v->granted ? MESSAGE_OPER_ACCEPTED : MESSAGE_OPER_REFUSED, fields, FIELDS_MAX, "OPER %s",
		  v->granted ? "accepted" : "refused");
}

static void run_oper(struct call *call)
{
	const char *name = call_param(call, 0);
	struct oper_verdict v = oper_judge(call, name, call_param(call, 1));
	struct record r;

	oper_log(call, &v, name);
	if (v.granted && (call->user->modes & USER_OPER)) {
		reply(call->session, RPL_YOUREOPER);
	} else if (v.granted) {
		r = call_record(call, RECORD_USER_MODES);
		r.flags |= RECORD_OVERRIDE;
		r.user_modes.set = USER_OPER;
		call_submit(call, &r);
	} else if (v.secret || !v.admitted) {
		reply(call->session, ERR_NOOPERHOST);
	} else {
		reply(call->session, ERR_PASSWDMISMATCH);
	}
}

static void deed_log(const struct call *call, const char *message_id, const char *deed, const char *target)
{
	const struct log_field fields[] = {
		{"CHATD_NICK", user_nick(call->user)},
		{"CHATD_ADDRESS", user_text(call->user, USER_ADDRESS)},
		{"CHATD_TARGET", target},
	};

	log_event(LOG_LEVEL_NOTICE, message_id, fields, sizeof(fields) / sizeof(fields[0]), "%s", deed);
}

static void run_kill(struct call *call)
{
	const struct user *target = target_user(call, call_param(call, 0));
	const char *reason = call_word(call, 1);
	struct record r;

	if (!target)
		return;
	deed_log(call, MESSAGE_KILL, "KILL", user_nick(target));
	r = call_record(call, RECORD_USER_KILL);
	r.user_kill.target = target->id;
	r.user_kill.reason = utf8_cut(str_of(reason ? reason : "No reason given"), call->env->server->kick_max);
	call_submit(call, &r);
}

static void run_rehash(struct call *call)
{
	const struct command_host *host = call->env->host;
	const char *path = call->env->server->config_path;
	char why[WHY_MAX] = "";

	reply(call->session, RPL_REHASHING, target_shown(path ? path : "*"));
	if (host->rehash(host->ctx, why, sizeof(why)))
		reply_notice(call->session, "The configuration was read again");
	else
		reply_notice(call->session, "The configuration was refused, the old one stays: %s", why);
}

static void run_wallops(struct call *call)
{
	const char *text = call_word(call, 0);
	struct record r;

	if (!text) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
		return;
	}
	r = call_record(call, RECORD_WALLOPS);
	r.wallops.text = str_of(text);
	call_submit(call, &r);
}

/* The text given, or who did it. */
static void stop(struct call *call, bool restart)
{
	const struct command_host *host = call->env->host;
	const char *text = call_word(call, 0);
	char reason[REASON_MAX];
	struct buf b;

	deed_log(call, MESSAGE_STOP, call->row->name, NULL);
	buf_init(&b, reason, sizeof(reason) - 1);
	buf_fmt(&b, "%s by %s", restart ? "Restarted" : "Stopped", user_nick(call->user));
	if (text) {
		buf_cstr(&b, ": ");
		buf_str(&b, utf8_cut(str_of(text), call->env->server->kick_max));
	}
	reason[b.n] = '\0';
	host->stop(host->ctx, reason, restart);
}

static void run_die(struct call *call)
{
	stop(call, false);
}

static void run_restart(struct call *call)
{
	stop(call, true);
}

/* OPER costs as much as several commands: passwords are not to be tried in numbers. */
static const struct command rows[] = {
	{"OPER", ROLE_USER, 2, 50, -1, run_oper},     {"KILL", ROLE_OPER, 1, 10, -1, run_kill},
	{"REHASH", ROLE_OPER, 0, 20, -1, run_rehash}, {"WALLOPS", ROLE_OPER, 1, 10, -1, run_wallops},
	{"DIE", ROLE_OPER, 0, 10, -1, run_die},       {"RESTART", ROLE_OPER, 0, 10, -1, run_restart},
};

const struct command *command_family_oper(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
