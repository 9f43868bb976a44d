#pragma once

/*
 * A file without a name, close-on-exec, that lives as long as somebody has it open. A descriptor, or -errno.
 * state_file_memfd.c in memory; state_file_tmp.c in the directory for temporary files where there is no memfd.
 */
int state_file_open(void);
