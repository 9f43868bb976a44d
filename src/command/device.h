#pragma once

#include <stdint.h>

#include "base/str.h"

/*
 * The devices of an account that is always on. A client names its own behind '@', in the username or in the account
 * that it logs in to with SASL ("ann@phone"); those that name none are one device together. When a device was
 * here last is kept with the account, of so many devices.
 */
enum { DEVICE_MAX = 32, DEVICES_MAX = 16 };

struct account;
struct command_env;
struct session;

/* The name without its device, which becomes the session's if that has none yet. A name without one is given back
 * whole. */
struct str device_take(struct session *s, struct str name);

/* The session of a user who stays is about to leave, at that time, ms since 1970. */
void device_left(const struct command_env *env, const struct session *s, const struct account *a, int64_t now);

/* Whatever device of the account was here is gone, and nobody knows any more which one it was: the server ended at
 * once. */
void device_lost(const struct command_env *env, const struct account *a, int64_t now);

/*
 * What the device missed of each channel and conversation, if it cannot ask for it: the newest lines, as [history] has
 * it.
 */
void device_catch_up(const struct command_env *env, struct session *s, const struct account *a);
