#pragma once

#include <stdbool.h>

#include "command/account_edit.h"

/*
 * Codes that prove something once, for a time: that came by mail, or were shown once. An account keeps the hash alone;
 * a code is 80 random bits, so nobody finds it by that.
 */
enum { CODE_SIZE = 16, CODE_ITEM_MAX = 320 };

/* What for, as it is stored. */
#define CODE_VERIFY "verify" /* the address of a new account is its owner's */
#define CODE_RESET "reset"   /* a new password may be set */
#define CODE_EMAIL "email"   /* the same of an address that is to take the place of the old; more: that address */

void code_make(char code[CODE_SIZE + 1]);

/*
 * Puts it in the place of those of that purpose. until: ms since 1970. more: goes along with it, "" for nothing. memory
 * holds the text until the edit is submitted. False: no room.
 */
struct code_wanted {
	const char *purpose, *code, *more;
	int64_t until;
};
bool code_put(struct account_edit *e, const struct code_wanted *w, char memory[CODE_ITEM_MAX]);

/* The account waits for that code; now: ms since 1970. NULL: it does not, or no more; else what went along with it. */
const char *code_find(const struct account *a, const char *purpose, const char *code, int64_t now);

/* Takes those of that purpose away. */
void code_drop(struct account_edit *e, const char *purpose);

/* Until when the account waits for one of that purpose; 0: it does not. */
int64_t code_until(const struct account *a, const char *purpose);
