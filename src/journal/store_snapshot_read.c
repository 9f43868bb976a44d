#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/store_snapshot.h"
#include "journal/store_snapshot_file.h"

struct reader {
	int fd;
	uint64_t position;
	uint64_t chain;
	uint64_t records;
	bool over; /* the last block was seen */
	char *block;
	size_t n;
	uint32_t in_block;
	size_t cap;
};

/* -EBADMSG: the file ends before. */
static int read_all(int fd, char *p, size_t n)
{
	while (n) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EBADMSG;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int read_head(struct reader *r)
{
	char head[FILE_HEAD], expected[FILE_HEAD];
	int err = lseek(r->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	if (!err)
		err = read_all(r->fd, head, sizeof(head));
	if (err)
		return err;
	r->chain = snapshot_head(expected, r->position);
	r->records = 0;
	r->over = false;
	return memcmp(head, expected, sizeof(head)) == 0 ? 0 : -EBADMSG;
}

static int make_room(struct reader *r, size_t n)
{
	if (n <= r->cap)
		return 0;
	mem_free(r->block);
	r->cap = 0;
	r->block = mem_try_alloc(n);
	if (!r->block)
		return -ENOMEM;
	r->cap = n;
	return 0;
}

/* The last block has the count of all records, and nothing comes after it. */
static int end_reading(struct reader *r)
{
	char more;

	r->over = true;
	if (r->n != LAST_BLOCK || get_u64(r->block) != r->records)
		return -EBADMSG;
	return read(r->fd, &more, 1) == 0 ? 0 : -EBADMSG;
}

static int read_block(struct reader *r)
{
	char head[BLOCK_HEAD];
	int err = read_all(r->fd, head, sizeof(head));

	if (err)
		return err;
	r->n = get_u32(head);
	r->in_block = get_u32(head + 4);
	if (r->n > BLOCK_MAX)
		return -EBADMSG;
	err = make_room(r, r->n);
	if (!err)
		err = read_all(r->fd, r->block, r->n);
	if (err)
		return err;
	r->chain = snapshot_hash(r->chain, r->in_block, (struct str){r->block, r->n});
	if (r->chain != get_u64(head + 8))
		return -EBADMSG;
	r->records += r->in_block;
	return r->in_block ? 0 : end_reading(r);
}

/* Walks the frames of the block. 1: each ended it. */
static int walk(const struct reader *r, journal_each_fn each, void *ctx)
{
	const char *p = r->block;
	size_t left = r->n;

	for (uint32_t i = 0; i < r->in_block; i++) {
		size_t n;

		if (left < FRAME_HEAD)
			return -EBADMSG;
		n = get_u32(p);
		if (n > left - FRAME_HEAD)
			return -EBADMSG;
		if (each && !each(ctx, r->position, (struct str){p + FRAME_HEAD, n}))
			return 1;
		p += FRAME_HEAD + n;
		left -= FRAME_HEAD + n;
	}
	return left && r->in_block ? -EBADMSG : 0;
}

static int pass(struct reader *r, journal_each_fn each, void *ctx)
{
	int err = read_head(r);

	while (!err && !r->over) {
		err = read_block(r);
		if (!err)
			err = walk(r, each, ctx);
	}
	return err;
}

int snapshot_read(const char *directory, uint64_t position, journal_each_fn each, void *ctx, uint64_t *records)
{
	struct reader r = {.position = position};
	char path[SNAPSHOT_PATH];
	int err = snapshot_path(path, directory, position, "");

	if (err)
		return err;
	r.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return -errno;
	err = pass(&r, NULL, NULL);
	if (records)
		*records = r.records;
	if (!err && each)
		err = pass(&r, each, ctx);
	mem_free(r.block);
	close(r.fd);
	return err;
}
