#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/store.h"
#include "loop/loop.h"
#include "loop/worker.h"

/*
 * A store in a directory of its own, and an owner whose state is an array of numbers: a state record sets one of them.
 * What the owner is told is written down: "o1" for ordered, "d1" for durable, "f1:28" for one that will never be.
 */
enum { STATE_SIZE = 256 * 1024, SEEN_SIZE = 1 << 16 };

struct item {
	enum journal_class class;
	uint32_t key;
	uint32_t value;
	const char *target;
	const char *msgid; /* NULL: made from key and value */
	int64_t time;
	uint32_t padding; /* bytes behind it */
	bool nothing;     /* comes of it */
};

struct store_test {
	char directory[64];
	struct loop *loop;
	struct worker *worker;
	struct journal *journal;
	struct store_options options;
	bool (*text)(struct str bytes, struct journal_text *out); /* the owner's; NULL: nothing is looked for */
	char seen[SEEN_SIZE];
	size_t seen_n;
	uint64_t durable;   /* position told last */
	uint32_t durables;  /* how often */
	int err;            /* told last */
	uint32_t restored;  /* records */
	uint32_t asked;     /* items of snapshots that were asked for */
	uint64_t next_item; /* that a snapshot may ask for */
	uint32_t padding;   /* bytes behind each item */
	uint32_t size;      /* of the state in use */
	uint32_t *state;
	const struct item *nested; /* appended from within the next ordered */
	char msgid[32];
	uint32_t errors; /* entries of the log, by level */
	char logged[8192];
};

void store_test_begin(struct store_test *t); /* no store yet */
void store_test_end(struct store_test *t);   /* the directory goes too */
int store_test_try(struct store_test *t, char *why, size_t size);
void store_test_open(struct store_test *t);
void store_test_restore(struct store_test *t); /* the state is zeroed before */
void store_test_close(struct store_test *t);
/* Closes, opens, restores. */
void store_test_restart(struct store_test *t);

int store_test_append(struct store_test *t, const struct item *item);
void store_test_message(struct store_test *t, const char *target, uint32_t value);
void store_test_state(struct store_test *t, uint32_t key, uint32_t value);

/* Turns the loop until what holds; fails after ten seconds. */
void store_test_until(struct store_test *t, bool (*what)(struct store_test *t));
void store_test_settle(struct store_test *t); /* until all that was appended is durable, or will never be */
void store_test_turns(struct store_test *t, int64_t ms);

/* Compares with what was seen since the last time. */
void store_test_saw(struct store_test *t, const char *words);
bool store_test_logged(const struct store_test *t, const char *part);

/* The number that an SQL query gives from another connection; exec runs statements. */
int64_t store_test_number(const struct store_test *t, const char *sql);
void store_test_exec(const struct store_test *t, const char *sql);
/* Files of the directory whose names begin so, unfinished ones (.tmp) only when asked for. The name of the last of them
 * in name, if not NULL. */
int store_test_files(const struct store_test *t, const char *prefix, char name[256]);
void store_test_path(const struct store_test *t, const char *name, char path[512]);
