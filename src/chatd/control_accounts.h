#pragma once

#include <stddef.h>

struct control_conn;

/*
 * "account list", "account show|delete|unsuspend NAME", "account suspend NAME [REASON]", "account lock|noexpire NAME on|off",
 * "account create|credentials NAME CREDENTIALS": words[1] is the rest of the line. Passwords do not come here: chatctl
 * makes their keys.
 */
void control_account(struct control_conn *c, const char *const *words, size_t n);
