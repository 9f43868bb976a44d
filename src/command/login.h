#pragma once

#include <stdbool.h>

#include "account/logins.h"
#include "base/str.h"
#include "network/account.h"

struct call;
struct command_env;
struct network;
struct user;
struct session;

/* The one gate to accounts: every mechanism and every service comes through here. */
enum login_result {
	LOGIN_OK,
	LOGIN_WRONG, /* no such account, or not its owner: nobody is told which */
	LOGIN_WAIT,  /* too many have failed */
	LOGIN_SUSPENDED,
	LOGIN_UNVERIFIED,
	LOGIN_LOCKED, /* to passwords */
	LOGIN_UNKNOWN, /* who knows cannot be asked */
	LOGIN_CODE,   /* the password was right, and a code of the second factor is wanted with it */
};

/* Who tries, and how. */
struct login {
	const struct command_env *env;
	struct session *session;
	const char *mechanism; /* as the log names it */
	bool password;         /* it proves that one knows the password */
	struct str code;       /* of the second factor; empty: none came */
	const char *reason;    /* why it is refused, for the log alone; NULL: what the client hears */
};

const char *login_words(enum login_result result); /* what the client is told */

/* The account that the session is logged in to; NULL: none. */
const struct account *login_account(const struct command_env *env, const struct session *s);

/* 1 + the enum language that the account has set, an ACCOUNT_SETTING; 0: none that is known here. a may be NULL. */
#define LOGIN_LANGUAGE "language "
unsigned login_language(const struct account *a);

/* What is known before anything is proved, and after. */
enum login_result login_gate(const struct account *a, bool password);

/* The user's account keeps it here without a device. */
bool login_stays(const struct network *net, const struct user *u);

/* Of the address that a session comes from, or the /64 of it: LOGINS_ADDRESS or LOGINS_REGISTER. */
bool login_place_may(const struct command_env *env, enum logins_kind kind, const struct session *s);
void login_place_count(const struct command_env *env, enum logins_kind kind, const struct session *s);

/* Whether that account may be tried from here now. Asked before the proof, and once more before the answer to it. */
bool login_may_try(const struct login *l, struct str account);

/* Somebody has not proved to be the owner: counted and logged. a NULL: there is no such account. Returns why. */
enum login_result login_refuse(const struct login *l, const struct account *a, enum login_result why);

/* Somebody has proved to be the owner: through the gate, and says 900. The user may be renamed by it. */
enum login_result login_enter(const struct login *l, const struct account *a);

/* Logs out, and says 901. No-op for one that is not logged in. */
void login_leave(const struct command_env *env, struct session *s);

/* Checks the password on the worker, and enters. answer hears what became of it, unless the session is gone by then. */
typedef void (*login_answer_fn)(const struct login *l, enum login_result result);
struct login_try {
	const char *mechanism;
	struct str account; /* or a nick of it */
	struct str password;
	login_answer_fn answer;
};
void login_by_password(const struct call *call, const struct login_try *t);
