#pragma once

#include <stdbool.h>

struct options;

/* What is logged in with. It is never on a command line, where others could see it. */

/*
 * The token or the password: from the file that is named, systemd's credentials, or, of a password, the terminal; with a
 * certificate none is needed. NULL, or what is wrong.
 */
const char *secrets_find(struct options *o);

/* Before another login: the token's file may have a new one by now. */
void secrets_renew(struct options *o);
