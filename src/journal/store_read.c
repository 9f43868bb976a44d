#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal/store_lock.h"
#include "journal/store_private.h"
#include "journal/store_tools.h"

/* How long a tool waits for a server that is just writing. */
enum { BUSY_MS = 5000, SNAPSHOTS_MAX = 16 };

struct verifying {
	const struct store_check *check;
	struct store_verdict *verdict;
	uint64_t last;
};

static int sentence(const struct disk *d, int rc, char *why, size_t size)
{
	if (rc > 0)
		snprintf(why, size, "%s: %s", d->path, sqlite3_errstr(rc));
	return disk_errno(rc);
}

static int open_to_read(struct disk *d, const char *directory, char *why, size_t size)
{
	int64_t version = 0;
	int rc;

	disk_init(d, directory, 1);
	rc = disk_handle_open(d, SQLITE_OPEN_READONLY);
	if (!rc) {
		sqlite3_busy_timeout(d->db, BUSY_MS);
		rc = disk_number(d, "PRAGMA user_version", &version);
	}
	if (!rc && version != SCHEMA_VERSION) {
		snprintf(why, size,
			 "%s has schema %lld, this program reads %d: the server that goes with it moves it forward",
			 d->path, (long long)version, SCHEMA_VERSION);
		rc = -EPROTONOSUPPORT;
	}
	if (rc) {
		rc = sentence(d, rc, why, size);
		disk_deinit(d);
	}
	return rc;
}

static int walk(struct disk *d, store_record_fn each, void *ctx)
{
	static const char sql[] =
		"SELECT position, class, time, msgid, (SELECT name FROM targets WHERE id = target_id),"
		" bytes FROM journal ORDER BY position";
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);
	bool on = true;

	if (rc)
		return rc;
	while (on && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_record r = {
			.position = (uint64_t)sqlite3_column_int64(st, 0),
			.class = (enum journal_class)sqlite3_column_int(st, 1),
			.time = sqlite3_column_int64(st, 2),
			.msgid = disk_column(st, 3),
			.target = disk_column(st, 4),
			.bytes = disk_column(st, 5),
		};

		on = each(ctx, &r);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_dump(const char *directory, store_record_fn each, void *ctx, char *why, size_t size)
{
	struct disk d;
	int err = open_to_read(&d, directory, why, size);

	if (err)
		return err;
	err = sentence(&d, walk(&d, each, ctx), why, size);
	disk_deinit(&d);
	return err;
}

/* A server may finish a snapshot meanwhile and trim what it covers: one transaction sees all that the older ones need.
 */
int store_replay(const char *directory, journal_each_fn each, void *ctx, char *why, size_t size)
{
	struct restored r = {0};
	struct disk d;
	int64_t ignored;
	int rc = open_to_read(&d, directory, why, size);

	if (rc)
		return rc;
	rc = disk_exec(&d, "BEGIN");
	if (!rc)
		rc = disk_number(&d, "SELECT count(*) FROM meta", &ignored);
	if (!rc) {
		rc = restore_snapshot(directory, false, each, ctx, &r);
		if (rc)
			snprintf(why, size, "%s: %s", directory, strerror(-rc));
	}
	if (!rc && !r.ended)
		rc = restore_states(&d, each, ctx, &r);
	rc = sentence(&d, rc, why, size);
	disk_deinit(&d);
	return rc;
}

int store_rebuild(const char *directory, char *why, size_t size)
{
	int fd = store_lock(directory, why, size);
	struct disk d;
	int rc;

	if (fd < 0)
		return fd;
	disk_init(&d, directory, 1);
	rc = disk_open(&d, why, size);
	if (!rc) {
		rc = disk_project(&d);
		sentence(&d, rc, why, size);
	}
	disk_deinit(&d);
	close(fd);
	return disk_errno(rc);
}

static void fault(struct store_verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct store_verdict *v, const char *fmt, ...)
{
	va_list ap;

	if (v->faults++)
		return;
	va_start(ap, fmt);
	vsnprintf(v->first, sizeof(v->first), fmt, ap);
	va_end(ap);
}

static bool look_at_record(void *ctx, const struct store_record *r)
{
	struct verifying *v = ctx;
	unsigned long long position = r->position;

	if (r->class == JOURNAL_MESSAGE)
		v->verdict->messages++;
	else if (r->class == JOURNAL_STATE)
		v->verdict->states++;
	else
		fault(v->verdict, "the record at %llu has class %d", position, (int)r->class);
	if (r->position <= v->last)
		fault(v->verdict, "the record at %llu comes after one at %llu", position, (unsigned long long)v->last);
	if (!v->check->decodes(v->check->ctx, r))
		fault(v->verdict, "the record at %llu cannot be read", position);
	v->last = r->position;
	return true;
}

static bool look_at_item(void *ctx, uint64_t position, struct str bytes)
{
	struct verifying *v = ctx;
	const struct store_record r = {.position = position, .class = JOURNAL_STATE, .bytes = bytes};

	if (!v->check->decodes(v->check->ctx, &r))
		fault(v->verdict, "an item of the snapshot at %llu cannot be read", (unsigned long long)position);
	return true;
}

static void verify_snapshots(const char *directory, struct verifying *v)
{
	uint64_t positions[SNAPSHOTS_MAX], items = 0;
	int n = snapshot_list(directory, positions, SNAPSHOTS_MAX);
	bool good = false;

	for (int i = 0; i < n; i++) {
		int err = snapshot_read(directory, positions[i], look_at_item, v, &items);

		v->verdict->snapshots++;
		if (err)
			fault(v->verdict, "the snapshot at %llu is damaged", (unsigned long long)positions[i]);
		else if (!good)
			v->verdict->snapshot_items = items;
		good |= !err;
	}
}

/* Each query counts what should not be there. */
static int verify_projection(struct disk *d, struct verifying *v)
{
	static const struct {
		const char *sql, *fault;
	} checks[] = {
		{"SELECT count(*) FROM journal j LEFT JOIN message_at m ON m.target_id = j.target_id AND m.time = "
		 "j.time"
		 " AND m.position = j.position WHERE j.class = 1 AND j.target_id IS NOT NULL AND m.position IS NULL",
		 "messages that queries would not find"},
		{"SELECT count(*) FROM message_at m LEFT JOIN journal j ON j.position = m.position AND j.class = 1"
		 " AND j.target_id = m.target_id AND j.time = m.time WHERE j.position IS NULL",
		 "messages that are in queries alone"},
		{"SELECT count(*) FROM journal WHERE target_id NOT IN (SELECT id FROM targets)",
		 "messages to no target"},
		{"SELECT count(*) FROM journal WHERE position > (SELECT value FROM meta WHERE key = 'position')",
		 "records behind the counted end"},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int64_t n;
		int rc = disk_number(d, checks[i].sql, &n);

		if (rc)
			return rc;
		if (n)
			fault(v->verdict, "%lld %s", (long long)n, checks[i].fault);
	}
	return SQLITE_OK;
}

/* Its rows are what is wrong, or a single "ok". */
static int verify_file(struct disk *d, struct verifying *v)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(d->db, "PRAGMA integrity_check(100)", -1, &st, NULL);

	if (rc)
		return rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct str text = disk_column(st, 0);

		if (!str_eq(text, STR("ok")))
			fault(v->verdict, "%.*s", STR_ARG(text));
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_verify(const char *directory, const struct store_check *check, struct store_verdict *out, char *why,
		 size_t size)
{
	struct verifying v = {check, out, 0};
	struct disk d;
	int rc = open_to_read(&d, directory, why, size);

	*out = (struct store_verdict){0};
	if (rc)
		return rc;
	rc = disk_exec(&d, "BEGIN");
	if (!rc)
		rc = verify_file(&d, &v);
	if (!rc)
		rc = walk(&d, look_at_record, &v);
	if (!rc)
		rc = verify_projection(&d, &v);
	if (disk_is_damage(rc)) {
		fault(out, "%s: %s", d.path, sqlite3_errstr(rc));
		rc = SQLITE_OK;
	}
	verify_snapshots(directory, &v);
	rc = sentence(&d, rc, why, size);
	disk_deinit(&d);
	return rc;
}
