#include "journal/store_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal/store_snapshot_file.h"

/* What is written is given to the disk in parts, so that no batch waits for all of it at the end. */
enum { SYNC_STEP = 4 << 20, SNAPSHOTS_MAX = 64 };

static int write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

void snapshot_frame(char *at, size_t n)
{
	put_u32(at, (uint32_t)n);
}

int snapshot_begin(struct snapshot_writer *w, const char *directory, uint64_t position)
{
	char path[SNAPSHOT_PATH], head[FILE_HEAD];
	int err = snapshot_path(path, directory, position, ".tmp");

	*w = (struct snapshot_writer){.fd = -1, .directory = directory, .position = position};
	if (err)
		return err;
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0)
		return -errno;
	w->chain = snapshot_head(head, position);
	return write_all(w->fd, head, sizeof(head));
}

static int write_block(struct snapshot_writer *w, const char *bytes, size_t n, uint32_t records)
{
	char head[BLOCK_HEAD];
	int err;

	w->chain = snapshot_hash(w->chain, records, (struct str){bytes, n});
	put_u32(head, (uint32_t)n);
	put_u32(head + 4, records);
	put_u64(head + 8, w->chain);
	err = write_all(w->fd, head, sizeof(head));
	return err ? err : write_all(w->fd, bytes, n);
}

int snapshot_block(struct snapshot_writer *w, const char *frames, size_t n, uint32_t records)
{
	int err = write_block(w, frames, n, records);

	if (err)
		return err;
	w->records += records;
	w->unsynced += n;
	if (w->unsynced < SYNC_STEP)
		return 0;
	w->unsynced = 0;
	return fdatasync(w->fd) < 0 ? -errno : 0;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static void remove_old(const char *directory, uint64_t *older)
{
	uint64_t positions[SNAPSHOTS_MAX];
	char path[SNAPSHOT_PATH];
	int n = snapshot_list(directory, positions, SNAPSHOTS_MAX);

	*older = n >= SNAPSHOTS_KEPT ? positions[SNAPSHOTS_KEPT - 1] : 0;
	for (int i = SNAPSHOTS_KEPT; i < n; i++)
		if (!snapshot_path(path, directory, positions[i], ""))
			unlink(path);
}

int snapshot_alone(const char *directory, uint64_t position, uint64_t *older)
{
	uint64_t positions[SNAPSHOTS_MAX], records;
	char path[SNAPSHOT_PATH];
	int err = snapshot_read(directory, position, NULL, NULL, &records);
	int n = err ? 0 : snapshot_list(directory, positions, SNAPSHOTS_MAX);

	for (int i = 0; i < n; i++)
		if (positions[i] != position && !snapshot_path(path, directory, positions[i], ""))
			unlink(path);
	if (!err)
		*older = position;
	return err;
}

static int finish(struct snapshot_writer *w)
{
	char from[SNAPSHOT_PATH], to[SNAPSHOT_PATH], count[LAST_BLOCK];
	int err;

	put_u64(count, w->records);
	err = write_block(w, count, sizeof(count), 0);
	if (err)
		return err;
	if (fsync(w->fd) < 0)
		return -errno;
	err = snapshot_path(from, w->directory, w->position, ".tmp");
	if (!err)
		err = snapshot_path(to, w->directory, w->position, "");
	if (err)
		return err;
	if (rename(from, to) < 0)
		return -errno;
	return sync_directory(w->directory);
}

int snapshot_end(struct snapshot_writer *w, uint64_t *older)
{
	int err = finish(w);

	if (err)
		return err;
	close(w->fd);
	w->fd = -1;
	remove_old(w->directory, older);
	return 0;
}

void snapshot_abort(struct snapshot_writer *w)
{
	char path[SNAPSHOT_PATH];

	if (w->fd < 0)
		return;
	close(w->fd);
	w->fd = -1;
	if (!snapshot_path(path, w->directory, w->position, ".tmp"))
		unlink(path);
}
