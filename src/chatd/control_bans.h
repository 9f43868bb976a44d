#pragma once

#include <stddef.h>

struct control_conn;

/* "ban add [DURATION] TARGET [REASON]", "ban del TARGET|NUMBER", "ban list": words[1] is the rest of the line. */
void control_ban(struct control_conn *c, const char *const *words, size_t n);
