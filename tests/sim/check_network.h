#pragma once

struct network;

/* Everything in it agrees with everything else: memberships from both sides, tables, counts. */
void check_network(const struct network *net);
