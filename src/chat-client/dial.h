#pragma once

#include <stddef.h>

struct options;

/*
 * Connects to the server that the options name, trying each of its addresses in turn; blocks for up to DIAL_SECONDS
 * for each. Returns a non-blocking, close-on-exec socket, or -EX_NOHOST or -EX_UNAVAILABLE with a sentence in why.
 */
enum { DIAL_SECONDS = 20 };

int dial_server(const struct options *options, char *why, size_t size);
