#include "journal/store_disk.h"

#include <errno.h>

#include "journal/store_batch.h"

/* One step of deleting, so that a batch never waits long behind it. */
enum { TRIM_ROWS = 500 };

static int set_counter(struct disk *d, const char *key, uint64_t value)
{
	sqlite3_stmt *st = disk_statement(d, STMT_COUNTER_SET);

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)value);
	return disk_run(st);
}

/* The first batch of a process begins an epoch: from then on nothing may change but through it. */
static int claim(struct disk *d, uint64_t epoch, const struct batch *b)
{
	int rc;

	if (d->epoch <= epoch)
		d->epoch = epoch + 1;
	rc = set_counter(d, "epoch", d->epoch);
	return rc ? rc : set_counter(d, "batch", b->follows);
}

/*
 * SQLITE_DONE: the batch is stored already, by an attempt whose end was not seen. -ESTALE: the file is not what was
 * left there; the next batch takes it as it is.
 */
static int admit(struct disk *d, const struct batch *b)
{
	sqlite3_stmt *st = disk_statement(d, STMT_COUNTERS);
	uint64_t epoch = 0, number = 0;
	int rc;

	if (!st)
		return disk_code(d);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		epoch = (uint64_t)sqlite3_column_int64(st, 0);
		number = (uint64_t)sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
	if (!d->claimed)
		return claim(d, epoch, b);
	if (epoch == d->epoch && number >= b->number)
		return SQLITE_DONE;
	if (epoch == d->epoch && number >= b->follows)
		return SQLITE_OK;
	d->claimed = false;
	disk_note(d, EVENT_STORE_FOREIGN,
		  "journal: %s was changed by somebody else (epoch %llu batch %llu, expected %llu and %llu)", d->path,
		  (unsigned long long)epoch, (unsigned long long)number, (unsigned long long)d->epoch,
		  (unsigned long long)b->follows);
	return -ESTALE;
}

static int project(struct disk *d, struct target *t, const struct batch_record *r)
{
	sqlite3_stmt *st = disk_statement(d, STMT_MESSAGE_ADD);

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, t->id);
	sqlite3_bind_int64(st, 2, r->about.time);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)r->position);
	if (t->count >= 0)
		t->count++;
	return disk_run(st);
}

static int insert(struct disk *d, const struct batch_record *r)
{
	sqlite3_stmt *st = disk_statement(d, STMT_RECORD_ADD);
	struct target *t = NULL;
	int rc = SQLITE_OK;

	if (!st)
		return disk_code(d);
	if (r->class == JOURNAL_MESSAGE && r->about.target.n)
		rc = disk_target(d, r->about.target, &t);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)r->position);
	sqlite3_bind_int(st, 2, (int)r->class);
	sqlite3_bind_int64(st, 3, r->about.time);
	if (t)
		sqlite3_bind_int64(st, 4, t->id);
	else
		sqlite3_bind_null(st, 4);
	if (r->about.msgid.n)
		sqlite3_bind_text(st, 5, r->about.msgid.p, (int)r->about.msgid.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, 5);
	sqlite3_bind_blob(st, 6, r->bytes.p, (int)r->bytes.n, SQLITE_STATIC);
	rc = disk_run(st);
	return rc || !t ? rc : project(d, t, r);
}

static int write_one(struct disk *d, const struct batch_record *r)
{
	if (r->class == JOURNAL_REMOVAL)
		return disk_removal(d, r);
	return r->class == JOURNAL_REVISION ? disk_revision(d, r) : insert(d, r);
}

static int insert_all(struct disk *d, const struct batch *b)
{
	struct batch_record r;
	size_t at = 0;
	int rc = SQLITE_OK;

	while (!rc && batch_next(b, &at, &r)) {
		rc = write_one(d, &r);
		if (!rc && r.class == JOURNAL_STATE && r.about.target.n)
			rc = disk_targets_move(d, r.about.target, r.position);
	}
	if (!rc)
		rc = set_counter(d, "batch", b->number);
	return rc ? rc : set_counter(d, "position", b->last);
}

static int write_batch(struct disk *d, const struct batch *b)
{
	bool stored = false;
	int rc = b->durability == d->durability ? SQLITE_OK : disk_durability(d, b->durability);

	if (!rc)
		rc = disk_begin(d);
	if (rc)
		return rc;
	rc = admit(d, b);
	stored = rc == SQLITE_DONE;
	if (!rc)
		rc = insert_all(d, b);
	rc = disk_end(d, stored ? SQLITE_OK : rc);
	if (!rc && !stored)
		d->claimed = true;
	return rc;
}

int disk_write(struct disk *d, const struct batch *b)
{
	int rc = disk_ready(d);

	if (!rc)
		rc = disk_room(d, b->n);
	if (!rc)
		rc = write_batch(d, b);
	if (disk_is_damage(rc)) {
		rc = disk_renew(d, rc);
		if (!rc)
			rc = write_batch(d, b);
	}
	if (!rc) {
		d->position = b->last;
		return 0;
	}
	rc = disk_errno(rc);
	d->suspect = rc != -EBUSY && rc != -ESTALE;
	return rc;
}

int disk_trim(struct disk *d, uint64_t position)
{
	sqlite3_stmt *st;
	int rc;

	if (!d->db)
		return 0;
	st = disk_statement(d, STMT_STATE_TRIM);
	if (!st)
		return disk_errno(disk_code(d));
	sqlite3_bind_int64(st, 1, (sqlite3_int64)position);
	sqlite3_bind_int(st, 2, TRIM_ROWS);
	/* There may be something of somebody in it who wishes to be forgotten. */
	rc = disk_exec(d, "PRAGMA secure_delete = ON");
	if (!rc)
		rc = disk_run(st);
	disk_exec(d, "PRAGMA secure_delete = OFF");
	if (rc)
		return disk_errno(rc);
	return sqlite3_changes(d->db) == TRIM_ROWS;
}
