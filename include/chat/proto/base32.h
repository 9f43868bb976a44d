#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* RFC 4648, 6: capitals, without padding. What is decoded may be in small letters. */

/* How much room the encoded form of n bytes takes. */
#define BASE32_ENCODED(n) (((n) * 8 + 4) / 5)

/* Appends; out->full when it does not fit. */
void base32_encode(struct buf *out, struct str bytes);
/* Appends. False: not of that form, or no room. Bits that are left over must be nothing. */
bool base32_decode(struct buf *out, struct str text);
