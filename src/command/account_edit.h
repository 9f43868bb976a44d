#pragma once

#include <stdbool.h>

#include "network/account.h"
#include "network/record.h"

struct command_env;
struct session;

/* An account about to be another: its record, and what of it is altered. Views into the account, valid until it is
 * submitted. */
struct account_edit {
	struct record r;
	struct account_item items[RECORD_ACCOUNT_ITEMS_MAX];
};

void account_edit_begin(struct account_edit *e, const struct account *a);
/* A new one of that name. */
void account_edit_new(struct account_edit *e, struct str name, int64_t created);
/* False: it has as many as it can. The text is the caller's until it is submitted. */
bool account_edit_add(struct account_edit *e, enum account_item_kind kind, struct str text, int64_t time);
/* Takes out the items of that kind which start with the text; empty: all of them. How many there were. */
uint32_t account_edit_drop(struct account_edit *e, enum account_item_kind kind, struct str start);
/* The same for the one item that is the text. */
uint32_t account_edit_drop_exact(struct account_edit *e, enum account_item_kind kind, struct str text);
/* Asks for it. False: another change came first, or a name in it is another account's. */
bool account_edit_submit(struct account_edit *e, const struct command_env *env);
/* Asks that the account be no more, and logs out who is logged in to it. s: whose wish it is; NULL: an administrator's.
 */
void account_drop(const struct account *a, const struct command_env *env, const struct session *s);
/* The same, and nothing is left of what was said with it, of what was kept of it, and of memos that it left. */
void account_forget(const struct account *a, const struct command_env *env, const struct session *s);
/* The channel is as any other from now on. */
void account_unregister_channel(const struct command_env *env, struct str channel);
/* No account has a rank there any more. */
void account_forget_channel(const struct command_env *env, struct str channel);
/* Logs out who is logged in to that account. */
void account_log_out_all(const struct command_env *env, struct str account);
