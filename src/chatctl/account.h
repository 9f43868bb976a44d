#pragma once

#include "chatctl/options.h"

/*
 * "account create|password NAME": asks for the password, and turns the words of o into what the server is asked for,
 * which is its keys. 0, or an exit code of sysexits(3) with everything said. For other words nothing is done.
 */
int account_prepare(struct options *o);
