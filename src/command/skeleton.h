#pragma once

#include <stddef.h>

#include "base/str.h"

/*
 * What a name looks like: two that people may take for each other have the same skeleton
 * (https://www.unicode.org/reports/tr39/#Confusable_Detection), but that letters and digits of ASCII are told apart, which
 * Unicode's does not: the skeleton of a name in ASCII is the name in lower case. With each release of Unicode it may be
 * another, so it is nothing to be kept.
 */
struct skeletons;

/* NULL: ICU has no data. */
struct skeletons *skeletons_new(void);
void skeletons_free(struct skeletons *k);

enum { SKELETON_NAME_MAX = 128, SKELETON_MAX = 4096 };

/* Empty: of a name that is longer. With k NULL, and of what is no UTF-8: what it is folded to. */
struct str skeleton_of(const struct skeletons *k, char dst[SKELETON_MAX], struct str name);
