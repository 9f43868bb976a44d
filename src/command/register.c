#include "command/register.h"

#include <stdio.h>
#include <string.h>

#include "account/credential.h"
#include "account/logins.h"
#include "account/mail.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/codes.h"
#include "command/courier.h"
#include "command/emergency.h"
#include "command/errand.h"
#include "command/families.h"
#include "command/login.h"
#include "command/nicks.h"
#include "command/secret.h"
#include "command/services.h"
#include "command/targets.h"
#include "network/ban.h"
#include "proto/name.h"
#include "proto/utf8.h"
#include "session/password.h"

/* Whatever is longer fits no message to a service. */
enum { PASSWORD_MAX = 300 };

const char *register_check_password(const struct call *call, const char *account, const char *password,
				    const char **why)
{
	/* The rows of the commands say how many parameters there are: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	size_t n = strlen(password);

	if (n > PASSWORD_MAX || !utf8_valid(str_of(password))) {
		*why = N_("The password is too long");
		return "UNACCEPTABLE_PASSWORD";
	}
	if (n < call->env->server->accounts.password_min) {
		*why = N_("The password is too short");
		return "WEAK_PASSWORD";
	}
	if (casemap_eq(network_casemap(call->env->net), str_of(account), str_of(password))) {
		*why = N_("The password is the name of the account");
		return "WEAK_PASSWORD";
	}
	return NULL;
}

/* Early registration gets around no password of the server. */
static bool too_early(const struct call *call)
{
	const char *wanted = call->env->server->password, *given;

	if (call->user)
		return false;
	given = call->session->reg->password;
	if (!call->env->server->accounts.before_connect || (wanted && !given))
		return true;
	if (!wanted)
		return false;
	return password_is_hashed(wanted) ? !password_remembered(call->env->password, wanted, given)
					  : !secret_equal(wanted, given);
}

/* The nick that is meant by "*"; NULL: none yet. */
static const char *nick_of(const struct call *call)
{
	return call->user ? user_nick(call->user) : call->session->reg->nick;
}

static const char *check_name(const struct call *call, const char *account, const char **why)
{
	const struct user *holder = network_user_by_nick(call->env->net, str_of(account));

	if (!name_nick_valid(call->env->server->casemap, str_of(account), call->env->server->nick_max) || services_is_name(str_of(account))) {
		*why = N_("An account needs a name that is a nick");
		return "BAD_ACCOUNT_NAME";
	}
	if (network_forbidden(call->env->net, BAN_NICK, str_of(account))) {
		*why = N_("This name is forbidden");
		return "BAD_ACCOUNT_NAME";
	}
	if (network_account_of_nick(call->env->net, str_of(account))) {
		*why = N_("Somebody has this account already");
		return "ACCOUNT_EXISTS";
	}
	if (holder && holder != call->user) {
		*why = N_("Somebody else uses this nick");
		return "BAD_ACCOUNT_NAME";
	}
	if (nicks_confusing(call->env, str_of(account), call->user, NULL)) {
		*why = N_("This name looks like one that somebody has");
		return "BAD_ACCOUNT_NAME";
	}
	return NULL;
}

bool register_verifies(const struct command_env *env, const char *email)
{
	return *email && strcmp(email, "*") != 0 && env->server->accounts.email_verify && courier_able(env);
}

static const char *check_email(const struct call *call, const char *email, const char **why)
{
	/* The rows of the commands say how many parameters there are: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (strcmp(email, "*") == 0 ? call->env->server->accounts.email_required : !mail_address_valid(email)) {
		*why = N_("A valid e-mail address is needed");
		return "INVALID_EMAIL";
	}
	if (network_forbidden(call->env->net, BAN_EMAIL, str_of(email))) {
		*why = N_("This e-mail address is not accepted");
		return "INVALID_EMAIL";
	}
	if (register_verifies(call->env, email) && !courier_may(call->env, call->session)) {
		*why = N_("Too many mails were sent for your address, try again later");
		return "TEMPORARILY_UNAVAILABLE";
	}
	return NULL;
}

/* What an account has to be, whoever makes it. */
static const char *check_account(const struct call *call, const struct registering *r, const char **why)
{
	const char *code = check_name(call, r->account, why);

	if (!code)
		code = check_email(call, r->email, why);
	return code ? code : register_check_password(call, r->account, r->password, why);
}

/* The first thing that stands in the way; NULL: nothing. */
static const char *check(const struct call *call, const struct registering *r, const char **why)
{
	if (!call->env->server->accounts.registration) {
		*why = N_("Accounts are not made here by everybody");
		return "TEMPORARILY_UNAVAILABLE";
	}
	if (too_early(call)) {
		*why = N_("Finish connecting first");
		return "COMPLETE_CONNECTION_REQUIRED";
	}
	if (!nick_of(call)) {
		*why = N_("Choose a nick first");
		return "NEED_NICK";
	}
	if (login_account(call->env, call->session)) {
		*why = N_("You are logged in to an account already");
		return "ALREADY_AUTHENTICATED";
	}
	if (!login_place_may(call->env, LOGINS_REGISTER, call->session)) {
		*why = N_("Too many accounts were made from your address, try again later");
		return "TEMPORARILY_UNAVAILABLE";
	}
	if (emergency_has(call->env, EMERGENCY_NO_REGISTRATION)) {
		*why = N_("No accounts are made at the moment");
		return "TEMPORARILY_UNAVAILABLE";
	}
	return check_account(call, r, why);
}

/* On the worker */

struct making {
	struct errand errand;
	struct credential credential;
	uint32_t iterations;
	bool made, for_other;
	register_say_fn say;
	char *account, *email, *password;
	char code[CODE_SIZE + 1]; /* that goes to the address; "": none does */
	int64_t until;
};

static void work(struct errand *e)
{
	struct making *m = (struct making *)e;

	m->made = credential_make(&m->credential, str_of(m->password), m->iterations);
}

static bool store(const struct making *m, const struct session *s)
{
	const struct command_env *env = m->errand.env;
	char credentials[CREDENTIAL_TEXT_MAX];
	const struct code_wanted code = {CODE_VERIFY, m->code, "", m->until};
	char memory[CODE_ITEM_MAX];
	struct account_edit edit;
	struct buf b;
	bool stored;

	buf_init(&b, credentials, sizeof(credentials));
	credential_write(&b, &m->credential);
	account_edit_new(&edit, str_of(m->account), loop_clock(env->hub->loop)->real_ms);
	edit.r.account.credentials = buf_view(&b);
	edit.r.account.email = str_of(m->email);
	if (env->server->accounts.always_on)
		edit.r.account.flags |= ACCOUNT_ALWAYS_ON;
	if (m->code[0]) {
		edit.r.account.flags |= ACCOUNT_UNVERIFIED;
		(void)code_put(&edit, &code, memory);
	}
	stored = account_edit_submit(&edit, env);
	explicit_bzero(credentials, sizeof(credentials));
	if (stored)
		log_event(EVENT_ACCOUNT_REGISTERED,
			  LOG_FIELDS({"CHATD_NICK", session_nick(s)}, {"CHATD_ACCOUNT", m->account},
				     {"CHATD_PEER", s->address}),
			  "account %s was registered from %s", m->account, s->address);
	return stored;
}

/* The account waits for the code that goes out now. */
static void await_code(const struct making *m, struct session *s, const struct account *a)
{
	const struct command_env *env = m->errand.env;
	const struct letter l = {a, m->email, CODE_VERIFY, m->code, m->until, s->id};
	char text[LINE_BODY_MAX];

	courier_watch(env, m->until);
	if (!courier_send(env, s, &l)) {
		account_drop(a, env, NULL);
		m->say(s, "TEMPORARILY_UNAVAILABLE", m->account, "No mail can be sent there now, try again later");
		return;
	}
	snprintf(text, sizeof(text),
		 reply_words(s, N_("Account created; a code to confirm it with VERIFY is on its way to %s")), m->email);
	m->say(s, "VERIFICATION_REQUIRED", m->account, text);
}

static void done(struct errand *e, struct session *s)
{
	struct making *m = (struct making *)e;
	const struct login l = {e->env, s, "REGISTER", true};
	const struct account *a;

	if (network_account_of_nick(e->env->net, str_of(m->account))) {
		m->say(s, "ACCOUNT_EXISTS", m->account, "Somebody has this account already");
		return;
	}
	if (nicks_confusing(e->env, str_of(m->account), s->user, NULL)) {
		m->say(s, "BAD_ACCOUNT_NAME", m->account, N_("This name looks like one that somebody has"));
		return;
	}
	if (register_verifies(e->env, m->email)) {
		code_make(m->code);
		m->until = loop_clock(e->env->hub->loop)->real_ms + e->env->server->mail.verify_ms;
	}
	a = m->made && store(m, s) ? network_account(e->env->net, str_of(m->account)) : NULL;
	if (!a) {
		m->say(s, "TEMPORARILY_UNAVAILABLE", m->account, "The account could not be made, try again later");
		return;
	}
	if (m->code[0]) {
		await_code(m, s, a);
		return;
	}
	m->say(s, NULL, m->account, "Account successfully registered");
	if (!m->for_other)
		login_enter(&l, a);
}

static void making_free(struct errand *e)
{
	struct making *m = (struct making *)e;

	explicit_bzero(m->password, strlen(m->password));
	explicit_bzero(&m->credential, sizeof(m->credential));
	explicit_bzero(m->code, sizeof(m->code));
	mem_free(m->password);
	mem_free(m->account);
	mem_free(m->email);
	mem_free(m);
}

void register_account(const struct call *call, const struct registering *wanted)
{
	struct registering r = *wanted;
	const char *why = NULL, *code, *nick = nick_of(call);
	struct making *m;

	/* The rows of the commands say how many parameters there are: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (strcmp(r.account, "*") == 0 && nick)
		r.account = nick;
	code = r.for_other ? check_account(call, &r, &why) : check(call, &r, &why);
	if (code) {
		r.say(call->session, code, target_shown(r.account), why);
		return;
	}
	if (!r.for_other)
		login_place_count(call->env, LOGINS_REGISTER, call->session);
	m = mem_zalloc(sizeof(*m));
	m->errand.work = work;
	m->errand.done = done;
	m->errand.free = making_free;
	m->iterations = call->env->server->accounts.iterations;
	m->say = r.say;
	m->for_other = r.for_other;
	m->account = mem_strdup(r.account);
	m->email = mem_strdup(strcmp(r.email, "*") == 0 ? "" : r.email);
	m->password = mem_strdup(r.password);
	errand_run(call, &m->errand);
}

void register_verify(const struct call *call, const char *account, const char *code, register_say_fn say)
{
	const struct login l = {call->env, call->session, "VERIFY", true};
	const struct account *a = network_account(call->env->net, str_of(account));
	struct account_edit edit;

	if (login_account(call->env, call->session)) {
		say(call->session, "ALREADY_AUTHENTICATED", target_shown(account),
		    "You are logged in to an account already");
		return;
	}
	if (!login_may_try(&l, str_of(account))) {
		say(call->session, "TEMPORARILY_UNAVAILABLE", target_shown(account), login_words(LOGIN_WAIT));
		return;
	}
	if (!a || !(a->flags & ACCOUNT_UNVERIFIED) ||
	    !code_find(a, CODE_VERIFY, code, loop_clock(call->env->hub->loop)->real_ms)) {
		login_refuse(&l, a, LOGIN_WRONG);
		say(call->session, "INVALID_CODE", target_shown(account),
		    "This code is not, or no more, the right one");
		return;
	}
	account_edit_begin(&edit, a);
	edit.r.account.flags &= ~(uint32_t)ACCOUNT_UNVERIFIED;
	code_drop(&edit, CODE_VERIFY);
	if (!account_edit_submit(&edit, call->env)) {
		say(call->session, "TEMPORARILY_UNAVAILABLE", target_shown(account), "Try again later");
		return;
	}
	a = network_account(call->env->net, str_of(account));
	say(call->session, NULL, account_text(a, ACCOUNT_NAME), "Account successfully registered");
	login_enter(&l, a);
}

/* The commands */

static void say_as(struct session *s, const char *command, const char *said[3])
{
	const char *code = said[0], *account = said[1], *text = said[2];

	if (!code || strcmp(code, "VERIFICATION_REQUIRED") == 0)
		reply_server(s, "%s %s %s :%s", command, code ? code : "SUCCESS", account, reply_words(s, text));
	else
		reply_fail(s, command, code, strcmp(code, "NEED_NICK") == 0 ? "*" : account, text);
}

static void say_register(struct session *s, const char *code, const char *account, const char *text)
{
	say_as(s, "REGISTER", (const char *[]){code, account, text});
}

static void say_verify(struct session *s, const char *code, const char *account, const char *text)
{
	say_as(s, "VERIFY", (const char *[]){code, account, text});
}

static void run_register(struct call *call)
{
	const struct registering r = {call_param(call, 0), call_param(call, 1), call_param(call, 2), say_register};

	register_account(call, &r);
}

static void run_verify(struct call *call)
{
	if (!call->user && !call->env->server->accounts.before_connect)
		say_verify(call->session, "COMPLETE_CONNECTION_REQUIRED", "*", "Finish connecting first");
	else
		register_verify(call, call_param(call, 0), call_param(call, 1), say_verify);
}

static const struct command rows[] = {
	{"REGISTER", ROLE_ANY, 3, 20, -1, run_register},
	{"VERIFY", ROLE_ANY, 2, 20, -1, run_verify},
};

const struct command *command_family_account(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
