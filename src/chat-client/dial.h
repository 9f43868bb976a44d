#pragma once

#include <stddef.h>

struct options;
struct secure_report;
struct transport;

/*
 * Connects to the server that the options name, trying each of its addresses in turn; blocks for up to DIAL_SECONDS
 * for each. 0, and *t is ready and non-blocking; or -EX_NOHOST, -EX_UNAVAILABLE or, where it is not the server that is
 * meant, -EX_NOPERM with a sentence in report->why.
 */
enum { DIAL_SECONDS = 20 };

int dial_server(const struct options *options, struct transport *t, struct secure_report *report);
