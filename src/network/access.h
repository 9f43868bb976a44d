#pragma once

#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "network/account.h"

/*
 * Who has which rank in a registered channel. It is kept with the accounts, as ACCOUNT_CHANNEL items "#channel o", the
 * letter that of the rank's mode: q is the founder, of whom a channel has one at most.
 */
struct channel;

/* Takes such an item apart. False: it is none. */
bool access_parse(struct str text, struct str *channel, uint8_t *rank);

/* The rank that the account has in that channel; 0: none. a may be NULL. */
uint8_t network_access(const struct network *net, const struct account *a, struct str channel);
/* All accounts with a rank there, in no order; NULL: there are none. */
const struct vec *network_access_list(const struct network *net, struct str channel); /* struct account * */
const struct account *network_founder(const struct network *net, struct str channel); /* NULL: none */
