#pragma once

#include <stdint.h>

#include "base/str.h"
#include "network/network.h"

/*
 * What is kept of a registered channel beside what members see of it: what greets those who join, and what the server's
 * own keeping of it needs. It ends with the registration.
 */

/* As stored: these numbers are not used again. */
enum {
	CHANNEL_NO_EXPIRY = 1 << 0, /* it stays registered, however long nobody is there */
	CHANNEL_SETTING_FLAGS = (1 << 1) - 1,
};

/* What of it a record sets. As stored, too. */
enum {
	CHANNEL_SET_ENTRY = 1 << 0,
	CHANNEL_SET_FLAGS = 1 << 1,
	CHANNEL_SET_USED = 1 << 2,
};

struct channel_settings {
	char *entry;    /* NULL: nothing is said to those who join */
	uint32_t flags; /* CHANNEL_* */
	int64_t used;   /* when somebody with a rank there was last seen in it, ms since 1970; 0: not noted yet */
};

/* Never NULL. */
const struct channel_settings *channel_settings(const struct channel *c);

/* The RECORD_CHANNEL_SETTINGS that stands for all of it; views into the channel. */
void network_settings_record(const struct channel *c, struct record *out);
