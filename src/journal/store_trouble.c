#include "journal/store_disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* A handle is opened again at most this often: the write-ahead log is read from its start each time. */
enum { REOPEN_MS = 500 };

/* What a batch may take beyond its bytes, for pages of which it fills a part: as much again, and ROOM_MIN. */
enum { ROOM_FACTOR = 2, ROOM_MIN = 256 << 10 };

bool disk_is_damage(int rc)
{
	return rc > 0 && ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB);
}

int disk_errno(int rc)
{
	if (rc <= 0)
		return rc;
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	default:
		return -EIO;
	}
}

static int move_file(const char *path, const char *aside, const char *suffix)
{
	char from[4096], to[4096];

	if (snprintf(from, sizeof(from), "%s%s", path, suffix) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s%s", aside, suffix) >= (int)sizeof(to))
		return -ENAMETOOLONG;
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* The write-ahead log goes along under the name that SQLite will look for, so that what can be saved can be. */
static int set_aside(const struct disk *d, char *aside, size_t size)
{
	int64_t now = (int64_t)time(NULL);
	int err;

	do {
		if (snprintf(aside, size, "%s.damaged-%lld", d->path, (long long)now++) >= (int)size)
			return -ENAMETOOLONG;
	} while (access(aside, F_OK) == 0);
	err = move_file(d->path, aside, "");
	if (!err)
		err = move_file(d->path, aside, "-wal");
	return err ? err : move_file(d->path, aside, "-shm");
}

int disk_renew(struct disk *d, int rc)
{
	char aside[4096], why[NOTE_SIZE];
	int err;

	disk_handle_abandon(d);
	d->claimed = false;
	err = set_aside(d, aside, sizeof(aside));
	if (err) {
		disk_note(d, EVENT_STORE_DAMAGED, "journal: %s is damaged (%s) and could not be renamed: %s", d->path,
			  sqlite3_errstr(rc), strerror(-err));
		return err;
	}
	disk_note(d, EVENT_STORE_DAMAGED,
		  "journal: %s is damaged (%s); it is kept as %s and a fresh one is begun. Check the disk. What it "
		  "held of history is missing: sqlite3 FILE .recover may save it, or put a backup in its place while "
		  "chatd is stopped",
		  d->path, sqlite3_errstr(rc), aside);
	d->renewed = true;
	err = disk_open(d, why, sizeof(why));
	if (err)
		disk_note(d, EVENT_STORE_DAMAGED, "journal: %s", why);
	return disk_errno(err);
}

/*
 * A handle that was opened while the file system was read-only stays read-only, and one whose file went away writes to
 * nowhere: after a failure it is opened anew. What is in the write-ahead log stays there for it.
 */
int disk_ready(struct disk *d)
{
	int64_t now_ms = clock_mono_us() / 1000;
	char why[NOTE_SIZE];
	int rc;

	if (d->db && (!d->suspect || now_ms - d->opened_ms < REOPEN_MS))
		return 0;
	disk_handle_abandon(d);
	rc = disk_open(d, why, sizeof(why));
	if (disk_is_damage(rc))
		rc = disk_renew(d, rc);
	d->opened_ms = now_ms;
	return rc;
}

static bool has_room(const struct disk *d, size_t bytes)
{
	uint64_t unmoved = (uint64_t)(d->wal_pages - d->wal_moved) * DISK_PAGE;
	struct statvfs fs;

	if (statvfs(d->directory, &fs) < 0)
		return true;
	return (uint64_t)fs.f_bavail * fs.f_frsize >= unmoved + ROOM_FACTOR * bytes + ROOM_MIN;
}

/*
 * A write-ahead log that fills the last of the disk is a trap: it cannot be moved into a file that cannot grow, and so
 * nothing can be deleted any more. So there must always be room for moving it, and for what is to be written.
 */
int disk_room(struct disk *d, size_t bytes)
{
	if (has_room(d, bytes))
		return 0;
	disk_checkpoint(d);
	return has_room(d, bytes) ? 0 : -ENOSPC;
}
