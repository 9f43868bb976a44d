#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * The form of a snapshot: little-endian. The file's head: magic, version, 0, position, hash. A block: length of its
 * frames, how many, hash; frames. The last block holds no frame but the number of all, eight bytes.
 */
enum { FILE_HEAD = 32, BLOCK_HEAD = 16, LAST_BLOCK = 8, SNAPSHOT_VERSION = 1, SNAPSHOT_PATH = 4096 };

struct block_head {
	uint32_t bytes;
	uint32_t records;
	uint64_t hash;
};

void put_u32(char *p, uint32_t v);
void put_u64(char *p, uint64_t v);
uint32_t get_u32(const char *p);
uint64_t get_u64(const char *p);

/* Fills the 32 bytes and gives the hash that the first block stands on. */
uint64_t snapshot_head(char head[FILE_HEAD], uint64_t position);
uint64_t snapshot_hash(uint64_t chain, uint32_t records, struct str bytes);

/* 0 or -ENAMETOOLONG. suffix: "", ".tmp" or ".damaged". */
int snapshot_path(char path[SNAPSHOT_PATH], const char *directory, uint64_t position, const char *suffix);
