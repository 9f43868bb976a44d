#pragma once

#include <stdbool.h>

/* Whether two secrets are the same, in a time that tells nothing of where they differ. Too long for a line: never. */
bool secret_equal(const char *wanted, const char *given);
