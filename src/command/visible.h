#pragma once

#include <stdbool.h>

#include "network/network.h"

/*
 * Who is shown to whom in lists that nobody was named for: invisible users to those who share a channel with them and
 * to operators, memberships of secret channels to members.
 */
bool visible_user(const struct user *viewer, const struct user *u);

/* That m->user is in m->channel may be told to the viewer. */
bool visible_membership(const struct user *viewer, const struct member *m);

/* What operators, and people about themselves, are told: addresses, modes. */
bool visible_private(const struct user *viewer, const struct user *u);
