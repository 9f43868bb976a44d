#pragma once

#include "chatctl/options.h"

/*
 * "account delete NAME" with --with-data: becomes what the server knows. "account create|password NAME": asks for the password, and turns the words of o into what the server is asked for,
 * which is its keys. keys: they are put there, and must live as long as o. 0, or an exit code of sysexits(3) with
 * everything said. For other words nothing is done.
 */
enum { ACCOUNT_KEYS_SIZE = 256 };
int account_prepare(struct options *o, char keys[ACCOUNT_KEYS_SIZE]);
