#pragma once

#include <stdbool.h>

struct call;
struct record;
struct user;

/* The user has asked for it, with mode +p, that its rights in channels are not looked at, and may. */
bool override_is_on(const struct user *u);

/*
 * Gives the record the power of the server where its origin has asked for that and has not the right by itself: a rank, an
 * invitation, a key. Each time that is written to the audit log.
 */
void override_apply(const struct call *call, struct record *r);
