#pragma once

#include <stdbool.h>

#include "base/wire.h"

struct network;

/*
 * All that network_hash covers, as bytes, with the order of users, channels and members: the network that comes of them
 * goes on as this one would. No part of it are the tables' seed and the notes on sessions.
 */
void network_save(const struct network *net, struct wire_out *out);

/*
 * Into an empty network with the same casemapping. False: damaged, or one that no network could be in; the network is
 * empty then. Every number and text is checked, as if a stranger had sent it.
 */
bool network_load(struct network *net, struct wire_in *in);
