#pragma once

#include <stdatomic.h>

/*
 * A file system for SQLite that breaks when it is told to: the default one, with faults put before it. Register it
 * before a store is opened; the faults may be changed at any time, from any thread.
 */
struct fault_vfs {
	atomic_int sync_ms;     /* how long an fsync takes longer */
	atomic_int sync_error;  /* result code of SQLite that it gives; 0: none */
	atomic_int write_error; /* of writes and of files that grow */
	atomic_int open_error;
	atomic_int syncs; /* that were asked for */
	atomic_int writes;
};

struct fault_vfs *fault_vfs_register(void);
void fault_vfs_unregister(struct fault_vfs *f); /* when no file is open any more */
