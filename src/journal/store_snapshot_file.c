#include "journal/store_snapshot_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "journal/store_snapshot.h"

static const char prefix[] = "snapshot-";

void put_u32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

void put_u64(char *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

uint32_t get_u32(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)(unsigned char)p[i] << 8 * i;
	return v;
}

uint64_t get_u64(const char *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

uint64_t snapshot_head(char head[FILE_HEAD], uint64_t position)
{
	uint64_t hash;

	memcpy(head, "chatsnap", 8);
	put_u32(head + 8, SNAPSHOT_VERSION);
	put_u32(head + 12, 0);
	put_u64(head + 16, position);
	hash = snapshot_hash(0, 0, (struct str){head, 24});
	put_u64(head + 24, hash);
	return hash;
}

/* The keys stand in the program: this finds accidents, and no forger is kept out of a file that only we can write. */
uint64_t snapshot_hash(uint64_t chain, uint32_t records, struct str bytes)
{
	const struct hash_key key = {{chain, records}};

	return hash_bytes(&key, bytes);
}

int snapshot_path(char path[SNAPSHOT_PATH], const char *directory, uint64_t position, const char *suffix)
{
	int n = snprintf(path, SNAPSHOT_PATH, "%s/%s%llu%s", directory, prefix, (unsigned long long)position, suffix);

	return n < SNAPSHOT_PATH ? 0 : -ENAMETOOLONG;
}

/* Takes name apart; false when it is not a snapshot's with this suffix. */
static bool read_name(const char *name, const char *suffix, uint64_t *position)
{
	struct str digits = str_of(name);
	unsigned long long value;
	size_t n = strlen(suffix);

	if (!str_starts(digits, str_of(prefix)))
		return false;
	digits.p += sizeof(prefix) - 1;
	digits.n -= sizeof(prefix) - 1;
	if (digits.n < n || memcmp(digits.p + digits.n - n, suffix, n) != 0)
		return false;
	digits.n -= n;
	if (!str_u64(digits, INT64_MAX, &value))
		return false;
	*position = value;
	return true;
}

/* Keeps positions sorted, newest first, and drops the oldest when there are more than max. */
static int insert(uint64_t *positions, int n, int max, uint64_t position)
{
	int at = n;

	if (n == max) {
		if (positions[n - 1] >= position)
			return n;
		at = --n;
	}
	for (; at > 0 && positions[at - 1] < position; at--)
		positions[at] = positions[at - 1];
	positions[at] = position;
	return n + 1;
}

int snapshot_list(const char *directory, uint64_t *positions, int max)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	uint64_t position;
	int n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (read_name(entry->d_name, "", &position))
			n = insert(positions, n, max, position);
	closedir(dir);
	return n;
}

void snapshot_clean(const char *directory)
{
	DIR *dir = opendir(directory);
	char path[SNAPSHOT_PATH];
	struct dirent *entry;
	uint64_t position;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (read_name(entry->d_name, ".tmp", &position) && !snapshot_path(path, directory, position, ".tmp"))
			unlink(path);
	closedir(dir);
}

void snapshot_set_aside(const char *directory, uint64_t position)
{
	char from[SNAPSHOT_PATH], to[SNAPSHOT_PATH];

	if (!snapshot_path(from, directory, position, "") && !snapshot_path(to, directory, position, ".damaged"))
		(void)rename(from, to);
}
