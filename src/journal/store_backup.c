#include "journal/store_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "journal/store_disk.h"
#include "journal/store_snapshot_file.h"

/* ROOM_LEFT: of the file system, which the server needs for what people say meanwhile. */
enum { STEP_PAGES = 1024, BUSY_MS = 5000, COPY_BYTES = 64 << 10, ROOM_LEFT = 64 << 20 };

static int say(char *why, size_t size, const char *what, int rc)
{
	int err = disk_errno(rc);

	snprintf(why, size, "%s: %s", what, rc > 0 ? sqlite3_errstr(rc) : strerror(-err));
	return err;
}

/* A copy that fills the disk would do more harm than it is worth. */
static int look_for_room(const struct store_backup *b, sqlite3 *db, char *why, size_t size)
{
	sqlite3_int64 pages = 0;
	struct statvfs fs;
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db, "PRAGMA page_count", -1, &st, NULL) == SQLITE_OK) {
		if (sqlite3_step(st) == SQLITE_ROW)
			pages = sqlite3_column_int64(st, 0);
		sqlite3_finalize(st);
	}
	if (statvfs(b->to, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)pages * DISK_PAGE + ROOM_LEFT) {
		snprintf(why, size, "%s: there is no room for a copy of %lld MB", b->to,
			 (long long)(pages * DISK_PAGE >> 20) + 1);
		return -ENOSPC;
	}
	return 0;
}

static int copy_pages(struct store_backup *b, sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
	int rc, pages, finished;

	if (!copy)
		return sqlite3_errcode(to);
	do {
		rc = sqlite3_backup_step(copy, STEP_PAGES);
		pages = sqlite3_backup_pagecount(copy);
		if (pages > 0)
			b->percent = (unsigned)(100 - 100LL * sqlite3_backup_remaining(copy) / pages);
	} while (rc == SQLITE_OK && !b->cancelled);
	finished = sqlite3_backup_finish(copy);
	if (rc == SQLITE_OK)
		return -ECANCELED;
	return rc == SQLITE_DONE ? finished : rc;
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A transaction that is only read in sees the same to its end, whatever the server writes behind it. */
static int copy_database(struct store_backup *b, char *why, size_t size)
{
	static const int making = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	char from_path[PATH_MAX], to_path[PATH_MAX];
	sqlite3 *from = NULL, *to = NULL;
	int rc, err = 0;

	snprintf(from_path, sizeof(from_path), "%s/chatd.db", b->directory);
	snprintf(to_path, sizeof(to_path), "%s/chatd.db", b->to);
	rc = sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READONLY, NULL);
	if (!rc) {
		sqlite3_busy_timeout(from, BUSY_MS);
		rc = sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
	}
	if (rc)
		err = say(why, size, from_path, rc);
	if (!err)
		err = look_for_room(b, from, why, size);
	if (!err && (rc = sqlite3_open_v2(to_path, &to, making, NULL)) == SQLITE_OK) {
		sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
		rc = copy_pages(b, from, to);
	}
	sqlite3_close(to);
	sqlite3_close(from);
	if (!err && !rc)
		rc = sync_path(to_path, O_RDONLY);
	return !err && rc ? say(why, size, to_path, rc) : err;
}

static int copy_bytes(int from, int to)
{
	char block[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0) {
		ssize_t done = 0, wrote;

		for (; done < n; done += wrote) {
			wrote = write(to, block + done, (size_t)(n - done));
			if (wrote < 0)
				return -errno;
		}
	}
	if (n < 0)
		return -errno;
	return fsync(to) < 0 ? -errno : 0;
}

/* One that is not there is no fault. */
static int copy_file(const char *from_path, const char *to_path)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC), to, err;

	if (from < 0)
		return errno == ENOENT ? 0 : -errno;
	to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = to < 0 ? -errno : copy_bytes(from, to);
	close(from);
	if (to >= 0)
		close(to);
	return err;
}

/* One that is gone meanwhile has a newer one in its place, which comes first in the list. */
static int copy_snapshot(const struct store_backup *b, uint64_t position)
{
	char from[SNAPSHOT_PATH], to[SNAPSHOT_PATH];

	snapshot_path(from, b->directory, position, "");
	snapshot_path(to, b->to, position, "");
	return copy_file(from, to);
}

static int copy_beside(const struct store_backup *b, const char *name)
{
	char from[SNAPSHOT_PATH], to[SNAPSHOT_PATH];

	if (snprintf(from, sizeof(from), "%s/%s", b->directory, name) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/%s", b->to, name) >= (int)sizeof(to))
		return -ENAMETOOLONG;
	return copy_file(from, to);
}

int store_backup(struct store_backup *b, char *why, size_t size)
{
	uint64_t positions[2 * SNAPSHOTS_KEPT];
	int err = copy_database(b, why, size), n;

	if (err)
		return err;
	n = snapshot_list(b->directory, positions, 2 * SNAPSHOTS_KEPT);
	for (int i = 0; i < n && !err; i++)
		err = copy_snapshot(b, positions[i]);
	for (size_t i = 0; i < STORE_BACKUP_BESIDE_MAX && b->beside[i] && !err; i++)
		err = copy_beside(b, b->beside[i]);
	if (!err)
		err = n < 0 ? n : sync_path(b->to, O_RDONLY | O_DIRECTORY);
	return err ? say(why, size, b->to, err) : 0;
}
