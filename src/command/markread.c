#include "command/markread.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/families.h"
#include "command/past.h"
#include "network/account.h"
#include "network/markers.h"

/*
 * MARKREAD: up to where somebody has read. All devices of a user hear of it, and an account keeps it:
 * https://ircv3.net/specs/extensions/read-marker
 */
enum { NAME_MAX_BYTES = 256 };

static int64_t marker(const struct command_env *env, const struct user *u, struct str name)
{
	const struct account *a = network_account(env->net, user_str(u, USER_ACCOUNT));
	BUF_MEMORY char folded[CASEMAP_ROOM(NAME_MAX_BYTES)];

	if (name.n > NAME_MAX_BYTES)
		return 0;
	return markers_get(a ? a->markers : u->markers, casemap_fold(network_casemap(env->net), folded, name));
}

static void answer(struct session *s, const char *target, int64_t time)
{
	char text[32];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_time(&b, time);
	text[b.n] = '\0';
	reply_server(s, "MARKREAD %s %s%s", target, time ? "timestamp=" : "*", time ? text : "");
}

void markread_joined(const struct command_env *env, struct session *s, const struct channel *c)
{
	if (session_has(s, CAP_READ_MARKER))
		answer(s, c->name, marker(env, s->user, str_of(c->name)));
}

static void fail(const struct call *call, const char *code, const char *context, const char *text)
{
	reply_fail(call->session, "MARKREAD", code, context, text);
}

/* Nobody has read what is to come. */
static void set(const struct call *call, const char *target, int64_t time)
{
	int64_t now = loop_clock(call->env->hub->loop)->real_ms;
	struct record r = call_record(call, RECORD_MARKER);

	if (time > now)
		time = now;
	if (time <= marker(call->env, call->user, str_of(target))) {
		answer(call->session, target, marker(call->env, call->user, str_of(target)));
		return;
	}
	r.marker.account = user_str(call->user, USER_ACCOUNT);
	r.marker.target = str_of(target);
	r.marker.time = time;
	r.flags |= RECORD_OVERRIDE;
	call_submit(call, &r);
}

static void markread_run(struct call *call)
{
	static const char start[] = "timestamp=";
	const char *target = call_word(call, 0), *when = call_word(call, 1);
	int64_t time;

	if (!target)
		fail(call, "NEED_MORE_PARAMS", NULL, N_("Missing parameters"));
	else if (strlen(target) > NAME_MAX_BYTES)
		fail(call, "INVALID_PARAMS", "*", "Invalid parameters");
	else if (!when)
		answer(call->session, target, marker(call->env, call->user, str_of(target)));
	else if (strncmp(when, start, strlen(start)) != 0 || !past_time_parse(when + strlen(start), &time) || time <= 0)
		fail(call, "INVALID_PARAMS", target, "Invalid parameters");
	else
		set(call, target, time);
}

static const struct command rows[] = {
	{"MARKREAD", ROLE_USER, 0, 5, CAP_READ_MARKER, markread_run},
};

const struct command *command_family_markread(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
