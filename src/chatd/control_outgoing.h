#pragma once

#include <stddef.h>

struct control_conn;

/* "outgoing list", "outgoing ping NAME", "outgoing resume NAME": what the configuration has of webhooks, see outgoing.h. */
void control_outgoing(struct control_conn *c, const char *const *words, size_t n);
