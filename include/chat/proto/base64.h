#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* RFC 4648, 4: with padding. */

/* How much room the encoded form of n bytes takes. */
#define BASE64_ENCODED(n) (((n) + 2) / 3 * 4)

/* Appends; out->full when it does not fit. */
void base64_encode(struct buf *out, struct str bytes);
/* Appends. False: not of that form, padding included, or no room. */
bool base64_decode(struct buf *out, struct str text);

/* RFC 4648, 5, as RFC 7515 has it: '-' and '_', without padding. */
void base64url_encode(struct buf *out, struct str bytes);
bool base64url_decode(struct buf *out, struct str text);
