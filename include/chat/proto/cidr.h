#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Networks of addresses, "192.0.2.0/24", "2001:db8::/32": the addresses that begin with the same bits. */
struct cidr {
	uint8_t bytes[16]; /* IPv4 as ::ffff:0:0/96; all behind bits are 0 */
	uint8_t bits;      /* 0 .. 128, so 96 and more for IPv4 */
};

enum { CIDR_TEXT_MAX = 64, CIDR_BITS_MAX = 128 };

/*
 * A numeric address, alone or with its number of bits behind a slash; the bits behind those are cleared. False: it is
 * neither.
 */
bool cidr_parse(struct cidr *out, struct str text);

/* Keeps the first bits alone, where it has more. */
void cidr_cut(struct cidr *c, unsigned bits);

/* All of the other is in it. */
bool cidr_contains(const struct cidr *c, const struct cidr *other);

/* As cidr_parse reads it, a whole address without the slash. Starts with no ':', so that it can be any parameter of a
 * line. */
void cidr_format(const struct cidr *c, char dst[CIDR_TEXT_MAX]);

/* Nobody on the Internet has that address: it is for private use, for one link, for examples and the like (RFC 6890). */
bool cidr_is_special(const struct cidr *address);
