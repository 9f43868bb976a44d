#pragma once

#include <stdbool.h>

struct call;

/*
 * The server that a command is sent on to: by its name, a mask of it, or the nick of somebody on it. NULL: this one.
 * There is one server, so true means that it is meant; false: 402 was answered.
 */
bool server_target(const struct call *call, const char *name);
