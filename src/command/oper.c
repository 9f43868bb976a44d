#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "command/audit.h"
#include "command/families.h"
#include "command/secret.h"
#include "command/targets.h"
#include "proto/mask.h"
#include "proto/utf8.h"
#include "session/server.h"

enum {
	HOST_TEXT_MAX = 1024,
	REASON_MAX = 512,
	WHY_MAX = 256,
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

static const char *account_of(const struct user *u)
{
	const char *account = user_text(u, USER_ACCOUNT);

	return *account ? account : NULL;
}

/* A name that is none of the configured ones is not logged: people mistype their password there. */
static void oper_log(const struct call *call, const struct oper_verdict *v, const char *name)
{
	log_event(v->granted ? EVENT_OPER_GRANTED : EVENT_OPER_REFUSED,
		  LOG_FIELDS({"CHATD_NICK", user_nick(call->user)}, {"CHATD_USER", user_text(call->user, USER_NAME)},
			     {"CHATD_ACCOUNT", account_of(call->user)}, {"CHATD_PEER", call->session->address},
			     {"CHATD_OPER", v->known ? name : NULL}),
		  "OPER %s: %s from %s", v->granted ? "accepted" : "refused", user_nick(call->user),
		  call->session->address);
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
		r = call_record(call, RECORD_USER_OPER);
		r.flags |= RECORD_OVERRIDE;
		r.user_oper.name = str_of(name);
		r.user_oper.privileges = PRIV_ALL;
		call_submit(call, &r);
	} else if (v.secret || !v.admitted) {
		reply(call->session, ERR_NOOPERHOST);
	} else {
		reply(call->session, ERR_PASSWDMISMATCH);
	}
}

/* The text as far as it is used. */
static void deed_of(const struct call *call, const char *target, struct str reason)
{
	char text[REASON_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_str(&b, reason);
	text[b.n] = '\0';
	oper_audit(call, &(struct deed){.target = target, .reason = text});
}

static void run_kill(struct call *call)
{
	const struct user *target = target_user(call, call_param(call, 0));
	const char *reason = call_word(call, 1);
	struct record r;

	if (!target)
		return;
	r = call_record(call, RECORD_USER_KILL);
	r.user_kill.target = target->id;
	r.user_kill.reason = utf8_cut(str_of(reason ? reason : "No reason given"), call->env->server->kick_max);
	deed_of(call, user_nick(target), r.user_kill.reason);
	call_submit(call, &r);
}

static void run_rehash(struct call *call)
{
	const struct command_host *host = call->env->host;
	const char *path = call->env->server->config_path;
	char why[WHY_MAX] = "";

	oper_audit(call, &(struct deed){0});
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
	oper_audit(call, &(struct deed){0});
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

	deed_of(call, NULL, utf8_cut(str_of(text), call->env->server->kick_max));
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
	{"OPER", ROLE_USER, 2, 50, -1, run_oper},
	{"KILL", ROLE_MAY(PRIV_KILL), 1, 10, -1, run_kill},
	{"REHASH", ROLE_MAY(PRIV_REHASH), 0, 20, -1, run_rehash},
	{"WALLOPS", ROLE_MAY(PRIV_WALLOPS), 1, 10, -1, run_wallops},
	{"DIE", ROLE_MAY(PRIV_DIE), 0, 10, -1, run_die},
	{"RESTART", ROLE_MAY(PRIV_RESTART), 0, 10, -1, run_restart},
};

const struct command *command_family_oper(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
