#pragma once

#include <stddef.h>

struct session;

/* AUTHENTICATE: https://ircv3.net/specs/extensions/sasl-3.1 and -3.2, before registration and after. */

/* The mechanisms that the session may use, "PLAIN,...", NUL-terminated. */
void sasl_mechanisms(const struct session *s, char *out, size_t size);
