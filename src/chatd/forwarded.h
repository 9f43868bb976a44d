#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "net/address.h"

/*
 * What proxies write of whom they speak for: Forwarded (RFC 7239), or X-Forwarded-For and X-Forwarded-Proto. Each proxy adds an
 * element behind those that came to it, so only the last one is by the proxy that is connected; what stands in front of it is
 * whatever its client said. Pure.
 */

/*
 * The address that the nth element from the end of list names: 0 was written by the proxy that connected. False: there is no such
 * element, or it is malformed, or it names no address.
 */
bool forwarded_address(struct str list, bool rfc7239, unsigned nth, struct address *a);

/* Whether the last element says https: as proto=https (RFC 7239, section 5.4), or as the whole word. */
bool forwarded_secure(struct str list, bool rfc7239);
