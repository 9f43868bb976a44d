#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/str.h"

/* An address of a peer or a listener: IPv4, IPv6 or a Unix socket. */
struct address {
	struct sockaddr_storage ss;
	socklen_t len;
};

enum { ADDRESS_TEXT_MAX = 120 }; /* "unix:/a/path", "[2001:db8::1]:6667" */

/*
 * host: a numeric IPv4 or IPv6 address ("*" and "" mean every address), or an absolute path; port only for the former.
 * 0, or -EINVAL.
 */
int address_parse(struct address *a, const char *host, const char *port);

/* "192.0.2.1:6667", "[::1]:6667", "unix:/path". Always NUL-terminated. */
void address_format(const struct address *a, char dst[ADDRESS_TEXT_MAX]);

/*
 * The host alone, fit to be the host of a user: "192.0.2.1", "2001:db8::1", "localhost" for a Unix socket. One that
 * starts with ':' gets a '0' in front (modern.ircdocs.horse); v4-mapped ones come out as IPv4.
 */
void address_host(const struct address *a, char dst[ADDRESS_TEXT_MAX]);

/*
 * What clients from one place have in common, for a host as address_host writes it: the /64 of an IPv6 address, for
 * whoever has one has all of that; any other host as it is.
 */
void address_place(const char *host, char dst[ADDRESS_TEXT_MAX]);

/* 127.0.0.0/8, ::1 (v4-mapped too), or a Unix socket. */
bool address_is_local(const struct address *a);
bool address_is_unix(const struct address *a);
