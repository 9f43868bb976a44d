#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Walks bytes that claim to be UTF-8, one code point at a time. */
enum { CODEPOINT_BAD = 0xFFFFFFFF, CODEPOINT_REPLACEMENT = 0xFFFD, CODEPOINT_BYTES_MAX = 4 };

/*
 * Takes the first code point off the front of *rest, which must not be empty. A byte that starts none is taken alone
 * and gives CODEPOINT_BAD.
 */
uint32_t codepoint_take(struct str *rest);

/* Appends it as UTF-8, or nothing when not all of it fits (full is set then). cp must be a valid one. */
void codepoint_add(struct buf *out, uint32_t cp);

/* How many bytes it takes. */
size_t codepoint_size(uint32_t cp);
