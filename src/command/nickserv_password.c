#include "command/nickserv.h"

#include <string.h>

#include "account/credential.h"
#include "account/mail.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/codes.h"
#include "command/command.h"
#include "command/courier.h"
#include "command/errand.h"
#include "command/login.h"
#include "command/register.h"
#include "command/services.h"
#include "network/ban.h"

/* Passwords and addresses of e-mail, and what proves that an address is somebody's. */

static const char self[] = "NickServ", again[] = N_("That could not be done: try again.");

static int64_t real_ms(const struct command_env *env)
{
	return loop_clock(env->hub->loop)->real_ms;
}

static void say_login(const struct service_ask *a, enum login_result result)
{
	services_say(a->call->session, self, "%s.", reply_words(a->call->session, login_words(result)));
}

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* A new password */

struct changing {
	struct errand errand;
	struct credential credential;
	uint32_t iterations;
	bool made;
	char *account, *password;
	int64_t created;          /* of the account: another of its name is not this one */
	char code[CODE_SIZE + 1]; /* that it is set with; "": by its owner, who is logged in */
};

static void change_work(struct errand *e)
{
	struct changing *c = (struct changing *)e;

	c->made = credential_make(&c->credential, str_of(c->password), c->iterations);
}

/* Who asked may still do so: the code may have been used meanwhile, and the owner logged out. */
static const struct account *still_may(const struct changing *c, const struct session *s)
{
	const struct command_env *env = c->errand.env;
	const struct account *a = network_account(env->net, str_of(c->account));

	if (!a || a->created != c->created)
		return NULL;
	if (c->code[0])
		return code_find(a, CODE_RESET, c->code, real_ms(env)) ? a : NULL;
	return login_account(env, s) == a ? a : NULL;
}

static bool set_it(const struct changing *c, const struct account *a)
{
	char text[CREDENTIAL_TEXT_MAX];
	struct account_edit edit;
	struct buf b;
	bool done;

	buf_init(&b, text, sizeof(text));
	credential_write(&b, &c->credential);
	account_edit_begin(&edit, a);
	edit.r.account.credentials = buf_view(&b);
	code_drop(&edit, CODE_RESET);
	done = account_edit_submit(&edit, c->errand.env);
	explicit_bzero(text, sizeof(text));
	return done;
}

static void change_done(struct errand *e, struct session *s)
{
	const struct changing *c = (const struct changing *)e;
	const struct account *a = c->made ? still_may(c, s) : NULL;
	bool done = a && set_it(c, a);

	if (done && c->code[0])
		log_event(EVENT_PASSWORD_RESET, LOG_FIELDS({"CHATD_ACCOUNT", c->account}, {"CHATD_PEER", s->address}),
			  "the password of account %s was set anew from %s, with a code that came by mail", c->account,
			  s->address);
	services_tell(s, self, done ? N_("The password is changed.") : again);
}

static void change_free(struct errand *e)
{
	struct changing *c = (struct changing *)e;

	explicit_bzero(c->password, strlen(c->password));
	explicit_bzero(&c->credential, sizeof(c->credential));
	explicit_bzero(c->code, sizeof(c->code));
	mem_free(c->password);
	mem_free(c->account);
	mem_free(c);
}

static void change(const struct call *call, const struct account *account, const char *password, const char *code)
{
	struct changing *c = mem_zalloc(sizeof(*c));

	c->errand.work = change_work;
	c->errand.done = change_done;
	c->errand.free = change_free;
	c->iterations = call->env->server->accounts.iterations;
	c->account = mem_strdup(account_text(account, ACCOUNT_NAME));
	c->created = account->created;
	c->password = mem_strdup(password);
	(void)strlcpy(c->code, code, sizeof(c->code));
	errand_run(call, &c->errand);
}

void nickserv_set_password(const struct service_ask *a, const char *password)
{
	const char *why;

	if (nickserv_is_cut(a, 2))
		return;
	if (register_check_password(a->call, account_text(own(a), ACCOUNT_NAME), password, &why))
		service_tell(a, why);
	else
		change(a->call, own(a), password, "");
}

/* The address */

static void take_email(const struct service_ask *a, const char *address)
{
	struct account_edit e;

	account_edit_begin(&e, own(a));
	e.r.account.email = str_of(address);
	code_drop(&e, CODE_EMAIL);
	/* Whoever had the old address has no code any more. */
	code_drop(&e, CODE_RESET);
	service_tell(a, account_edit_submit(&e, a->call->env) ? N_("Done.") : again);
}

/* The old one stays until the new one is proved. */
static void await_email(const struct service_ask *a, const char *address)
{
	const struct command_env *env = a->call->env;
	char code[CODE_SIZE + 1], memory[CODE_ITEM_MAX], *name = mem_strdup(account_text(own(a), ACCOUNT_NAME));
	struct code_wanted wanted = {CODE_EMAIL, code, address, real_ms(env) + env->server->mail.verify_ms};
	struct letter l = {NULL, address, CODE_EMAIL, code, wanted.until, a->call->session->id};
	struct account_edit e;

	code_make(code);
	account_edit_begin(&e, own(a));
	if (!code_put(&e, &wanted, memory) || !account_edit_submit(&e, env)) {
		service_tell(a, again);
	} else {
		l.account = network_account(env->net, str_of(name));
		if (courier_send(env, a->call->session, &l))
			services_say(a->call->session, self, "A code is on its way to %s. Then: VERIFY %s <code>",
				     address, name);
		else
			service_tell(a, "No mail can be sent there now, try again later.");
	}
	explicit_bzero(code, sizeof(code));
	mem_free(name);
}

void nickserv_set_email(const struct service_ask *a, const char *address)
{
	if (!mail_address_valid(address))
		service_tell(a, "That is no e-mail address.");
	else if (network_forbidden(a->call->env->net, BAN_EMAIL, str_of(address)))
		service_tell(a, "This e-mail address is not accepted.");
	else if (register_verifies(a->call->env, address))
		await_email(a, address);
	else
		take_email(a, address);
}

bool nickserv_verify_email(const struct service_ask *a)
{
	const struct account *account = own(a);
	const struct login l = {a->call->env, a->call->session, self, false};
	const char *address;
	char *copy;

	if (!account || network_account(a->call->env->net, str_of(a->words[0])) != account)
		return false;
	if (!login_may_try(&l, account_str(account, ACCOUNT_NAME))) {
		say_login(a, LOGIN_WAIT);
		return true;
	}
	address = code_find(account, CODE_EMAIL, a->words[1], real_ms(a->call->env));
	if (!address) {
		login_refuse(&l, account, LOGIN_WRONG);
		service_tell(a, "This code is not, or no more, the right one.");
		return true;
	}
	copy = mem_strdup(address);
	take_email(a, copy);
	mem_free(copy);
	return true;
}

/* A password that was forgotten */

static bool resets(const struct service_ask *a)
{
	if (a->call->env->server->accounts.password_reset && courier_able(a->call->env))
		return true;
	service_tell(a, "Passwords are not set anew by mail here.");
	return false;
}

/* Whoever asks learns nothing of what comes of it. */
static void send_reset(const struct service_ask *a, const struct account *account)
{
	const struct command_env *env = a->call->env;
	char code[CODE_SIZE + 1], memory[CODE_ITEM_MAX], *name = mem_strdup(account_text(account, ACCOUNT_NAME));
	const struct code_wanted wanted = {CODE_RESET, code, "", real_ms(env) + env->server->mail.reset_ms};
	struct letter l = {NULL, NULL, CODE_RESET, code, wanted.until, 0};
	struct account_edit e;

	code_make(code);
	account_edit_begin(&e, account);
	if (code_put(&e, &wanted, memory) && account_edit_submit(&e, env)) {
		l.account = network_account(env->net, str_of(name));
		l.to = account_text(l.account, ACCOUNT_EMAIL);
		(void)courier_send(env, a->call->session, &l);
	}
	explicit_bzero(code, sizeof(code));
	mem_free(name);
}

void nickserv_sendpass(const struct service_ask *a)
{
	const struct command_env *env = a->call->env;
	const struct account *account = network_account(env->net, str_of(a->words[0]));

	if (!resets(a))
		return;
	if (!courier_may(env, a->call->session)) {
		service_tell(a, "Too many mails were sent for your address, try again later.");
		return;
	}
	if (account && *account_text(account, ACCOUNT_EMAIL) && login_gate(account, true) == LOGIN_OK)
		send_reset(a, account);
	else
		courier_count(env, a->call->session);
	service_tell(a, "If there is such an account, and it has an e-mail address, a code is on its way there.");
}

void nickserv_resetpass(const struct service_ask *a)
{
	const struct command_env *env = a->call->env;
	const struct login l = {env, a->call->session, self, true};
	const struct account *account = network_account(env->net, str_of(a->words[0]));
	const char *why;

	if (!resets(a) || nickserv_is_cut(a, 3))
		return;
	if (!login_may_try(&l, str_of(a->words[0]))) {
		say_login(a, LOGIN_WAIT);
	} else if (register_check_password(a->call, a->words[0], a->words[2], &why)) {
		service_tell(a, why);
	} else if (!account || !code_find(account, CODE_RESET, a->words[1], real_ms(env))) {
		login_refuse(&l, account, LOGIN_WRONG);
		service_tell(a, "This code is not, or no more, the right one.");
	} else if (login_gate(account, true) != LOGIN_OK) {
		say_login(a, login_gate(account, true));
	} else {
		change(a->call, account, a->words[2], a->words[1]);
	}
}
