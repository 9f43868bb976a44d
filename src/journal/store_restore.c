#include <errno.h>
#include <string.h>

#include "journal/store_private.h"

enum { SNAPSHOTS_MAX = 16 };

struct giving {
	journal_each_fn each;
	void *ctx;
	uint64_t given;
};

static bool give(void *ctx, uint64_t position, struct str bytes)
{
	struct giving *g = ctx;

	g->given++;
	return g->each(g->ctx, position, bytes);
}

static void say_damaged(const char *directory, uint64_t position, bool repair, int err)
{
	const char *reason = err == -EBADMSG ? "it is damaged" : strerror(-err);

	log_event(EVENT_SNAPSHOT_DAMAGED, LOG_FIELDS({"CHATD_FILE", directory}, {"CHATD_REASON", reason}),
		  "journal: %s/snapshot-%llu cannot be used: %s. The one before is taken, with the records since%s",
		  directory, (unsigned long long)position, reason,
		  repair ? "; it was renamed, its name ends with .damaged now" : "");
	if (repair)
		snapshot_set_aside(directory, position);
}

int restore_snapshot(const char *directory, bool repair, journal_each_fn each, void *ctx, struct restored *out)
{
	uint64_t positions[SNAPSHOTS_MAX];
	struct giving g = {each, ctx, 0};
	int n = snapshot_list(directory, positions, SNAPSHOTS_MAX);

	for (int i = 0; i < n; i++) {
		int err = snapshot_read(directory, positions[i], give, &g, NULL);

		if (err >= 0) {
			out->snapshot = positions[i];
			out->items = g.given;
			out->ended = err == 1;
			return 0;
		}
		/*
		 * Nothing is given before all of a file was found good, so after that it can only be the disk. And what
		 * cannot be opened may be good: without it, an older state would take its place.
		 */
		if (g.given || (err != -EBADMSG && err != -EIO))
			return err;
		out->damaged++;
		say_damaged(directory, positions[i], repair, err);
	}
	return n < 0 ? n : 0;
}

int restore_states(struct disk *d, journal_each_fn each, void *ctx, struct restored *out)
{
	sqlite3_stmt *st = disk_statement(d, STMT_STATE_READ);
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)out->snapshot);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct str bytes = disk_column(st, 1);

		out->states++;
		if (!each(ctx, (uint64_t)sqlite3_column_int64(st, 0), bytes)) {
			out->ended = true;
			break;
		}
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}
