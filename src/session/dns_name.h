#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "proto/cidr.h"

enum { DNS_NAME_MAX = 254 }; /* with its NUL */

/*
 * What an address is asked for under: "4.3.2.1.in-addr.arpa", or 32 nibbles before "ip6.arpa" (RFC 1035 3.5, RFC 3596 2.5). With a
 * zone, that stands in the place of the last two (RFC 5782). False: it is too long to be a name.
 */
bool dns_reverse(const struct cidr *address, const char *zone, char dst[DNS_NAME_MAX]);

/* One of the words, with blanks between them, matches one of the masks ('*', '?'), which have blanks between them too. */
bool dns_words_match(const char *masks, struct str words);
