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
#include "command/expiry.h"
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

enum { CERTFP_SIZE = 64, CERTS_MAX = 8, DATE_MAX = 32, REASON_MAX = 300, SETTING_MAX = 32 };

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* Says what became of an edit. */
static void finish(const struct service_ask *a, struct account_edit *e, const char *done)
{
	service_tell(a, account_edit_submit(e, a->call->env) ? done : N_("That could not be done: try again."));
}

static void say_registered(struct session *s, const char *code, const char *account, const char *text)
{
	(void)code;
	services_say(s, self, "%s: %s", account, reply_words(s, text));
}

/* A password with a blank in it would be cut at the blank: better none than one that nobody meant. */
bool nickserv_is_cut(const struct service_ask *a, size_t most)
{
	if (a->n <= most)
		return false;
	services_say(a->call->session, self,
		     "Too many words: a password that is given here has no blanks. Usage: %s %s", a->row->name,
		     reply_words(a->call->session, a->row->usage));
	return true;
}

static void run_register(const struct service_ask *a)
{
	const struct registering r = {"*", service_word(a, 1) ? service_word(a, 1) : "*", a->words[0], say_registered};

	if (nickserv_is_cut(a, 2))
		return;
	register_account(a->call, &r);
}

/* The password goes to nobody's log. */
static void run_saregister(const struct service_ask *a)
{
	const struct registering r = {.account = a->words[0],
				      .email = service_word(a, 2) ? service_word(a, 2) : "*",
				      .password = a->words[1],
				      .say = say_registered,
				      .for_other = true};

	if (!call_may(a->call, PRIV_ACCOUNTS) || nickserv_is_cut(a, 3))
		return;
	oper_audit(a->call, &(struct deed){.command = "NickServ SAREGISTER", .target = r.account});
	register_account(a->call, &r);
}

static void run_verify(const struct service_ask *a)
{
	if (!nickserv_verify_email(a))
		register_verify(a->call, a->words[0], a->words[1], say_registered);
}

static void say_login(const struct login *l, enum login_result result)
{
	services_say(l->session, self, "%s.", reply_words(l->session, login_words(result)));
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
	service_tell(a, "You are logged out.");
}

static void run_drop(const struct service_ask *a)
{
	const struct account *account = own(a);
	char code[SERVICE_CODE_SIZE + 1];

	service_drop_code(a, account_text(account, ACCOUNT_FOLDED), account->revision, code);
	if (!casemap_eq(network_casemap(a->call->env->net), str_of(a->words[0]), account_str(account, ACCOUNT_NAME))) {
		service_tell(a, "You are not logged in to that account.");
	} else if (!service_word(a, 1) || strcmp(service_word(a, 1), code) != 0) {
		services_say(a->call->session, self, "This can not be undone. To drop the account: DROP %s %s",
			     account_text(account, ACCOUNT_NAME), code);
	} else {
		account_drop(account, a->call->env, a->call->session);
		service_tell(a, "The account is no more.");
	}
}

/* Settings */

static void set_flag(const struct service_ask *a, uint32_t flag, const char *value)
{
	struct account_edit e;

	account_edit_begin(&e, own(a));
	if (strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0) {
		e.r.account.flags |= flag;
	} else if (strcasecmp(value, "off") == 0 || strcasecmp(value, "false") == 0) {
		e.r.account.flags &= ~flag;
	} else {
		service_tell(a, "That is on, or off.");
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
		service_tell(a, "That is strict, lenient or none.");
		return;
	}
	finish(a, &e, "Done.");
}

/* With an account it is the account's, and all of its devices follow; without one it is this connection's. */
static void set_language(const struct service_ask *a, const char *value)
{
	struct session *s = a->call->session;
	bool usual = strcasecmp(value, "default") == 0;
	char text[SETTING_MAX], codes[LINE_BODY_MAX];
	enum language language = LANGUAGE_ENGLISH;
	struct account_edit e;
	struct buf b;

	if (!usual && !language_find(str_of(value), &language)) {
		buf_init(&b, codes, sizeof(codes));
		language_list(&b);
		services_say(s, self, "That language is not spoken here. There are: %.*s", STR_ARG(buf_view(&b)));
		return;
	}
	s->language = (uint8_t)(usual || own(a) ? 0 : language + 1);
	if (!own(a)) {
		service_tell(a, "Done.");
		return;
	}
	account_edit_begin(&e, own(a));
	account_edit_drop(&e, ACCOUNT_SETTING, STR(LOGIN_LANGUAGE));
	snprintf(text, sizeof(text), LOGIN_LANGUAGE "%s", language_code(language));
	if (usual || account_edit_add(&e, ACCOUNT_SETTING, str_of(text), loop_clock(a->call->env->hub->loop)->real_ms))
		finish(a, &e, "Done.");
	else
		service_tell(a, "Your account has as much as it may.");
}

static void run_set(const struct service_ask *a)
{
	const char *what = a->words[0], *value = a->words[1];

	if (strcasecmp(what, "LANGUAGE") == 0)
		set_language(a, value);
	else if (!own(a))
		service_tell(a, "You need to be logged in to an account for that.");
	else if (strcasecmp(what, "PASSWORD") == 0)
		nickserv_set_password(a, value);
	else if (strcasecmp(what, "EMAIL") == 0)
		nickserv_set_email(a, value);
	else if (strcasecmp(what, "ENFORCE") == 0)
		set_enforce(a, value);
	else if (strcasecmp(what, "ALWAYSON") == 0 || strcasecmp(what, "ALWAYS-ON") == 0)
		set_flag(a, ACCOUNT_ALWAYS_ON, value);
	else if (strcasecmp(what, "PRIVATE") == 0)
		set_flag(a, ACCOUNT_PRIVATE, value);
	else
		service_usage(a);
}

/* Nicks */

static void run_group(const struct service_ask *a)
{
	const struct account *account = own(a);
	struct str nick = user_str(a->call->user, USER_NICK);
	struct account_edit e;

	if (network_account_of_nick(a->call->env->net, nick)) {
		service_tell(a, "This nick is an account's already.");
		return;
	}
	if (nicks_confusing(a->call->env, nick, a->call->user, account)) {
		service_tell(a, "This nick looks like one that somebody else has.");
		return;
	}
	if (account_count(account, ACCOUNT_NICK) >= a->call->env->server->accounts.nicks_max) {
		service_tell(a, "Your account has as many nicks as it may.");
		return;
	}
	account_edit_begin(&e, account);
	if (account_edit_add(&e, ACCOUNT_NICK, nick, loop_clock(a->call->env->hub->loop)->real_ms))
		finish(a, &e, "The nick belongs to your account now.");
	else
		service_tell(a, "Your account has as much as it may.");
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
	service_tell(a, "This is no nick of your account beside its name.");
}

/* The user whose nick is the caller's, and who is somebody else; NULL after saying that there is none. */
static const struct user *intruder(const struct service_ask *a)
{
	const struct command_env *env = a->call->env;
	const struct user *u = network_user_by_nick(env->net, str_of(a->words[0]));

	if (network_account_of_nick(env->net, str_of(a->words[0])) != own(a)) {
		service_tell(a, "This nick is not yours.");
		return NULL;
	}
	if (!u || u == a->call->user)
		service_tell(a, "Nobody else uses this nick.");
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
	service_tell(a, "The nick is free.");
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
		service_tell(a, "You show no certificate. Name its SHA-256 fingerprint: 64 digits 0-9 and a-f.");
		return;
	}
	if (account_count(account, ACCOUNT_CERTFP) >= CERTS_MAX ||
	    network_account_of_cert(a->call->env->net, str_of(certfp))) {
		service_tell(a, "This certificate is an account's already, or yours has as many as it may.");
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
		service_tell(a, "Your account has no such certificate.");
	else
		finish(a, &e, "This certificate logs in no more.");
}

static void list_items(const struct service_ask *a, const struct account *account, enum account_item_kind kind,
		       const char *word)
{
	for (uint32_t i = 0; i < account->items.count; i++) {
		const struct account_kept *item = account->items.items[i];

		if (item->kind == kind)
			services_say(a->call->session, self, "%s: %s", reply_words(a->call->session, word), item->text);
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
		list_items(a, own(a), ACCOUNT_CERTFP, N_("Certificate"));
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
			     strcmp(item->text, "*") == 0   ? reply_words(a->call->session, N_("without a name"))
			     : strcmp(item->text, "?") == 0 ? reply_words(a->call->session, N_("not known which"))
							    : item->text,
			     date);
	}
}

static struct str date_of(int64_t ms, char dst[DATE_MAX])
{
	struct buf b;

	buf_init(&b, dst, DATE_MAX);
	buf_time(&b, ms);
	return buf_view(&b);
}

static void say_use(const struct service_ask *a, const struct account *account)
{
	int64_t seen = expiry_seen(account), until = expiry_of_account(a->call->env->server, account);
	char date[DATE_MAX];

	if (seen)
		services_say(a->call->session, self, "Last seen: %.*s", STR_ARG(date_of(seen, date)));
	if (until)
		services_say(a->call->session, self, "Expires, if nobody uses it: %.*s", STR_ARG(date_of(until, date)));
	if (account->flags & ACCOUNT_NO_EXPIRY)
		service_tell(a, "It does not expire.");
}

static void run_info(const struct service_ask *a)
{
	const char *name = service_word(a, 0);
	struct session *s = a->call->session;
	const struct account *mine = own(a);
	const struct account *account = name ? network_account_of_nick(a->call->env->net, str_of(name)) : mine;
	unsigned language = login_language(account);
	bool may = account && (account == mine || user_may(a->call->user, PRIV_ACCOUNTS));
	char date[DATE_MAX];
	struct buf b;

	if (!account) {
		service_tell(a, "There is no such account.");
		return;
	}
	buf_init(&b, date, sizeof(date) - 1);
	buf_time(&b, account->created);
	date[b.n] = '\0';
	services_say(s, self, "Account: %s", account_text(account, ACCOUNT_NAME));
	if (may || !(account->flags & ACCOUNT_PRIVATE)) {
		services_say(s, self, "Registered: %s", date);
		list_items(a, account, ACCOUNT_NICK, N_("Nick"));
	}
	if (account->flags & ACCOUNT_SUSPENDED)
		service_tell(a, "It is suspended.");
	if (!may)
		return;
	if (*account_text(account, ACCOUNT_EMAIL))
		services_say(s, self, "E-mail: %s", account_text(account, ACCOUNT_EMAIL));
	list_items(a, account, ACCOUNT_CERTFP, N_("Certificate"));
	say_use(a, account);
	show_devices(a, account);
	services_say(s, self, "Second factor: %s", reply_words(s, second_wanted(account) ? N_("yes") : N_("no")));
	if (language)
		services_say(s, self, "Language: %s", language_code((enum language)(language - 1)));
	services_say(s, self, "Always on: %s",
		     reply_words(s, account->flags & ACCOUNT_ALWAYS_ON ? N_("yes") : N_("no")));
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
		service_tell(a, "There is no such account.");
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
	{"REGISTER", 1, false, run_register, N_("<password> [<email>]"), N_("Makes an account of your nick.")},
	{"VERIFY", 2, false, run_verify, N_("<account> <code>"), N_("Proves that the e-mail address is yours.")},
	{"SENDPASS", 1, false, nickserv_sendpass, N_("<account>"),
	 N_("Sends the owner of an account a mail with a code for a new password.")},
	{"RESETPASS", 3, false, nickserv_resetpass, N_("<account> <code> <new password>"),
	 N_("Sets a new password with the code that came by mail.")},
	{"IDENTIFY", 1, false, run_identify, N_("[<account>] <password> [<code>]"), N_("Logs you in.")},
	{"LOGIN", 1, false, run_identify, N_("[<account>] <password> [<code>]"), N_("The same.")},
	{"LOGOUT", 0, true, run_logout, "", N_("Logs you out.")},
	{"DROP", 1, true, run_drop, N_("<account> [<code>]"), N_("Gives your account up.")},
	{"SET", 2, false, run_set,
	 N_("PASSWORD <new> | EMAIL <address> | ENFORCE strict|lenient|none | ALWAYSON on|off | PRIVATE on|off | "
	    "LANGUAGE <code>|default"),
	 N_("Changes your account.")},
	{"GROUP", 0, true, run_group, "", N_("Makes the nick that you have one of your account's.")},
	{"UNGROUP", 1, true, run_ungroup, N_("<nick>"), N_("Gives a nick of your account up.")},
	{"GHOST", 1, true, run_ghost, N_("<nick>"), N_("Disconnects whoever uses a nick of yours.")},
	{"RECOVER", 1, true, run_recover, N_("<nick>"), N_("Takes a nick of yours from whoever uses it.")},
	{"CERT", 1, true, run_cert, N_("ADD [<fingerprint>] | DEL <fingerprint> | LIST"),
	 N_("Which certificates log in to your account.")},
	{"TOTP", 1, true, second_run_totp, N_("ENABLE | CONFIRM <code> | DISABLE <code> | RECOVERY <code>"),
	 N_("A second factor: codes that a program of yours makes.")},
	{"SUSPEND", 1, false, run_suspend, N_("<account> [<reason>]"), N_("Lets nobody log in. For operators.")},
	{"UNSUSPEND", 1, false, run_unsuspend, N_("<account>"), N_("Lets its owner log in again. For operators.")},
	{"SAREGISTER", 2, false, run_saregister, N_("<account> <password> [<email>]"),
	 N_("Makes an account for somebody. For operators.")},
	{"NOEXPIRE", 2, false, expiry_run_account, N_("<account> on|off"),
	 N_("Keeps an account and its nicks, however long nobody uses them. For operators.")},
	{"FORBID", 1, false, forbid_run_nicks,
	 N_("ADD <nick|address> [<duration>] [<reason>] | DEL <nick|address> | LIST"),
	 N_("Which nicks, accounts and e-mail addresses nobody gets, with * and ?. For operators.")},
	{"DATA", 0, true, nickserv_data, "", N_("Tells all that is known of you, in words.")},
	{"FORGETME", 0, true, nickserv_forgetme, N_("[<code>]"),
	 N_("Gives your account up, and deletes all that is known of you. It asks once more.")},
	{"INFO", 0, false, run_info, N_("[<account>]"), N_("Tells what is known of an account.")},
};

const struct service *nickserv(void)
{
	static const struct service service = {self, N_("NickServ looks after accounts and their nicks."), rows,
					       sizeof(rows) / sizeof(rows[0])};

	return &service;
}
