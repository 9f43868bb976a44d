#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "network/change.h"
#include "network/network.h"

/* One line of IRC about a change, as the device of u gets it. False: it is none of which devices are told. */
bool push_text(struct buf *out, const struct change *c, const struct user *u);

/*
 * Words of a text that could be nicks, one after the other. False at the end. What can stand in a nick makes one, and so
 * "ann:" and "(ann)" are "ann".
 */
bool push_word(struct str *rest, struct str *word);
