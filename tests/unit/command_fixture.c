#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_fixture.h"

#include "account/logins.h"
#include "base/mem.h"
#include "command/nicks.h"
#include "command/errand.h"
#include "session/tries.h"

static const char *const record_names[RECORD_TYPE_END] = {
	[RECORD_USER_ADD] = "USER_ADD",
	[RECORD_USER_NICK] = "USER_NICK",
	[RECORD_USER_QUIT] = "USER_QUIT",
	[RECORD_USER_KILL] = "USER_KILL",
	[RECORD_USER_AWAY] = "USER_AWAY",
	[RECORD_USER_REALNAME] = "USER_REALNAME",
	[RECORD_USER_HOST] = "USER_HOST",
	[RECORD_USER_MODES] = "USER_MODES",
	[RECORD_USER_ACCOUNT] = "USER_ACCOUNT",
	[RECORD_JOIN] = "JOIN",
	[RECORD_PART] = "PART",
	[RECORD_KICK] = "KICK",
	[RECORD_TOPIC] = "TOPIC",
	[RECORD_CHANNEL_MODES] = "CHANNEL_MODES",
	[RECORD_INVITE] = "INVITE",
	[RECORD_MESSAGE] = "MESSAGE",
	[RECORD_WALLOPS] = "WALLOPS",
	[RECORD_BAN_SET] = "BAN",
	[RECORD_BAN_CLEAR] = "UNBAN",
	[RECORD_EMERGENCY] = "EMERGENCY",
	[RECORD_CHANNEL] = "CHANNEL",
	[RECORD_USER_OPER] = "USER_OPER",
	[RECORD_USER_NOTICES] = "USER_NOTICES",
	[RECORD_ACCOUNT] = "ACCOUNT",
};

static void note(struct desk *d, const char *what, const char *more)
{
	size_t n = strlen(d->submitted);

	snprintf(d->submitted + n, sizeof(d->submitted) - n, "%s%s%s; ", what, *more ? " " : "", more);
}

static void submit(void *ctx, struct record *r)
{
	struct desk *d = ctx;

	note(d, record_names[r->type], "");
	if (d->applies)
		fixture_apply(&d->f, *r);
}

static void quit(void *ctx, struct session *s, const char *reason)
{
	note(ctx, "quit", reason);
	session_close(s, reason);
}

static bool rehash(void *ctx, char *why, size_t size)
{
	note(ctx, "rehash", "");
	snprintf(why, size, "not today");
	return false;
}

static void stop(void *ctx, const char *reason, bool restart)
{
	note(ctx, restart ? "restart" : "stop", reason);
}

static void resume(void *ctx, struct errand *e)
{
	(void)ctx;
	errand_finish(e);
}

static void run(struct stage *st, struct session *s, const struct message *m)
{
	struct desk *d = st->ctx;

	command_run(&d->env, s, m);
}

void desk_init(struct desk *d)
{
	static const char *const nicks[] = {"ann", "bob", "cid", NULL};

	memset(d, 0, sizeof(*d));
	stage_init(&d->st, user_nick);
	fixture_init(&d->f, 1);
	fixture_people(&d->f, nicks);
	d->host = (struct command_host){.submit = submit, .quit = quit, .rehash = rehash, .stop = stop, .resume = resume, .ctx = d};
	d->env = (struct command_env){
		.net = d->f.net,
		.server = &d->st.server,
		.monitor = d->st.hub.monitor,
		.hub = &d->st.hub,
		.host = &d->host,
		.usage = mem_zalloc(command_count() * sizeof(struct command_usage)),
		.errands = &d->errands,
		.password = &d->password,
		.tries = tries_new(&(struct hash_key){{1, 2}}),
		.logins = logins_new(),
		.nicks = nicks_new(d->f.net, &(struct hash_key){{3, 4}}),
	};
	d->st.command = run;
	d->st.ctx = d;
}

void desk_deinit(struct desk *d)
{
	stage_deinit(&d->st);
	fixture_deinit(&d->f);
	mem_free(d->env.usage);
	tries_free(d->env.tries);
	logins_free(d->env.logins);
	nicks_free(&d->env);
}

int desk_client(struct desk *d, uint64_t user)
{
	int i = stage_add(&d->st);

	assert_non_null(network_user(d->f.net, user));
	session_register(stage_session(&d->st, i), network_user(d->f.net, user));
	return i;
}

void desk_apply(struct desk *d, struct record r)
{
	fixture_apply(&d->f, r);
}

const char *desk_say(struct desk *d, int i, const char *line)
{
	stage_say(&d->st, i, line);
	stage_say(&d->st, i, "\r\n");
	stage_log(&d->st);
	return stage_heard(&d->st, i);
}

const char *desk_submitted(struct desk *d)
{
	static char shown[sizeof(d->submitted)];

	memcpy(shown, d->submitted, sizeof(shown));
	d->submitted[0] = '\0';
	return shown;
}
