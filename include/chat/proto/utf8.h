#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Well-formed UTF-8 as RFC 3629 has it: no surrogate, nothing overlong, nothing past U+10FFFF. */
bool utf8_valid(struct str s);

/* The longest front of s that has at most max bytes and does not end inside a code point. */
struct str utf8_cut(struct str s, size_t max);
