#include "command/second.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "account/credential.h"
#include "account/totp.h"
#include "base/log.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "proto/base32.h"

enum { HASH_TEXT = 2 * CREDENTIAL_KEY_SIZE, PENDING_MS = 10 * 60 * 1000, URI_MAX = 400, HALF = 5, RANDOM_SIZE = 7 };

static const char self[] = "NickServ";
static const struct str pending = STR("totp "); /* an ACCOUNT_CODE: a secret that waits for its first code */

static int64_t real_ms(const struct command_env *env)
{
	return loop_clock(env->hub->loop)->real_ms;
}

/* The item of that kind which starts so; NULL: there is none. */
static const struct account_kept *item_of(const struct account *a, enum account_item_kind kind, struct str start)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == kind && str_starts(str_of(item->text), start))
			return item;
	}
	return NULL;
}

bool second_wanted(const struct account *a)
{
	return item_of(a, ACCOUNT_TOTP, STR_NONE);
}

/* "ABCDE-FGHIJ", in letters of either case. */
static bool is_recovery(struct str code)
{
	if (code.n != SECOND_RECOVERY_SIZE || code.p[HALF] != '-')
		return false;
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];

		if (i != HALF && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '2' && c <= '7'))
			return false;
	}
	return true;
}

struct str second_cut(const struct account *a, struct str *password)
{
	const char *blank = password->n ? memrchr(password->p, ' ', password->n) : NULL;
	struct str code;

	if (!a || !blank || !second_wanted(a))
		return STR_NONE;
	code = (struct str){blank + 1, (size_t)(password->p + password->n - blank - 1)};
	if (!totp_is_code(code) && !is_recovery(code))
		return STR_NONE;
	password->n = (size_t)(blank - password->p);
	return code;
}

/* Codes for when the device is lost */

static void hash_of(char hash[HASH_TEXT + 1], struct str code)
{
	unsigned char bytes[CREDENTIAL_KEY_SIZE] = {0};
	char capitals[SECOND_RECOVERY_SIZE];

	for (size_t i = 0; i < SECOND_RECOVERY_SIZE; i++)
		capitals[i] = (char)(code.p[i] >= 'a' && code.p[i] <= 'z' ? code.p[i] - 'a' + 'A' : code.p[i]);
	(void)credential_hash(bytes, (struct str){capitals, SECOND_RECOVERY_SIZE});
	str_hex(hash, bytes, sizeof(bytes));
	explicit_bzero(capitals, sizeof(capitals));
}

static void make_recovery(char code[SECOND_RECOVERY_SIZE + 1])
{
	unsigned char random[RANDOM_SIZE];
	char text[BASE32_ENCODED(RANDOM_SIZE)];
	struct buf b;

	arc4random_buf(random, sizeof(random));
	buf_init(&b, text, sizeof(text));
	base32_encode(&b, (struct str){(const char *)random, sizeof(random)});
	snprintf(code, SECOND_RECOVERY_SIZE + 1, "%.5s-%.5s", text, text + HALF);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(text, sizeof(text));
}

/* The item is found by its hash: what that tells of the time is about a hash that nobody can aim at. */
static bool use_recovery(const struct login *l, const struct account *a, struct str code)
{
	char hash[HASH_TEXT + 1];
	struct account_edit e;

	hash_of(hash, code);
	if (!account_find(a, ACCOUNT_RECOVERY, str_of(hash)))
		return false;
	account_edit_begin(&e, a);
	account_edit_drop_exact(&e, ACCOUNT_RECOVERY, str_of(hash));
	return account_edit_submit(&e, l->env);
}

/* The step is kept, so that the code is good once. */
static bool use_code(const struct login *l, const struct account *a, struct str code)
{
	const struct account_kept *kept = item_of(a, ACCOUNT_TOTP, STR_NONE);
	int64_t step = totp_find(str_of(kept->text), code, real_ms(l->env), kept->time);
	struct account_edit e;

	if (!step)
		return false;
	account_edit_begin(&e, a);
	for (uint32_t i = 0; i < e.r.account.nitems; i++)
		if (e.items[i].kind == ACCOUNT_TOTP)
			e.items[i].time = step;
	return account_edit_submit(&e, l->env);
}

enum login_result second_check(const struct login *l, const struct account *a)
{
	bool right;

	if (!second_wanted(a))
		return LOGIN_OK;
	if (!l->code.n)
		return LOGIN_CODE;
	right = is_recovery(l->code) ? use_recovery(l, a, l->code) : use_code(l, a, l->code);
	return right ? LOGIN_OK : LOGIN_WRONG;
}

/* NickServ TOTP */

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* RFC 3986: all but unreserved marks is written in hex. */
static void put_uri(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		char c = *p;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '.' || c == '_' || c == '~';

		if (plain)
			buf_chr(out, c);
		else
			buf_fmt(out, "%%%02X", (unsigned char)c);
	}
}

static void tell_secret(const struct service_ask *a, const char *secret)
{
	const struct server *server = a->call->env->server;
	const char *name = server->network ? server->network : server->name;
	char uri[URI_MAX];
	struct buf b;

	buf_init(&b, uri, sizeof(uri) - 1);
	buf_cstr(&b, "otpauth://totp/");
	put_uri(&b, name);
	buf_chr(&b, ':');
	put_uri(&b, account_text(own(a), ACCOUNT_NAME));
	buf_fmt(&b, "?secret=%s&issuer=", secret);
	put_uri(&b, name);
	uri[b.n] = '\0';
	services_say(a->call->session, self, "Secret: %s", secret);
	services_say(a->call->session, self, "%s", uri);
	service_tell(a, "Give one of these to your program for codes, and then: TOTP CONFIRM <code>");
	explicit_bzero(uri, sizeof(uri));
}

static void enable(const struct service_ask *a)
{
	char secret[TOTP_SECRET_TEXT + 1], text[TOTP_SECRET_TEXT + 8];
	struct account_edit e;

	if (second_wanted(own(a))) {
		service_tell(a, "Your account has a second factor already.");
		return;
	}
	totp_make(secret);
	snprintf(text, sizeof(text), "%s%s", pending.p, secret);
	account_edit_begin(&e, own(a));
	account_edit_drop(&e, ACCOUNT_CODE, pending);
	if (account_edit_add(&e, ACCOUNT_CODE, str_of(text), real_ms(a->call->env) + PENDING_MS) &&
	    account_edit_submit(&e, a->call->env))
		tell_secret(a, secret);
	else
		service_tell(a, "That could not be done: try again.");
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
}

/* Codes in the place of all that there were. */
struct recoveries {
	char codes[SECOND_RECOVERIES][SECOND_RECOVERY_SIZE + 1];
	char hashes[SECOND_RECOVERIES][HASH_TEXT + 1];
};

static bool put_recoveries(struct account_edit *e, struct recoveries *r)
{
	account_edit_drop(e, ACCOUNT_RECOVERY, STR_NONE);
	for (int i = 0; i < SECOND_RECOVERIES; i++) {
		make_recovery(r->codes[i]);
		hash_of(r->hashes[i], str_of(r->codes[i]));
		if (!account_edit_add(e, ACCOUNT_RECOVERY, str_of(r->hashes[i]), 0))
			return false;
	}
	return true;
}

static void tell_recoveries(const struct service_ask *a, const struct recoveries *r)
{
	service_tell(
		a, "Should you lose it: each of these is good once in the place of a code. They are not shown again.");
	for (int i = 0; i < SECOND_RECOVERIES; i += 4)
		services_say(a->call->session, self, "%s %s %s %s", r->codes[i], r->codes[i + 1], r->codes[i + 2],
			     r->codes[i + 3]);
}

static struct login login_of(const struct service_ask *a, const char *code)
{
	return (struct login){a->call->env, a->call->session, "TOTP", true, str_of(code)};
}

/* False: it was answered, and counts as a failure. */
static bool may_try(const struct login *l, const struct account *account)
{
	if (login_may_try(l, account_str(account, ACCOUNT_NAME)))
		return true;
	services_say(l->session, self, "%s.", reply_words(l->session, login_words(LOGIN_WAIT)));
	return false;
}

static void refuse(const struct login *l, const struct account *account)
{
	login_refuse(l, account, LOGIN_WRONG);
	services_say(l->session, self, "This code is not, or no more, the right one.");
}

static void confirm(const struct service_ask *a, const char *code)
{
	const struct command_env *env = a->call->env;
	const struct account *account = own(a);
	const struct account_kept *item = item_of(account, ACCOUNT_CODE, pending);
	const struct login l = login_of(a, code);
	struct account_edit e;
	struct recoveries r;
	char secret[TOTP_SECRET_TEXT + 1];
	int64_t step;

	if (!item || real_ms(env) >= item->time) {
		service_tell(a, "First: TOTP ENABLE");
		return;
	}
	if (!may_try(&l, account))
		return;
	(void)strlcpy(secret, item->text + pending.n, sizeof(secret));
	step = totp_find(str_of(secret), str_of(code), real_ms(env), 0);
	if (!step) {
		refuse(&l, account);
		return;
	}
	account_edit_begin(&e, account);
	account_edit_drop(&e, ACCOUNT_CODE, pending);
	if (account_edit_add(&e, ACCOUNT_TOTP, str_of(secret), step) && put_recoveries(&e, &r) &&
	    account_edit_submit(&e, env)) {
		service_tell(a, "From now on a password logs in with a code behind it: \"password code\".");
		tell_recoveries(a, &r);
	} else {
		service_tell(a, "That could not be done: try again.");
	}
	explicit_bzero(&r, sizeof(r));
	explicit_bzero(secret, sizeof(secret));
}

/* Whoever has stolen a connection has no code. */
static bool is_owner(const struct service_ask *a, const char *code)
{
	const struct account *account = own(a);
	const struct login l = login_of(a, code);

	if (!second_wanted(account)) {
		service_tell(a, "Your account has no second factor.");
		return false;
	}
	if (!may_try(&l, account))
		return false;
	if ((totp_is_code(l.code) || is_recovery(l.code)) && second_check(&l, account) == LOGIN_OK)
		return true;
	refuse(&l, own(a));
	return false;
}

static void disable(const struct service_ask *a, const char *code)
{
	struct account_edit e;

	if (!is_owner(a, code))
		return;
	account_edit_begin(&e, own(a));
	account_edit_drop(&e, ACCOUNT_TOTP, STR_NONE);
	account_edit_drop(&e, ACCOUNT_RECOVERY, STR_NONE);
	service_tell(a, account_edit_submit(&e, a->call->env) ? N_("The password is enough again.")
							      : N_("That could not be done: try again."));
}

static void renew_recoveries(const struct service_ask *a, const char *code)
{
	struct account_edit e;
	struct recoveries r;

	if (!is_owner(a, code))
		return;
	account_edit_begin(&e, own(a));
	if (put_recoveries(&e, &r) && account_edit_submit(&e, a->call->env))
		tell_recoveries(a, &r);
	else
		service_tell(a, "That could not be done: try again.");
	explicit_bzero(&r, sizeof(r));
}

void second_run_totp(const struct service_ask *a)
{
	const char *what = a->words[0], *code = service_word(a, 1);

	if (strcasecmp(what, "ENABLE") == 0)
		enable(a);
	else if (code && strcasecmp(what, "CONFIRM") == 0)
		confirm(a, code);
	else if (code && strcasecmp(what, "DISABLE") == 0)
		disable(a, code);
	else if (code && strcasecmp(what, "RECOVERY") == 0)
		renew_recoveries(a, code);
	else
		service_usage(a);
}
