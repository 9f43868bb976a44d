#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Codes of a second factor that change with the time: RFC 6238 with SHA-1, six digits and steps of 30 s, which is what
 * programs for it know.
 */
enum { TOTP_SECRET_SIZE = 20, TOTP_SECRET_TEXT = 32, TOTP_DIGITS = 6, TOTP_STEP_MS = 30000 };

/* A fresh secret, in base32. */
void totp_make(char secret[TOTP_SECRET_TEXT + 1]);

/* It has the form of such a code. */
bool totp_is_code(struct str code);

/* The code of a step since 1970. False: the secret is none. */
bool totp_code(char code[TOTP_DIGITS + 1], struct str secret, int64_t step);

/*
 * The step that the code is of: the one that now_ms (since 1970) is in, or one before or behind it, for clocks differ.
 * No step up to `last` counts, so that nobody uses a code twice that was looked at over a shoulder. 0: it is of none.
 */
int64_t totp_find(struct str secret, struct str code, int64_t now_ms, int64_t last);
