#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/audit.h"
#include "command/command.h"
#include "command/cursor.h"
#include "command/host.h"
#include "command/login.h"
#include "command/services.h"
#include "session/cloak.h"

static const char self[] = "HostServ";

enum { WANTED_MAX = 128, REASON_MAX = 300, MEMOS_MAX = 20 };

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* What the account asked for; NULL: nothing. */
static const struct account_kept *wanted(const struct account *a)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_SETTING && str_starts(str_of(item->text), HOST_WANTED))
			return item;
	}
	return NULL;
}

static const char *host_wanted(const struct account_kept *item)
{
	return item->text + HOST_WANTED.n;
}

static bool may_give(const struct service_ask *a, const char *host)
{
	if (cloak_host_valid(str_of(host)))
		return true;
	service_tell(a, "A host has letters, digits and . - : _ / and at most 64 bytes.");
	return false;
}

/* People's own */

static void switch_host(const struct service_ask *a, bool on)
{
	const struct account *account = own(a);
	struct account_edit e;

	if (!account_str(account, ACCOUNT_VHOST).n) {
		service_tell(a, "Your account has no host. REQUEST asks for one.");
		return;
	}
	account_edit_begin(&e, account);
	account_edit_drop_exact(&e, ACCOUNT_SETTING, HOST_OFF);
	if ((!on && !account_edit_add(&e, ACCOUNT_SETTING, HOST_OFF, loop_clock(a->call->env->hub->loop)->real_ms)) ||
	    !account_edit_submit(&e, a->call->env)) {
		service_tell(a, "That could not be done: try again.");
		return;
	}
	host_show_account(a->call->env, account);
	if (on)
		services_say(a->call->session, self, "Your host is %s.", account_text(account, ACCOUNT_VHOST));
	else
		service_tell(a, "The host of your address is shown again.");
}

static void run_on(const struct service_ask *a)
{
	switch_host(a, true);
}

static void run_off(const struct service_ask *a)
{
	switch_host(a, false);
}

static void run_request(const struct service_ask *a)
{
	const struct account *account = own(a);
	const char *host = a->words[0];
	char item[WANTED_MAX];
	struct account_edit e;

	if (!may_give(a, host))
		return;
	snprintf(item, sizeof(item), "%.*s%s", STR_ARG(HOST_WANTED), host);
	account_edit_begin(&e, account);
	account_edit_drop(&e, ACCOUNT_SETTING, HOST_WANTED);
	if (!account_edit_add(&e, ACCOUNT_SETTING, str_of(item), loop_clock(a->call->env->hub->loop)->real_ms) ||
	    !account_edit_submit(&e, a->call->env)) {
		service_tell(a, "That could not be done: try again.");
		return;
	}
	log_event(EVENT_VHOST_WANTED,
		  LOG_FIELDS({"CHATD_NICK", user_nick(a->call->user)},
			     {"CHATD_ACCOUNT", account_text(account, ACCOUNT_NAME)}, {"CHATD_TARGET", host}),
		  "account %s asks for the host %s", account_text(account, ACCOUNT_NAME), host);
	service_tell(a, "You have asked for it. An operator looks at it.");
}

/* Operators' */

/* The account that the first word names, for those who may give hosts; NULL: answered. */
static const struct account *subject(const struct service_ask *a)
{
	const struct account *account;

	if (!call_may(a->call, PRIV_VHOST))
		return NULL;
	account = network_account_of_nick(a->call->env->net, str_of(a->words[0]));
	if (!account)
		service_tell(a, "There is no such account.");
	return account;
}

static const struct account *subject_who_asked(const struct service_ask *a)
{
	const struct account *account = subject(a);

	if (!account || wanted(account))
		return account;
	service_tell(a, "This account has not asked for a host.");
	return NULL;
}

static void audit(const struct service_ask *a, const struct account *account, const char *reason)
{
	char command[32];

	snprintf(command, sizeof(command), "HOSTSERV %s", a->row->name);
	oper_audit(a->call,
		   &(struct deed){.command = command, .target = account_text(account, ACCOUNT_NAME), .reason = reason});
}

static bool tell(const struct service_ask *a, const struct account *account, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

/* To all devices that are logged in to it now, each in its language. False: there is none. */
static bool tell(const struct service_ask *a, const struct account *account, const char *fmt, va_list args)
{
	const struct vec *users = network_users(a->call->env->net);
	char text[LINE_BODY_MAX];
	bool told = false;
	va_list ap;

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (!str_eq(user_str(u, USER_ACCOUNT), account_str(account, ACCOUNT_NAME)))
			continue;
		for (struct session *s = u->sessions; s; s = s->next_own, told = true) {
			va_copy(ap, args);
			vsnprintf(text, sizeof(text), reply_words(s, fmt), ap);
			va_end(ap);
			services_say(s, self, "%s", text);
		}
	}
	return told;
}

/* Whoever is away finds it as a memo, where there is room for one. */
static void leave_memo(const struct service_ask *a, const struct account *account, const char *text)
{
	char memo[LINE_BODY_MAX];
	struct account_edit e;

	if (account_count(account, ACCOUNT_MEMO) >= MEMOS_MAX)
		return;
	snprintf(memo, sizeof(memo), "%s %s", self, text);
	account_edit_begin(&e, account);
	if (account_edit_add(&e, ACCOUNT_MEMO, str_of(memo), loop_clock(a->call->env->hub->loop)->real_ms))
		(void)account_edit_submit(&e, a->call->env);
}

static void inform(const struct service_ask *a, const struct account *account, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void inform(const struct service_ask *a, const struct account *account, const char *fmt, ...)
{
	unsigned language = login_language(account);
	char text[LINE_BODY_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (!tell(a, account, fmt, ap)) {
		vsnprintf(
			text, sizeof(text),
			language_words(language ? (enum language)(language - 1) : a->call->env->server->language, fmt),
			ap);
		leave_memo(a, account, text);
	}
	va_end(ap);
}

static void give(const struct service_ask *a, const struct account *account, struct str host)
{
	if (!host_set_account(a->call->env, account, host)) {
		service_tell(a, "That could not be done: try again.");
		return;
	}
	inform(a, account, "Your account has the host %s now.", account_text(account, ACCOUNT_VHOST));
	services_say(a->call->session, self, "%s has the host %s now.", account_text(account, ACCOUNT_NAME),
		     account_text(account, ACCOUNT_VHOST));
}

static void run_activate(const struct service_ask *a)
{
	const struct account *account = subject_who_asked(a);
	char host[WANTED_MAX];

	if (!account)
		return;
	snprintf(host, sizeof(host), "%s", host_wanted(wanted(account)));
	audit(a, account, host);
	give(a, account, str_of(host));
}

static void run_reject(const struct service_ask *a)
{
	const struct account *account = subject_who_asked(a);
	char reason[REASON_MAX], host[WANTED_MAX];
	struct account_edit e;
	struct buf b;

	if (!account)
		return;
	buf_init(&b, reason, sizeof(reason) - 1);
	service_join(a, 1, &b);
	reason[b.n] = '\0';
	audit(a, account, reason);
	snprintf(host, sizeof(host), "%s", host_wanted(wanted(account)));
	account_edit_begin(&e, account);
	account_edit_drop(&e, ACCOUNT_SETTING, HOST_WANTED);
	if (!account_edit_submit(&e, a->call->env)) {
		service_tell(a, "That could not be done: try again.");
		return;
	}
	inform(a, account, "You do not get the host %s%s%s", host, *reason ? ": " : ".", reason);
	service_tell(a, "Done.");
}

static void run_set(const struct service_ask *a)
{
	const struct account *account = subject(a);

	if (!account || !may_give(a, a->words[1]))
		return;
	audit(a, account, a->words[1]);
	give(a, account, str_of(a->words[1]));
}

static void run_del(const struct service_ask *a)
{
	const struct account *account = subject(a);

	if (!account)
		return;
	audit(a, account, NULL);
	if (!host_set_account(a->call->env, account, STR_NONE)) {
		service_tell(a, "That could not be done: try again.");
		return;
	}
	inform(a, account, "Your account has no host any more.");
	services_say(a->call->session, self, "%s has no host any more.", account_text(account, ACCOUNT_NAME));
}

/* Accounts may be many: they are looked at in steps. */
struct listing {
	struct stream st; /* first: streams come back as this */
	const struct network *net;
	struct cursor accounts;
	bool waiting; /* those alone who have asked */
	uint32_t shown;
};

static void show(struct listing *l, struct session *s, const struct account *account)
{
	const struct account_kept *item = wanted(account);
	const char *name = account_text(account, ACCOUNT_NAME);
	char date[32];
	struct buf b;

	if (l->waiting && item) {
		buf_init(&b, date, sizeof(date));
		buf_time(&b, item->time);
		services_say(s, self, "%s asks for %s since %.*s", name, host_wanted(item), STR_ARG(buf_view(&b)));
	} else if (!l->waiting && account_str(account, ACCOUNT_VHOST).n) {
		services_say(s, self, "%s: %s%s", name, account_text(account, ACCOUNT_VHOST),
			     host_of_account(account).n ? "" : reply_words(s, N_(" (off)")));
	} else {
		return;
	}
	l->shown++;
}

static bool step(struct stream *st, struct session *s)
{
	struct listing *l = (struct listing *)st;
	const struct vec *accounts = network_accounts(l->net);
	struct cursor_block b;

	if (!st->cut && cursor_next(&l->accounts, accounts->count, CURSOR_LINES, &b)) {
		for (uint32_t i = b.end; i-- > b.from;)
			show(l, s, accounts->items[i]);
		if (l->accounts.left)
			return false;
	}
	services_say(s, self, "That is the end of the list: %u.", l->shown);
	return true;
}

static void listing_free(struct stream *st)
{
	mem_free(st);
}

static void list(const struct service_ask *a, bool waiting)
{
	struct listing *l;

	if (!call_may(a->call, PRIV_VHOST))
		return;
	l = mem_zalloc(sizeof(*l));
	l->st.step = step;
	l->st.free = listing_free;
	l->net = a->call->env->net;
	l->accounts.left = UINT32_MAX;
	l->waiting = waiting;
	session_stream(a->call->session, &l->st);
}

static void run_waiting(const struct service_ask *a)
{
	list(a, true);
}

static void run_list(const struct service_ask *a)
{
	list(a, false);
}

static const struct service_row rows[] = {
	{"ON", 0, true, run_on, "", N_("Shows the host that your account has.")},
	{"OFF", 0, true, run_off, "", N_("Shows the host of your address again.")},
	{"REQUEST", 1, true, run_request, N_("<host>"), N_("Asks for a host. An operator looks at it.")},
	{"WAITING", 0, false, run_waiting, "", N_("Lists who has asked for which host. For operators.")},
	{"ACTIVATE", 1, false, run_activate, N_("<account>"), N_("Gives the host that was asked for. For operators.")},
	{"APPROVE", 1, false, run_activate, N_("<account>"), N_("The same.")},
	{"REJECT", 1, false, run_reject, N_("<account> [<reason>]"), N_("Does not give it. For operators.")},
	{"SET", 2, false, run_set, N_("<account> <host>"), N_("Gives an account a host. For operators.")},
	{"SETALL", 2, false, run_set, N_("<account> <host>"), N_("The same: a host is of all nicks of an account.")},
	{"DEL", 1, false, run_del, N_("<account>"), N_("Takes it away. For operators.")},
	{"DELALL", 1, false, run_del, N_("<account>"), N_("The same.")},
	{"LIST", 0, false, run_list, "", N_("Lists the hosts of accounts. For operators.")},
};

const struct service *hostserv(void)
{
	static const struct service service = {self, N_("HostServ shows another host for people with an account."),
					       rows, sizeof(rows) / sizeof(rows[0])};

	return &service;
}
