#include <string.h>

#include "base/buf.h"
#include "command/metadata.h"
#include "command/families.h"
#include "command/server_target.h"
#include "command/targets.h"
#include "command/visible.h"
#include "command/words.h"
#include "session/server.h"

enum {
	USERHOST_MAX = 5,      /* nicks of one command */
	WHOWAS_SHOWN_MAX = 32, /* of one nick, whatever was asked for */
	ISON_MAX = LINE_BODY_MAX,
	DATE_MAX = 32,
	COST_MORE = 1000, /* thousandths of a token, for each nick but the first */
};

static int64_t now_ms(const struct call *call)
{
	return loop_clock(call->session->hub->loop)->real_ms;
}

static void channels_send(struct session *s, const struct user *u, struct words *w)
{
	if (w->n)
		reply(s, RPL_WHOISCHANNELS, user_nick(u), w->text);
	words_clear(w);
}

static void whois_channels(struct session *s, const struct user *u)
{
	struct words w;

	words_init(&w, s, user_str(u, USER_NICK).n + 2);
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];
		char memory[LINE_BODY_MAX], prefixes[6];
		struct buf b;

		if (!visible_membership(s->user, m))
			continue;
		buf_init(&b, memory, sizeof(memory));
		buf_add(&b, prefixes, rank_prefixes(m->rank, session_has(s, CAP_MULTI_PREFIX), prefixes));
		buf_cstr(&b, m->channel->name);
		if (words_add(&w, buf_view(&b)))
			continue;
		channels_send(s, u, &w);
		words_add(&w, buf_view(&b));
	}
	channels_send(s, u, &w);
}

/* On every device. */
static bool is_secure(const struct user *u)
{
	const struct session *each = u->sessions;

	while (each && (each->flags & SESSION_SECURE))
		each = each->next_own;
	return u->sessions && !each;
}

static void whois_standing(struct session *s, const struct user *u)
{
	const char *nick = user_nick(u);
	const char *account = user_text(u, USER_ACCOUNT);

	if (visible_oper(s->user, u))
		reply(s, RPL_WHOISOPERATOR, nick, u->oper && *u->oper->title ? u->oper->title : reply_words(s, N_("an IRC operator")));
	if (u->modes & USER_REGISTERED)
		reply(s, RPL_WHOISREGNICK, nick);
	if (*account)
		reply(s, RPL_WHOISACCOUNT, nick, account);
	metadata_whois(s, u);
	if (u->modes & USER_BOT)
		reply(s, RPL_WHOISBOT, nick);
	if (is_secure(u))
		reply(s, RPL_WHOISSECURE, nick);
}

static void whois_private(struct session *s, const struct user *u)
{
	const char *nick = user_nick(u);
	const char *address = user_text(u, USER_ADDRESS), *name = user_text(u, USER_REALHOST);
	const struct user_mode *row;
	char letters[40];
	size_t count, n = 0;

	if (*address) {
		reply(s, RPL_WHOISACTUALLY, nick, address);
		reply(s, RPL_WHOISHOST, nick, user_text(u, USER_NAME), *name ? name : address, address);
	}
	row = user_modes(&count);
	letters[n++] = '+';
	for (size_t i = 0; i < count && n < sizeof(letters) - 1; i++) {
		if (u->modes & row[i].bit)
			letters[n++] = row[i].letter;
	}
	letters[n] = '\0';
	reply(s, RPL_WHOISMODES, nick, letters);
	for (const struct session *each = u->sessions; each; each = each->next_own)
		if (each->certfp)
			reply(s, RPL_WHOISCERTFP, nick, each->certfp);
}

static void whois_user(const struct call *call, const struct user *u)
{
	struct session *s = call->session;
	const struct server *server = call->env->server;
	const char *nick = user_nick(u);
	int64_t since = u->spoke > u->signon ? u->spoke : u->signon;
	int64_t idle = now_ms(call) - since;

	reply(s, RPL_WHOISUSER, nick, user_text(u, USER_NAME), user_text(u, USER_HOST), user_text(u, USER_REALNAME));
	whois_channels(s, u);
	reply(s, RPL_WHOISSERVER, nick, server->name, server->description);
	if (u->away)
		reply(s, RPL_AWAY, nick, u->away);
	whois_standing(s, u);
	if (visible_private(call->user, u))
		whois_private(s, u);
	reply(s, RPL_WHOISIDLE, nick, (long long)(idle > 0 ? idle / 1000 : 0), (long long)(u->signon / 1000));
	reply(s, RPL_ENDOFWHOIS, nick);
}

static void run_whois(struct call *call)
{
	const char *second = call_word(call, 1);
	const char *nicks = second ? second : call_word(call, 0);
	struct targets t;

	if (!nicks) {
		reply(call->session, ERR_NONICKNAMEGIVEN);
		return;
	}
	if (second && !server_target(call, call_param(call, 0)))
		return;
	targets_init(&t, nicks, NULL, call->env->server->targets_max);
	t.cost = COST_MORE;
	while (targets_next(&t, call)) {
		const struct user *u = target_user(call, t.word);

		if (u)
			whois_user(call, u);
		else
			reply(call->session, RPL_ENDOFWHOIS, target_shown(t.word));
	}
}

static void whowas_entry(const struct call *call, const struct whowas *w)
{
	struct session *s = call->session;
	char date[DATE_MAX];
	struct buf b;

	buf_init(&b, date, sizeof(date) - 1);
	buf_time(&b, w->time);
	date[b.n] = '\0';
	reply(s, RPL_WHOWASUSER, w->nick, w->username, w->host, w->realname);
	if (w->account)
		reply(s, RPL_WHOISACCOUNT, w->nick, w->account);
	if (user_may(call->user, PRIV_SEE_ADDRESS) && w->address && *w->address)
		reply(s, RPL_WHOISACTUALLY, w->nick, w->address);
	if (user_may(call->user, PRIV_SEE_ADDRESS) && w->realhost && *w->realhost)
		reply(s, RPL_WHOISHOST, w->nick, w->username, w->realhost, w->address);
	reply(s, RPL_WHOISSERVER, w->nick, call->env->server->name, date);
}

static void whowas_nick(const struct call *call, const char *nick, size_t max)
{
	const struct whowas *w;
	size_t n = 0;

	while (n < max && (w = network_whowas(call->env->net, str_of(nick), n))) {
		whowas_entry(call, w);
		n++;
	}
	if (n == 0)
		reply(call->session, ERR_WASNOSUCHNICK, target_shown(nick));
	reply(call->session, RPL_ENDOFWHOWAS, target_shown(nick));
}

/* "WHOWAS nick{,nick} [count [server]]"; what is no positive count asks for all. */
static void run_whowas(struct call *call)
{
	unsigned long long count;
	struct targets t;

	if (!call_word(call, 0)) {
		reply(call->session, ERR_NONICKNAMEGIVEN);
		return;
	}
	if (!server_target(call, call_word(call, 2)))
		return;
	if (!str_u64(str_of(call_param(call, 1)), WHOWAS_SHOWN_MAX, &count) || count == 0)
		count = WHOWAS_SHOWN_MAX;
	targets_init(&t, call_param(call, 0), NULL, call->env->server->targets_max);
	t.cost = COST_MORE;
	while (targets_next(&t, call))
		whowas_nick(call, t.word, (size_t)count);
}

static void userhost_add(struct session *s, struct words *w, const struct user *u)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "%s%s=%c%s@%s", user_nick(u), visible_oper(s->user, u) ? "*" : "", u->away ? '-' : '+',
		user_text(u, USER_NAME), user_text(u, USER_HOST));
	if (words_add(w, buf_view(&b)))
		return;
	reply(s, RPL_USERHOST, w->text);
	words_clear(w);
	words_add(w, buf_view(&b));
}

static void run_userhost(struct call *call)
{
	struct words w;

	words_init(&w, call->session, 1);
	for (size_t i = 0; i < call->msg->nparams && i < USERHOST_MAX; i++) {
		const struct user *u = network_user_by_nick(call->env->net, str_of(call_param(call, i)));

		if (u)
			userhost_add(call->session, &w, u);
	}
	reply(call->session, RPL_USERHOST, w.text);
}

static void ison_add(const struct call *call, struct words *w, struct str nick)
{
	const struct user *u = nick.n ? network_user_by_nick(call->env->net, nick) : NULL;

	if (!u || words_add(w, user_str(u, USER_NICK)))
		return;
	reply(call->session, RPL_ISON, w->text);
	words_clear(w);
	words_add(w, user_str(u, USER_NICK));
}

static void run_ison(struct call *call)
{
	struct words w;

	words_init(&w, call->session, 1);
	for (size_t i = 0; i < call->msg->nparams; i++) {
		struct str rest = str_of(call_param(call, i)), nick;

		while (str_split(&rest, ' ', &nick))
			ison_add(call, &w, nick);
	}
	reply(call->session, RPL_ISON, w.text);
}

static const struct command rows[] = {
	{"WHOIS", ROLE_USER, 0, 20, -1, run_whois},
	{"WHOWAS", ROLE_USER, 0, 20, -1, run_whowas},
	{"USERHOST", ROLE_USER, 1, 10, -1, run_userhost},
	{"ISON", ROLE_USER, 1, 10, -1, run_ison},
};

const struct command *command_family_whois(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
