#pragma once

#include <stdbool.h>

#include "network/network.h"

/*
 * Who is shown to whom in lists that nobody was named for: invisible users to those who share a channel with them and
 * to operators with PRIV_SEE_HIDDEN, memberships of secret channels to members and PRIV_SEE_SECRET.
 */
bool visible_user(const struct user *viewer, const struct user *u);

/* That m->user is in m->channel may be told to the viewer. */
bool visible_membership(const struct user *viewer, const struct member *m);

/* That u is an operator: those who hide it (mode +H) are shown to operators alone. */
bool visible_oper(const struct user *viewer, const struct user *u);

/* What operators with PRIV_SEE_ADDRESS, and people about themselves, are told: addresses, modes. */
bool visible_private(const struct user *viewer, const struct user *u);
