#pragma once

#include <stdbool.h>

#include "base/str.h"

struct call;
struct command_env;
struct session;

/* Making an account: https://ircv3.net/specs/extensions/account-registration, and what NickServ does by it. */

/*
 * How it is answered. code: of the specification's FAIL, or VERIFICATION_REQUIRED: the account is there, and a code that went
 * out by mail is waited for; NULL: the account is there, and the session is logged in to it.
 */
typedef void (*register_say_fn)(struct session *s, const char *code, const char *account, const char *text);

struct registering {
	const char *account; /* "*": the nick */
	const char *email;   /* "*": none */
	const char *password;
	register_say_fn say;
	bool for_other; /* by an operator, for somebody else: whatever the policy says, and without a login */
};
void register_account(const struct call *call, const struct registering *r);

/* Whether a password will do for that account; NULL: it does, else the code, with a sentence in why. */
const char *register_check_password(const struct call *call, const char *account, const char *password,
				    const char **why);

/* Whether an account with that address waits until it is proved. "*" and "": none was given. */
bool register_verifies(const struct command_env *env, const char *email);

/* Somebody types the code that came by mail. Said as above. */
void register_verify(const struct call *call, const char *account, const char *code, register_say_fn say);
