#pragma once

#include <stdbool.h>

#include "base/str.h"

struct call;
struct session;

/* Making an account: https://ircv3.net/specs/extensions/account-registration, and what NickServ does by it. */

/*
 * How it is answered. code: of the specification's FAIL; NULL: the account is there, and the session is logged in to
 * it.
 */
typedef void (*register_say_fn)(struct session *s, const char *code, const char *account, const char *text);

struct registering {
	const char *account; /* "*": the nick */
	const char *email;   /* "*": none */
	const char *password;
	register_say_fn say;
};
void register_account(const struct call *call, const struct registering *r);

/* Whether a password will do for that account; NULL: it does, else the code, with a sentence in why. */
const char *register_check_password(const struct call *call, const char *account, const char *password,
				    const char **why);

bool register_email_valid(const char *email);

/* Somebody types the code that came by mail. Said as above. */
void register_verify(const struct call *call, const char *account, const char *code, register_say_fn say);
