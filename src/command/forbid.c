#include "command/forbid.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/audit.h"
#include "command/ban_list.h"
#include "command/command.h"
#include "command/duration.h"
#include "command/nicks.h"
#include "command/services.h"
#include "proto/name.h"

enum { BY_MAX = 512, LEAST_LITERAL = 2 };

enum ban_kind forbid_kind(const char *mask)
{
	if (*mask == '#')
		return BAN_CHANNEL;
	return strchr(mask, '@') ? BAN_EMAIL : BAN_NICK;
}

static const char *parse(struct ban_order *o, const char *const *words, size_t n)
{
	bool timed;

	if (n == 0 || !*words[0])
		return N_("What? A name is missing");
	if (strlen(words[0]) >= sizeof(o->mask))
		return N_("That is too long");
	snprintf(o->mask, sizeof(o->mask), "%s", words[0]);
	o->action = BAN_REFUSE;
	o->duration_ms = 0;
	timed = n > 1 && duration_parse(words[1], &o->duration_ms);
	ban_order_reason(o, words + 1 + timed, n - 1 - timed);
	return NULL;
}

/* Without a wildcard it is one name, however short. */
static bool is_too_wide(const char *mask)
{
	size_t literal = 0;

	if (!strpbrk(mask, "*?"))
		return false;
	for (; *mask; mask++)
		literal += !strchr("*?#@.", *mask);
	return literal < LEAST_LITERAL;
}

const char *forbid_parse(struct ban_order *o, const char *const *words, size_t n)
{
	const char *why = parse(o, words, n);

	if (why)
		return why;
	o->kind = forbid_kind(o->mask);
	return is_too_wide(o->mask) ? N_("That would meet nearly everything") : NULL;
}

const char *suspend_parse(const struct command_env *env, struct ban_order *o, const char *const *words, size_t n)
{
	const char *why = parse(o, words, n);
	const struct channel *c = why ? NULL : network_channel(env->net, str_of(o->mask));

	o->kind = BAN_SUSPENDED;
	if (why)
		return why;
	return c && (c->flags & CHAN_REGISTERED) ? NULL : N_("There is no such registered channel");
}

void forbid_say(struct buf *out, const struct ban *b, enum language language)
{
	char until[32];
	struct buf time;

	buf_cstr(out, language_words(language, forbid_words(b->kind)));
	buf_cstr(out, *b->reason ? b->reason : language_words(language, N_("no reason given")));
	if (!b->until)
		return;
	buf_init(&time, until, sizeof(until));
	ban_time(&time, b->until);
	buf_fmt(out, language_words(language, N_(" (until %.*s)")), STR_ARG(buf_view(&time)));
}

/* From the last on: one that goes with the new nick is replaced by one that was looked at. */
void forbid_rename_all(const struct command_env *env)
{
	const struct vec *users = network_users(env->net);

	for (uint32_t i = users->count; i-- > 0;) {
		const struct user *u = i < users->count ? users->items[i] : NULL;

		if (u && !user_may(u, PRIV_ACCOUNTS) && network_forbidden(env->net, BAN_NICK, user_str(u, USER_NICK)))
			nicks_rename_guest(env, u);
	}
}

/* The words of services */

static struct str who(const struct call *call, char dst[BY_MAX])
{
	const struct user *u = call->user;
	int n = snprintf(dst, BY_MAX, "%s!%s@%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST));

	return (struct str){dst, n < BY_MAX ? (size_t)n : BY_MAX - 1};
}

static void audit(const struct service_ask *a, const char *mask, const char *reason)
{
	char command[32];

	snprintf(command, sizeof(command), "%s %s", a->service->name, a->row->name);
	oper_audit(a->call, &(struct deed){.command = command, .target = mask, .reason = reason});
}

/* What was there of the same name is replaced. */
static void set(const struct service_ask *a, const struct ban_order *o)
{
	const struct command_env *env = a->call->env;
	int64_t now = loop_clock(env->hub->loop)->real_ms;
	struct record r = call_record(a->call, RECORD_BAN_SET);
	char by[BY_MAX], text[LINE_BODY_MAX];
	const struct ban *b;
	struct buf out;

	audit(a, o->mask, o->reason);
	ban_order_record(o, &r, now);
	r.session = 0;
	r.ban.id = network_ban_next(env->net);
	r.ban.max = env->server->bans_max;
	r.ban.by = who(a->call, by);
	call_submit(a->call, &r);
	b = network_ban_find(env->net, o->kind, str_of(o->mask));
	if (!b) {
		service_tell(a, "There are as many bans as the configuration allows.");
		return;
	}
	buf_init(&out, text, sizeof(text) - 1);
	ban_describe(&out, b, session_language(a->call->session), now);
	text[out.n] = '\0';
	services_say(a->call->session, a->service->name, "%s", text);
	if (o->kind == BAN_NICK)
		forbid_rename_all(env);
}

static void take_away(const struct service_ask *a, enum ban_kind kind, const char *mask)
{
	const struct ban *b = network_ban_find(a->call->env->net, kind, str_of(mask));
	struct record r = call_record(a->call, RECORD_BAN_CLEAR);
	char by[BY_MAX];

	if (!b) {
		service_tell(a, kind == BAN_SUSPENDED ? N_("This channel is not suspended.")
						      : N_("That is not forbidden."));
		return;
	}
	audit(a, b->mask, NULL);
	r.flags |= RECORD_OVERRIDE;
	r.session = 0;
	r.ban_clear.id = b->id;
	r.ban_clear.by = who(a->call, by);
	call_submit(a->call, &r);
	service_tell(a, "Done.");
}

/* ADD <mask> [<duration>] [<reason>] | DEL <mask> | LIST [<mask>], of those kinds alone. */
static void change(const struct service_ask *a, unsigned kinds)
{
	const char *what = a->words[0], *mask = service_word(a, 1), *why;
	struct ban_order o = {0};

	if (strcasecmp(what, "LIST") == 0) {
		ban_list(a->call, &(struct ban_listing){.kinds = kinds, .glob = mask, .service = a->service->name});
	} else if (!mask || (strcasecmp(what, "ADD") != 0 && strcasecmp(what, "DEL") != 0)) {
		service_usage(a);
	} else if (!(kinds & 1u << forbid_kind(mask))) {
		service_tell(a, kinds & 1u << BAN_CHANNEL ? N_("That is no channel: they begin with #.")
							  : N_("Channels are forbidden with ChanServ."));
	} else if (strcasecmp(what, "DEL") == 0) {
		take_away(a, forbid_kind(mask), mask);
	} else if ((why = forbid_parse(&o, a->words + 1, a->n - 1))) {
		services_say(a->call->session, a->service->name, "%s.", reply_words(a->call->session, why));
	} else {
		set(a, &o);
	}
}

void forbid_run_nicks(const struct service_ask *a)
{
	if (call_may(a->call, PRIV_ACCOUNTS))
		change(a, 1u << BAN_NICK | 1u << BAN_EMAIL);
}

void forbid_run_channels(const struct service_ask *a)
{
	if (call_may(a->call, PRIV_REGISTER))
		change(a, 1u << BAN_CHANNEL);
}

void forbid_run_suspend(const struct service_ask *a)
{
	struct ban_order o = {0};
	const char *why;

	if (!call_may(a->call, PRIV_REGISTER))
		return;
	if (strcasecmp(a->words[0], "LIST") == 0) {
		ban_list(a->call, &(struct ban_listing){.kinds = 1u << BAN_SUSPENDED, .service = a->service->name});
		return;
	}
	why = suspend_parse(a->call->env, &o, a->words, a->n);
	if (why)
		services_say(a->call->session, a->service->name, "%s.", reply_words(a->call->session, why));
	else
		set(a, &o);
}

void forbid_run_unsuspend(const struct service_ask *a)
{
	if (call_may(a->call, PRIV_REGISTER))
		take_away(a, BAN_SUSPENDED, a->words[0]);
}
