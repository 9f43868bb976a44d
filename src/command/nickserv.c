#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "account/credential.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/audit.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/forbid.h"
#include "command/login.h"
#include "command/nicks.h"
#include "command/nickserv.h"
#include "command/register.h"
#include "command/second.h"
#include "command/services.h"
#include "command/targets.h"
#include "proto/name.h"

static const char self[] = "NickServ";

enum { CERTFP_SIZE = 64, CERTS_MAX = 8, DATE_MAX = 32, REASON_MAX = 300 };

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

static void say(const struct service_ask *a, const char *text)
{
	services_say(a->call->session, self, "%s", text);
}

/* Says what became of an edit. */
static void finish(const struct service_ask *a, struct account_edit *e, const char *done)
{
	say(a, account_edit_submit(e, a->call->env) ? done : "That could not be done: try again.");
}

static void say_registered(struct session *s, const char *code, const char *account, const char *text)
{
	(void)code;
	services_say(s, self, "%s: %s", account, text);
}

/* A password with a blank in it would be cut at the blank: better none than one that nobody meant. */
bool nickserv_is_cut(const struct service_ask *a, size_t most)
{
	if (a->n <= most)
		return false;
	services_say(a->call->session, self, "Too many words: a password that is given here has no blanks. Usage: %s %s",
		     a->row->name, a->row->usage);
	return true;
}

static void run_register(const struct service_ask *a)
{
	const struct registering r = {"*", service_word(a, 1) ? service_word(a, 1) : "*", a->words[0], say_registered};

	if (nickserv_is_cut(a, 2))
		return;
	register_account(a->call, &r);
}

static void run_verify(const struct service_ask *a)
{
	if (!nickserv_verify_email(a))
		register_verify(a->call, a->words[0], a->words[1], say_registered);
}

static void say_login(const struct login *l, enum login_result result)
{
	services_say(l->session, self, "%s.", login_words(result));
}

/* "password code" of the account that the nick is of, and not an account with its password. */
static bool has_code(const struct service_ask *a, struct str nick, char joined[LINE_BODY_MAX])
{
	const struct account *account = network_account_of_nick(a->call->env->net, nick);
	struct str whole;

	snprintf(joined, LINE_BODY_MAX, "%s %s", a->words[a->n - 2], a->words[a->n - 1]);
	whole = str_of(joined);
	return second_cut(account, &whole).n;
}

static void run_identify(const struct service_ask *a)
{
	struct str nick = user_str(a->call->user, USER_NICK);
	char joined[LINE_BODY_MAX] = "";
	struct login_try t = {.mechanism = self, .account = nick, .password = str_of(a->words[0]), .answer = say_login};

	if (a->n == 2 && has_code(a, nick, joined)) {
		t.password = str_of(joined);
	} else if (a->n == 3 && has_code(a, str_of(a->words[0]), joined)) {
		t.account = str_of(a->words[0]);
		t.password = str_of(joined);
	} else if (nickserv_is_cut(a, 2)) {
		explicit_bzero(joined, sizeof(joined));
		return;
	} else if (a->n == 2) {
		t.account = str_of(a->words[0]);
		t.password = str_of(a->words[1]);
	}
	login_by_password(a->call, &t);
	explicit_bzero(joined, sizeof(joined));
}

static void run_logout(const struct service_ask *a)
{
	login_leave(a->call->env, a->call->session);
	say(a, "You are logged out.");
}

static void run_drop(const struct service_ask *a)
{
	const struct account *account = own(a);
	char code[SERVICE_CODE_SIZE + 1];

	service_drop_code(a, account_text(account, ACCOUNT_FOLDED), account->revision, code);
	if (!casemap_eq(network_casemap(a->call->env->net), str_of(a->words[0]), account_str(account, ACCOUNT_NAME))) {
		say(a, "You are not logged in to that account.");
	} else if (!service_word(a, 1) || strcmp(service_word(a, 1), code) != 0) {
		services_say(a->call->session, self, "This can not be undone. To drop the account: DROP %s %s",
			     account_text(account, ACCOUNT_NAME), code);
	} else {
		account_drop(account, a->call->env, a->call->session);
		say(a, "The account is no more.");
	}
}

/* Settings */

static void set_flag(const struct service_ask *a, uint32_t flag, const char *value)
{
	struct account_edit e;

	account_edit_begin(&e, own(a));
	if (strcasecmp(value, "on") == 0) {
		e.r.account.flags |= flag;
	} else if (strcasecmp(value, "off") == 0) {
		e.r.account.flags &= ~flag;
	} else {
		say(a, "That is on, or off.");
		return;
	}
	finish(a, &e, "Done.");
}

static void set_enforce(const struct service_ask *a, const char *value)
{
	struct account_edit e;

	account_edit_begin(&e, own(a));
	e.r.account.flags &= ~(uint32_t)(ACCOUNT_NICK_LENIENT | ACCOUNT_NICK_OPEN);
	if (strcasecmp(value, "lenient") == 0) {
		e.r.account.flags |= ACCOUNT_NICK_LENIENT;
	} else if (strcasecmp(value, "none") == 0) {
		e.r.account.flags |= ACCOUNT_NICK_OPEN;
	} else if (strcasecmp(value, "strict") != 0) {
		say(a, "That is strict, lenient or none.");
		return;
	}
	finish(a, &e, "Done.");
}

static void run_set(const struct service_ask *a)
{
	const char *what = a->words[0], *value = a->words[1];

	if (strcasecmp(what, "PASSWORD") == 0)
		nickserv_set_password(a, value);
	else if (strcasecmp(what, "EMAIL") == 0)
		nickserv_set_email(a, value);
	else if (strcasecmp(what, "ENFORCE") == 0)
		set_enforce(a, value);
	else if (strcasecmp(what, "ALWAYSON") == 0)
		set_flag(a, ACCOUNT_ALWAYS_ON, value);
	else if (strcasecmp(what, "PRIVATE") == 0)
		set_flag(a, ACCOUNT_PRIVATE, value);
	else
		services_say(a->call->session, self, "Usage: SET %s", a->row->usage);
}

/* Nicks */

static void run_group(const struct service_ask *a)
{
	const struct account *account = own(a);
	struct str nick = user_str(a->call->user, USER_NICK);
	struct account_edit e;

	if (network_account_of_nick(a->call->env->net, nick)) {
		say(a, "This nick is an account's already.");
		return;
	}
	if (account_count(account, ACCOUNT_NICK) >= a->call->env->server->accounts.nicks_max) {
		say(a, "Your account has as many nicks as it may.");
		return;
	}
	account_edit_begin(&e, account);
	if (account_edit_add(&e, ACCOUNT_NICK, nick, loop_clock(a->call->env->hub->loop)->real_ms))
		finish(a, &e, "The nick belongs to your account now.");
	else
		say(a, "Your account has as much as it may.");
}

static void run_ungroup(const struct service_ask *a)
{
	const struct account *account = own(a);
	enum casemap map = network_casemap(a->call->env->net);
	struct account_edit e;

	account_edit_begin(&e, account);
	for (uint32_t i = 0; i < account->items.count; i++) {
		const struct account_kept *item = account->items.items[i];

		if (item->kind != ACCOUNT_NICK || !casemap_eq(map, str_of(item->text), str_of(a->words[0])))
			continue;
		account_edit_drop_exact(&e, ACCOUNT_NICK, str_of(item->text));
		finish(a, &e, "The nick is free.");
		return;
	}
	say(a, "This is no nick of your account beside its name.");
}

/* The user whose nick is the caller's, and who is somebody else; NULL after saying that there is none. */
static const struct user *intruder(const struct service_ask *a)
{
	const struct command_env *env = a->call->env;
	const struct user *u = network_user_by_nick(env->net, str_of(a->words[0]));

	if (network_account_of_nick(env->net, str_of(a->words[0])) != own(a)) {
		say(a, "This nick is not yours.");
		return NULL;
	}
	if (!u || u == a->call->user)
		say(a, "Nobody else uses this nick.");
	return u == a->call->user ? NULL : u;
}

static void run_ghost(const struct service_ask *a)
{
	const struct user *u = intruder(a);
	struct record r = {.type = RECORD_USER_KILL, .flags = RECORD_OVERRIDE};

	if (!u)
		return;
	r.origin = a->call->user->id;
	r.user_kill.target = u->id;
	r.user_kill.reason = STR("The owner of the nick wants it back");
	call_submit(a->call, &r);
	say(a, "The nick is free.");
}

static void run_recover(const struct service_ask *a)
{
	const struct user *u = intruder(a);
	struct record r = call_record(a->call, RECORD_USER_NICK);

	if (!u)
		return;
	nicks_rename_guest(a->call->env, u);
	r.user_nick.nick = str_of(a->words[0]);
	call_submit(a->call, &r);
}

/* Certificates */

static bool is_certfp(const char *text)
{
	return strlen(text) == CERTFP_SIZE && strspn(text, "0123456789abcdef") == CERTFP_SIZE;
}

static void cert_add(const struct service_ask *a, const char *certfp)
{
	const struct account *account = own(a);
	struct account_edit e;

	if (!certfp || !is_certfp(certfp)) {
		say(a, "You show no certificate. Name its SHA-256 fingerprint: 64 digits 0-9 and a-f.");
		return;
	}
	if (account_count(account, ACCOUNT_CERTFP) >= CERTS_MAX ||
	    network_account_of_cert(a->call->env->net, str_of(certfp))) {
		say(a, "This certificate is an account's already, or yours has as many as it may.");
		return;
	}
	account_edit_begin(&e, account);
	if (account_edit_add(&e, ACCOUNT_CERTFP, str_of(certfp), loop_clock(a->call->env->hub->loop)->real_ms))
		finish(a, &e, "This certificate logs in to your account now (SASL EXTERNAL).");
}

static void cert_del(const struct service_ask *a, const char *certfp)
{
	struct account_edit e;

	account_edit_begin(&e, own(a));
	if (!certfp || !account_edit_drop_exact(&e, ACCOUNT_CERTFP, str_of(certfp)))
		say(a, "Your account has no such certificate.");
	else
		finish(a, &e, "This certificate logs in no more.");
}

static void list_items(const struct service_ask *a, const struct account *account, enum account_item_kind kind,
		       const char *word)
{
	for (uint32_t i = 0; i < account->items.count; i++) {
		const struct account_kept *item = account->items.items[i];

		if (item->kind == kind)
			services_say(a->call->session, self, "%s: %s", word, item->text);
	}
}

static void run_cert(const struct service_ask *a)
{
	const char *what = a->words[0], *certfp = service_word(a, 1);

	if (strcasecmp(what, "ADD") == 0)
		cert_add(a, certfp ? certfp : a->call->session->certfp);
	else if (strcasecmp(what, "DEL") == 0)
		cert_del(a, certfp);
	else
		list_items(a, own(a), ACCOUNT_CERTFP, "Certificate");
}

static void show_devices(const struct service_ask *a, const struct account *account)
{
	char date[DATE_MAX];
	struct buf b;

	for (uint32_t i = 0; i < account->items.count; i++) {
		const struct account_kept *item = account->items.items[i];

		if (item->kind != ACCOUNT_SEEN)
			continue;
		buf_init(&b, date, sizeof(date) - 1);
		buf_time(&b, item->time);
		date[b.n] = '\0';
		services_say(a->call->session, self, "Device: %s, last seen %s",
			     strcmp(item->text, "*") == 0   ? "without a name"
			     : strcmp(item->text, "?") == 0 ? "not known which"
							    : item->text,
			     date);
	}
}

static void run_info(const struct service_ask *a)
{
	const char *name = service_word(a, 0);
	struct session *s = a->call->session;
	const struct account *mine = own(a);
	const struct account *account = name ? network_account_of_nick(a->call->env->net, str_of(name)) : mine;
	bool may = account && (account == mine || user_may(a->call->user, PRIV_ACCOUNTS));
	char date[DATE_MAX];
	struct buf b;

	if (!account) {
		say(a, "There is no such account.");
		return;
	}
	buf_init(&b, date, sizeof(date) - 1);
	buf_time(&b, account->created);
	date[b.n] = '\0';
	services_say(s, self, "Account: %s", account_text(account, ACCOUNT_NAME));
	if (may || !(account->flags & ACCOUNT_PRIVATE)) {
		services_say(s, self, "Registered: %s", date);
		list_items(a, account, ACCOUNT_NICK, "Nick");
	}
	if (account->flags & ACCOUNT_SUSPENDED)
		say(a, "It is suspended.");
	if (!may)
		return;
	if (*account_text(account, ACCOUNT_EMAIL))
		services_say(s, self, "E-mail: %s", account_text(account, ACCOUNT_EMAIL));
	list_items(a, account, ACCOUNT_CERTFP, "Certificate");
	show_devices(a, account);
	services_say(s, self, "Second factor: %s", second_wanted(account) ? "yes" : "no");
	services_say(s, self, "Always on: %s", account->flags & ACCOUNT_ALWAYS_ON ? "yes" : "no");
}

/* Administration */

static void set_suspended(const struct service_ask *a, bool suspended)
{
	const struct account *account = network_account(a->call->env->net, str_of(a->words[0]));
	char reason[REASON_MAX];
	struct account_edit e;
	struct buf b;

	if (!call_may(a->call, PRIV_ACCOUNTS))
		return;
	if (!account) {
		say(a, "There is no such account.");
		return;
	}
	buf_init(&b, reason, sizeof(reason) - 1);
	service_join(a, 1, &b);
	reason[b.n] = '\0';
	oper_audit(a->call, &(struct deed){.target = account_text(account, ACCOUNT_NAME), .reason = reason});
	account_edit_begin(&e, account);
	e.r.account.flags &= ~(uint32_t)ACCOUNT_SUSPENDED;
	if (suspended)
		e.r.account.flags |= ACCOUNT_SUSPENDED;
	e.r.account.note = suspended ? str_of(reason) : STR_NONE;
	finish(a, &e, "Done.");
	if (suspended)
		account_log_out_all(a->call->env, str_of(a->words[0]));
}

static void run_suspend(const struct service_ask *a)
{
	set_suspended(a, true);
}

static void run_unsuspend(const struct service_ask *a)
{
	set_suspended(a, false);
}

static const struct service_row rows[] = {
	{"REGISTER", 1, false, run_register, "<password> [<email>]", "Makes an account of your nick."},
	{"VERIFY", 2, false, run_verify, "<account> <code>", "Proves that the e-mail address is yours."},
	{"SENDPASS", 1, false, nickserv_sendpass, "<account>",
	 "Sends the owner of an account a mail with a code for a new password."},
	{"RESETPASS", 3, false, nickserv_resetpass, "<account> <code> <new password>",
	 "Sets a new password with the code that came by mail."},
	{"IDENTIFY", 1, false, run_identify, "[<account>] <password> [<code>]", "Logs you in."},
	{"LOGIN", 1, false, run_identify, "[<account>] <password> [<code>]", "The same."},
	{"LOGOUT", 0, true, run_logout, "", "Logs you out."},
	{"DROP", 1, true, run_drop, "<account> [<code>]", "Gives your account up."},
	{"SET", 2, true, run_set,
	 "PASSWORD <new> | EMAIL <address> | ENFORCE strict|lenient|none | ALWAYSON on|off | PRIVATE on|off",
	 "Changes your account."},
	{"GROUP", 0, true, run_group, "", "Makes the nick that you have one of your account's."},
	{"UNGROUP", 1, true, run_ungroup, "<nick>", "Gives a nick of your account up."},
	{"GHOST", 1, true, run_ghost, "<nick>", "Disconnects whoever uses a nick of yours."},
	{"RECOVER", 1, true, run_recover, "<nick>", "Takes a nick of yours from whoever uses it."},
	{"CERT", 1, true, run_cert, "ADD [<fingerprint>] | DEL <fingerprint> | LIST",
	 "Which certificates log in to your account."},
	{"TOTP", 1, true, second_run_totp, "ENABLE | CONFIRM <code> | DISABLE <code> | RECOVERY <code>",
	 "A second factor: codes that a program of yours makes."},
	{"SUSPEND", 1, false, run_suspend, "<account> [<reason>]", "Lets nobody log in. For operators."},
	{"UNSUSPEND", 1, false, run_unsuspend, "<account>", "Lets its owner log in again. For operators."},
	{"FORBID", 1, false, forbid_run_nicks, "ADD <nick|address> [<duration>] [<reason>] | DEL <nick|address> | LIST",
	 "Which nicks, accounts and e-mail addresses nobody gets, with * and ?. For operators."},
	{"INFO", 0, false, run_info, "[<account>]", "Tells what is known of an account."},
};

const struct service *nickserv(void)
{
	static const struct service service = {self, "NickServ looks after accounts and their nicks.", rows,
					       sizeof(rows) / sizeof(rows[0])};

	return &service;
}
