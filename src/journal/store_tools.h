#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "journal/journal.h"

/*
 * Looks at a store from outside, without changing it, also while a server has it open; rebuild alone needs it for
 * itself. All give 0 or -errno with a sentence in why.
 */
struct store_record {
	uint64_t position;
	enum journal_class class;
	int64_t time;      /* ms since 1970 */
	struct str msgid;  /* may be empty */
	struct str target; /* "@": to a user; empty: none */
	struct str bytes;
};

/* false ends the walk */
typedef bool (*store_record_fn)(void *ctx, const struct store_record *r);

/* Every record in the database, in order. */
int store_dump(const char *directory, store_record_fn each, void *ctx, char *why, size_t size);
/* What restore would give: the newest good snapshot, then the state behind it. */
int store_replay(const char *directory, journal_each_fn each, void *ctx, char *why, size_t size);
/* Drops and rebuilds what answers queries. */
int store_rebuild(const char *directory, char *why, size_t size);

struct store_verdict {
	uint64_t messages;
	uint64_t states;
	uint64_t snapshot_items; /* of the newest good one */
	uint32_t snapshots;
	uint64_t faults;
	char first[256]; /* what the first of them is */
};

/*
 * Looks at everything: the file (PRAGMA integrity_check), positions that rise, each record through decodes (of
 * snapshots too; class is JOURNAL_STATE), what answers queries against the records, and the hashes of the snapshots. 0
 * with a verdict, which may hold faults.
 */
struct store_check {
	bool (*decodes)(void *ctx, const struct store_record *r);
	void *ctx;
};

int store_verify(const char *directory, const struct store_check *check, struct store_verdict *out, char *why,
		 size_t size);
