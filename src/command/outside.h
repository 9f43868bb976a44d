#pragma once

#include "base/str.h"

struct account;
struct login;

/*
 * Accounts of people whom somebody else knows: an authority that signs certificates or tokens, a helper that is asked. Who
 * it is has been proved by the time that one of these is called.
 */

/*
 * The account of that name, and of no other: a nick that is grouped to somebody's is not one. Where there is none and the
 * configuration says so (autocreate) it is made, without a password. NULL: there is none. Valid as long as any account.
 */
const struct account *outside_account(const struct login *l, struct str name);
