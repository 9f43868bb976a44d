#pragma once

#include <stdbool.h>

#include "command/login.h"
#include "command/services.h"

/* The second factor of an account: codes of the time (account/totp.h), and codes that stand for one when it is lost. */

enum { SECOND_RECOVERIES = 8, SECOND_RECOVERY_SIZE = 11 };

/* The account wants one with a password. */
bool second_wanted(const struct account *a);

/*
 * "password code": takes a code off the end of a password, if the account wants one and the last word looks like one.
 * Empty: there is none.
 */
struct str second_cut(const struct account *a, struct str *password);

/*
 * The code is one of the account's and was not used before; it is used by that. LOGIN_CODE: none came, LOGIN_WRONG:
 * another. The account is another one in memory afterwards: look it up again. LOGIN_OK also where none is wanted.
 */
enum login_result second_check(const struct login *l, const struct account *a);

/* NickServ TOTP */
void second_run_totp(const struct service_ask *a);
