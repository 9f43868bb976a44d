#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/account_edit.h"
#include "command/command.h"
#include "command/families.h"
#include "command/login.h"
#include "post/subscription.h"
#include "session/language.h"

/*
 * WEBPUSH: where devices of an account are told of what it misses, kept with the account.
 * https://ircv3.net/specs/extensions/webpush
 */
static void fail(const struct call *call, const char *code, const char *text)
{
	reply_fail(call->session, "WEBPUSH", code, call_param(call, 0), text);
}

/* The one of that address; NULL: there is none. */
static const struct account_kept *find(const struct account *a, struct str endpoint)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_PUSH && str_eq(subscription_endpoint(str_of(item->text)), endpoint))
			return item;
	}
	return NULL;
}

static void run_register(const struct call *call, const struct account *a)
{
	const char *endpoint = call_word(call, 1), *keys = call_word(call, 2);
	int64_t now = loop_clock(call->env->hub->loop)->real_ms;
	char memory[SUBSCRIPTION_TEXT_MAX];
	const struct account_kept *before;
	struct subscription s;
	struct account_edit e;
	struct buf text;

	buf_init(&text, memory, sizeof(memory));
	if (!endpoint || !keys || !subscription_parse(&s, str_of(endpoint), str_of(keys))) {
		fail(call, "INVALID_PARAMS", N_("Wanted are an address, https://..., and p256dh=...;auth=..."));
		return;
	}
	subscription_write(&text, &s);
	if (text.full) {
		fail(call, "INVALID_PARAMS", N_("The address is too long"));
		return;
	}
	before = find(a, str_of(endpoint));
	if (!before && account_count(a, ACCOUNT_PUSH) >= call->env->server->webpush.max) {
		fail(call, "MAX_REGISTRATIONS", N_("Your account has as many devices to push to as it may"));
		return;
	}
	account_edit_begin(&e, a);
	if (before)
		account_edit_drop_exact(&e, ACCOUNT_PUSH, str_of(before->text));
	if (account_edit_add(&e, ACCOUNT_PUSH, buf_view(&text), now) && account_edit_submit(&e, call->env))
		reply_server(call->session, "WEBPUSH REGISTER %s", endpoint);
	else
		fail(call, "INTERNAL_ERROR", N_("That could not be done, try again"));
	explicit_bzero(memory, sizeof(memory));
}

static void run_unregister(const struct call *call, const struct account *a)
{
	const char *endpoint = call_word(call, 1);
	const struct account_kept *before = endpoint ? find(a, str_of(endpoint)) : NULL;
	struct account_edit e;

	if (!endpoint) {
		fail(call, "INVALID_PARAMS", N_("An address is missing"));
		return;
	}
	if (before) {
		account_edit_begin(&e, a);
		account_edit_drop_exact(&e, ACCOUNT_PUSH, str_of(before->text));
		if (!account_edit_submit(&e, call->env)) {
			fail(call, "INTERNAL_ERROR", N_("That could not be done, try again"));
			return;
		}
	}
	reply_server(call->session, "WEBPUSH UNREGISTER %s", endpoint);
}

static void webpush_run(struct call *call)
{
	const char *what = call_param(call, 0);
	const struct account *a = login_account(call->env, call->session);

	if (!call->env->server->webpush.key[0])
		fail(call, "FORBIDDEN", N_("Nothing is pushed here"));
	else if (strcasecmp(what, "VAPIDPUBKEY") == 0)
		reply_server(call->session, "WEBPUSH VAPIDPUBKEY %s", call->env->server->webpush.key);
	else if (strcasecmp(what, "REGISTER") != 0 && strcasecmp(what, "UNREGISTER") != 0)
		fail(call, "INVALID_PARAMS", N_("There is VAPIDPUBKEY, REGISTER and UNREGISTER"));
	else if (!a)
		fail(call, "ACCOUNT_REQUIRED", N_("You need to be logged in to an account for that"));
	else if (strcasecmp(what, "REGISTER") == 0)
		run_register(call, a);
	else
		run_unregister(call, a);
}

static const struct command rows[] = {
	{"WEBPUSH", ROLE_USER, 1, 20, CAP_WEBPUSH, webpush_run},
};

const struct command *command_family_webpush(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
