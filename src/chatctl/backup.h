#pragma once

#include "chatctl/options.h"

/*
 * Asks the running server for a copy of what it keeps, writes it into a directory of its own, and looks at every record
 * of it. An exit code of sysexits(3), with everything said; on failure the directory is as it was.
 */
int backup_run(const struct options *o);
