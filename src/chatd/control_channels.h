#pragma once

#include <stddef.h>

struct control_conn;

/*
 * "channel suspend CHANNEL [DURATION] [REASON]", "channel unsuspend CHANNEL", "channel suspended",
 * "channel show|delete CHANNEL", "channel create CHANNEL ACCOUNT", "channel noexpire CHANNEL on|off": words[1] is the rest of the line.
 */
void control_channel(struct control_conn *c, const char *const *words, size_t n);
