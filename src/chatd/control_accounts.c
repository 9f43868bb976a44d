#include "chatd/control_accounts.h"

#include <stdio.h>
#include <string.h>

#include "account/credential.h"
#include "chatd/control_private.h"
#include "command/account_edit.h"
#include "command/codes.h"
#include "command/command.h"
#include "command/expiry.h"
#include "command/known.h"
#include "command/nicks.h"
#include "command/services.h"
#include "network/access.h"
#include "proto/name.h"

enum { LINES_AT_ONCE = 64 };

static const struct command_env *env_of(struct control_conn *c)
{
	return engine_env(control_of(c)->host.engine);
}

static void list_items(struct json *j, const struct account *a, enum account_item_kind kind, const char *name)
{
	json_list_begin(j, name);
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == kind)
			json_item(j, str_of(item->text));
	}
	json_list_end(j);
}

/* All but what is secret. */
static void show(struct control_conn *c, const struct account *a)
{
	struct json *j = &c->json;

	json_begin(j);
	json_str(j, "account", account_str(a, ACCOUNT_NAME));
	json_time(j, "created", a->created);
	if (expiry_seen(a))
		json_time(j, "last_seen", expiry_seen(a));
	if (expiry_of_account(env_of(c)->server, a))
		json_time(j, "expires", expiry_of_account(env_of(c)->server, a));
	json_bool(j, "no_expiry", a->flags & ACCOUNT_NO_EXPIRY);
	json_bool(j, "verified", !(a->flags & ACCOUNT_UNVERIFIED));
	json_bool(j, "totp", account_count(a, ACCOUNT_TOTP));
	json_bool(j, "suspended", a->flags & ACCOUNT_SUSPENDED);
	json_bool(j, "locked", a->flags & ACCOUNT_LOCKED);
	json_bool(j, "always_on", a->flags & ACCOUNT_ALWAYS_ON);
	json_str(j, "email", account_str(a, ACCOUNT_EMAIL));
	json_str(j, "vhost", account_str(a, ACCOUNT_VHOST));
	json_str(j, "note", account_str(a, ACCOUNT_NOTE));
	list_items(j, a, ACCOUNT_NICK, "nicks");
	list_items(j, a, ACCOUNT_CERTFP, "certificates");
	list_items(j, a, ACCOUNT_CHANNEL, "channels");
	json_end(j);
}

/* From the last to the first: one that goes meanwhile is replaced by the last, which has been shown. */
static bool step(struct control_conn *c)
{
	const struct vec *accounts = network_accounts(env_of(c)->net);

	if (c->accounts > accounts->count)
		c->accounts = accounts->count;
	for (int i = 0; i < LINES_AT_ONCE && c->accounts; i++)
		show(c, accounts->items[--c->accounts]);
	if (c->accounts)
		return false;
	control_ok(c);
	return true;
}

static void finish(struct control_conn *c, struct account_edit *e)
{
	if (account_edit_submit(e, env_of(c)))
		control_ok(c);
	else
		control_fail(c, "refused", "the account was changed meanwhile");
}

static void create(struct control_conn *c, const char *name, const char *credentials)
{
	const struct command_env *env = env_of(c);
	struct account_edit e;

	if (!name_nick_valid(env->server->casemap, str_of(name), env->server->nick_max) || services_is_name(str_of(name))) {
		control_fail(c, "bad_request", "an account needs a name that is a nick");
	} else if (network_account_of_nick(env->net, str_of(name))) {
		control_fail(c, "refused", "there is such an account, or it is a nick of one");
	} else if (nicks_confusing(env, str_of(name), network_user_by_nick(env->net, str_of(name)), NULL)) {
		control_fail(c, "refused", "it looks like a name that somebody has");
	} else {
		account_edit_new(&e, str_of(name), loop_clock(env->hub->loop)->real_ms);
		e.r.account.credentials = str_of(credentials);
		finish(c, &e);
	}
}

static void set_credentials(struct control_conn *c, const struct account *a, const char *credentials)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	e.r.account.credentials = str_of(credentials);
	finish(c, &e);
}

static void set_suspended(struct control_conn *c, const struct account *a, const char *reason)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	e.r.account.flags &= ~(uint32_t)ACCOUNT_SUSPENDED;
	if (reason)
		e.r.account.flags |= ACCOUNT_SUSPENDED;
	e.r.account.note = str_of(reason);
	if (reason)
		account_log_out_all(env_of(c), e.r.account.name);
	finish(c, &e);
}

/* Somebody has lost the device, and the codes for that. */
static void drop_second(struct control_conn *c, const struct account *a)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	account_edit_drop(&e, ACCOUNT_TOTP, STR_NONE);
	account_edit_drop(&e, ACCOUNT_RECOVERY, STR_NONE);
	finish(c, &e);
}

/* Whose mail does not arrive. */
static void verify(struct control_conn *c, const struct account *a)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	e.r.account.flags &= ~(uint32_t)ACCOUNT_UNVERIFIED;
	code_drop(&e, CODE_VERIFY);
	finish(c, &e);
}

static void set_locked(struct control_conn *c, const struct account *a, bool locked)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	e.r.account.flags &= ~(uint32_t)ACCOUNT_LOCKED;
	if (locked)
		e.r.account.flags |= ACCOUNT_LOCKED;
	finish(c, &e);
}

static void export_on(void *ctx)
{
	struct control_conn *c = ctx;
	struct loop *loop = control_of(c)->loop;

	c->waits = false;
	side_conn_touch(&c->base);
	loop_timer_set(loop, &c->again, loop_clock(loop)->mono_ms);
}

static bool step_export(struct control_conn *c)
{
	enum known_result result = known_next(c->known, &c->json);

	if (result == KNOWN_LINE)
		return false;
	c->waits = result == KNOWN_WAITS;
	if (c->waits)
		return false;
	known_free(c->known);
	c->known = NULL;
	if (result == KNOWN_END)
		control_ok(c);
	else if (result == KNOWN_GONE)
		control_fail(c, "no_such_account", "there is no such account any more");
	else
		control_fail(c, "failed", "what was said cannot be read");
	return true;
}

static void export(struct control_conn *c, const struct account *a)
{
	c->known = known_new(env_of(c), a, export_on, c);
	c->step = step_export;
}

static void run_known(struct control_conn *c, const char *what, const struct account *a, const char *rest)
{
	struct credential credential;

	if (strcmp(what, "show") == 0) {
		show(c, a);
		control_ok(c);
		return;
	}
	control_log(c, &(struct control_deed){.command = what, .target = account_text(a, ACCOUNT_NAME)});
	if (strcmp(what, "suspend") == 0) {
		set_suspended(c, a, rest);
	} else if (strcmp(what, "unsuspend") == 0) {
		set_suspended(c, a, NULL);
	} else if (strcmp(what, "credentials") == 0 && credential_parse(&credential, str_of(rest))) {
		set_credentials(c, a, rest);
	} else if (strcmp(what, "totp-off") == 0) {
		drop_second(c, a);
	} else if (strcmp(what, "verify") == 0) {
		verify(c, a);
	} else if (strcmp(what, "lock") == 0 && control_switch(rest)) {
		set_locked(c, a, strcmp(rest, "on") == 0);
	} else if (strcmp(what, "noexpire") == 0 && control_switch(rest)) {
		if (expiry_keep_account(env_of(c), a, strcmp(rest, "on") == 0))
			control_ok(c);
		else
			control_fail(c, "refused", "the account was changed meanwhile");
	} else if (strcmp(what, "export") == 0) {
		export(c, a);
	} else if (strcmp(what, "forget") == 0) {
		account_forget(a, env_of(c), NULL);
		control_ok(c);
	} else if (strcmp(what, "delete") == 0) {
		account_drop(a, env_of(c), NULL);
		control_ok(c);
	} else {
		control_fail(c, "bad_request",
			     "wanted is account list, show, export, create, suspend, unsuspend, verify, totp-off, lock on|off, "
			     "noexpire on|off, credentials, delete or forget");
	}
	explicit_bzero(&credential, sizeof(credential));
}

void control_account(struct control_conn *c, const char *const *words, size_t n)
{
	char line[CONTROL_REQUEST_MAX + 1], *rest = line, *name;
	struct credential credential;
	const struct account *a;

	if (strcmp(words[0], "list") == 0 && n == 1) {
		c->accounts = network_accounts(env_of(c)->net)->count;
		c->step = step;
		return;
	}
	snprintf(line, sizeof(line), "%s", n > 1 ? words[1] : "");
	name = strsep(&rest, " ");
	a = network_account(env_of(c)->net, str_of(name));
	if (strcmp(words[0], "create") == 0 && rest && credential_parse(&credential, str_of(rest))) {
		control_log(c, &(struct control_deed){.command = "account create", .target = name});
		create(c, name, rest);
	} else if (!a) {
		control_fail(c, "no_such_account", "there is no such account");
	} else {
		run_known(c, words[0], a, rest ? rest : "");
	}
	explicit_bzero(line, sizeof(line));
}
