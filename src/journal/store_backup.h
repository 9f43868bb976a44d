#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "journal/store_snapshot.h"

/*
 * A copy of a store, taken while a server writes to it: the database as it is at one moment, then the snapshots, for a
 * newer one may take the place of records that the copy has no more. It reads what is there and holds nobody up, so it
 * may run in any thread but the loop's.
 */
enum { STORE_BACKUP_BESIDE_MAX = 2, STORE_BACKUP_FILES_MAX = 1 + 2 * SNAPSHOTS_KEPT + STORE_BACKUP_BESIDE_MAX };

struct store_backup {
	const char *directory; /* of the store */
	const char *to;        /* an empty directory, which is the caller's */
	const char *beside[STORE_BACKUP_BESIDE_MAX]; /* names of other files there, which are always whole; NULL: no more */
	atomic_uint percent;   /* of the database; for other threads to read */
	atomic_bool cancelled; /* set by another thread: -ECANCELED soon after */
};

/* 0, or -errno with a sentence in why. What was written stays where it is; on success it is on the disk. */
int store_backup(struct store_backup *b, char *why, size_t size);
