#pragma once

#include "chatctl/options.h"

/*
 * The files of a server, looked at without it: journal verify, dump, replay. An exit code of sysexits(3), with
 * everything said.
 */
int journal_run(const struct options *o);

/* "journal verify" alone. */
int journal_verify(const struct options *o);
