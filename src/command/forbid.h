#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "command/ban_order.h"
#include "network/ban.h"

struct command_env;
struct service_ask;

/*
 * What nobody gets: nicks with the names of accounts, channels, addresses of e-mail; and channels that are suspended.
 * The services and chatctl come through here.
 */

/* Which of the kinds a mask is of: a channel begins with '#', an address has a '@', and all else is a nick. */
enum ban_kind forbid_kind(const char *mask);

/* "mask [duration] [reason...]": NULL, or a sentence about what is wrong. */
const char *forbid_parse(struct ban_order *o, const char *const *words, size_t n);
/* "#channel [duration] [reason...]" of a channel that is registered: the same, of BAN_SUSPENDED. */
const char *suspend_parse(const struct command_env *env, struct ban_order *o, const char *const *words, size_t n);

/* What forbid_explain says, in that language. */
void forbid_say(struct buf *out, const struct ban *b, enum language language);

/* Those who have a nick that nobody may have get another one. After a ban of the kind BAN_NICK. */
void forbid_rename_all(const struct command_env *env);

/* FORBID and SUSPEND of a service, for who may. */
void forbid_run_nicks(const struct service_ask *a);
void forbid_run_channels(const struct service_ask *a);
void forbid_run_suspend(const struct service_ask *a);
void forbid_run_unsuspend(const struct service_ask *a);
