#include "journal/store_disk.h"

#include <string.h>

#include "base/mem.h"
#include "journal/history.h"

/* Names come from strangers: when there are more, all are forgotten and found again in the file. */
enum { TARGETS_MAX = 16384 };

struct target *disk_target_known(struct disk *d, struct str name)
{
	return map_get(&d->targets, name);
}

void disk_targets_forget(struct disk *d)
{
	const struct hash_key seed = d->targets.seed;
	const map_key_fn key = d->targets.key;
	struct target *t;
	uint32_t at = 0;

	while ((t = map_next(&d->targets, &at)))
		mem_free(t);
	map_deinit(&d->targets);
	map_init(&d->targets, key, &seed);
}

void disk_target_drop(struct disk *d, struct str name)
{
	struct target *t = map_get(&d->targets, name);

	map_del(&d->targets, name);
	mem_free(t);
}

static struct target *remember(struct disk *d, struct str name, int64_t id, int64_t count)
{
	struct target *t;

	if (d->targets.count >= TARGETS_MAX)
		disk_targets_forget(d);
	t = mem_alloc(sizeof(*t) + name.n);
	memcpy(t->memory, name.p, name.n);
	*t = (struct target){.id = id, .count = count, .name = {t->memory, name.n}};
	map_put(&d->targets, t);
	return t;
}

static int add(struct disk *d, struct str name, struct target **out)
{
	sqlite3_stmt *st = disk_statement(d, STMT_TARGET_ADD);
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, name.p, (int)name.n, SQLITE_STATIC);
	rc = disk_run(st);
	if (!rc)
		*out = remember(d, name, sqlite3_last_insert_rowid(d->db), 0);
	return rc;
}

int disk_target(struct disk *d, struct str name, struct target **out)
{
	sqlite3_stmt *st;
	int64_t id = 0;
	int rc;

	*out = map_get(&d->targets, name);
	if (*out)
		return SQLITE_OK;
	st = disk_statement(d, STMT_TARGET_GET);
	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, name.p, (int)name.n, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return add(d, name, out);
	if (rc != SQLITE_ROW)
		return rc;
	*out = remember(d, name, id, -1);
	return SQLITE_OK;
}

static int move_target(struct disk *d, struct str from, struct str to)
{
	sqlite3_stmt *st = disk_statement(d, STMT_TARGET_MOVE);

	if (!st)
		return disk_code(d);
	disk_target_drop(d, from);
	disk_target_drop(d, to);
	sqlite3_bind_text(st, 1, from.p, (int)from.n, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, to.p, (int)to.n, SQLITE_STATIC);
	return disk_run(st);
}

/* No channel has a comma in its name. */
static int put_aside(struct disk *d, struct str name, uint64_t position)
{
	char memory[HISTORY_NAME_MAX + 24];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_str(&b, name);
	buf_fmt(&b, ",%llu", (unsigned long long)position);
	return move_target(d, name, buf_view(&b));
}

int disk_targets_move(struct disk *d, struct str move, uint64_t position)
{
	char a[HISTORY_NAME_MAX], b[HISTORY_NAME_MAX];
	struct str from;
	int rc = SQLITE_OK;

	if (!str_split(&move, ' ', &from) || !move.n || str_eq(from, move))
		return rc;
	for (unsigned n = 0; n < HISTORY_FORMS && !rc; n++) {
		struct str to = history_form(b, move, n);

		rc = put_aside(d, to, position);
		if (!rc)
			rc = move_target(d, history_form(a, from, n), to);
	}
	return rc;
}
