#pragma once

#include <stdbool.h>

#include "base/str.h"

struct account;
struct call;
struct command_env;
struct login_try;
struct login;

/*
 * Accounts of people whom somebody else knows: an authority that signs certificates or tokens, a helper that is asked.
 * Who it is has been proved by the time that one of these is called.
 */

/*
 * The account of that name, and of no other: a nick that is grouped to somebody's is not one. Where there is none and
 * the configuration says so (autocreate) it is made, without a password. NULL: there is none. Valid as long as any
 * account.
 */
const struct account *outside_account(const struct login *l, struct str name);

/* Whether the helper is asked about passwords of accounts that have none here; about certificates; about tokens. */
bool outside_asks(const struct command_env *env);
bool outside_asks_certificates(const struct command_env *env);
bool outside_asks_tokens(const struct command_env *env);

/* Asks it, and enters. code: of the second factor; empty: none came. */
void outside_by_password(const struct call *call, const struct login_try *t, struct str code);
/* The session's certificate. account: that the client names; empty: none. */
void outside_by_certificate(const struct call *call, const struct login_try *t);
/* The token is in the place of a password. Whose it is, the helper must say: it is no proof for whoever is named. */
void outside_by_token(const struct call *call, const struct login_try *t);
