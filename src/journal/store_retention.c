#include "journal/history.h"
#include "journal/store_disk.h"

/* Of one step, so that a batch never waits long behind it. */
enum { RETAIN_ROWS = 256, RETAIN_TARGETS = 64 };

struct oldest {
	int64_t time;
	int64_t position;
};

struct step {
	struct disk *d;
	const struct retention *r;
	struct retain_pass *pass;
	int64_t now_ms;
	int budget; /* rows that may still be deleted */
};

static bool is_direct(const struct target *t)
{
	return history_is_talk(t->name) || str_starts(t->name, STR("*@"));
}

static int64_t age_of(const struct step *s, const struct target *t)
{
	return is_direct(t) ? s->r->direct_age_ms : s->r->age_ms;
}

static uint32_t bound_of(const struct step *s, const struct target *t)
{
	return is_direct(t) ? s->r->direct_count : s->r->count;
}

/* Once counted, the number follows what is written and deleted. */
static int count(struct disk *d, struct target *t)
{
	sqlite3_stmt *st;
	int rc;

	if (t->count >= 0)
		return SQLITE_OK;
	st = disk_statement(d, STMT_MESSAGE_COUNT);
	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, t->id);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		t->count = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* How many rows were found; negative: nothing of it holds, disk_code says why. */
static int read_oldest(struct step *s, const struct target *t, struct oldest *rows)
{
	sqlite3_stmt *st = disk_statement(s->d, STMT_MESSAGE_OLDEST);
	int rc, n = 0;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, t->id);
	sqlite3_bind_int(st, 2, s->budget + 1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		rows[n].time = sqlite3_column_int64(st, 0);
		rows[n++].position = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? n : -1;
}

static int delete_target(struct disk *d, struct target *t)
{
	sqlite3_stmt *st = disk_statement(d, STMT_TARGET_DEL);
	int rc;

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, t->id);
	rc = disk_run(st);
	if (!rc)
		disk_target_drop(d, t->name);
	return rc;
}

static bool is_over(const struct step *s, const struct target *t, const struct oldest *row)
{
	int64_t age = age_of(s, t);
	uint32_t bound = bound_of(s, t);

	return (age && row->time < s->now_ms - age) || (bound && t->count > bound);
}

static void expect(struct step *s, const struct target *t, const struct oldest *row)
{
	int64_t age = age_of(s, t);

	if (age && (!s->pass->next_ms || row->time + age < s->pass->next_ms))
		s->pass->next_ms = row->time + age;
}

/* Deletes the oldest of t while they are over the bounds and the budget lasts. *over: nothing is left to do here. */
static int retain_target(struct step *s, struct target *t, bool *over)
{
	struct oldest rows[RETAIN_ROWS + 1];
	int n = read_oldest(s, t, rows);
	int i, rc = SQLITE_OK;

	if (n < 0)
		return disk_code(s->d);
	for (i = 0; i < n && s->budget && is_over(s, t, &rows[i]) && !rc; i++) {
		rc = disk_message_remove(s->d, (uint64_t)rows[i].position);
		t->count--;
		s->budget--;
	}
	if (rc)
		return rc;
	*over = i == n || !is_over(s, t, &rows[i]);
	if (i < n)
		expect(s, t, &rows[i]);
	return t->count == 0 ? delete_target(s->d, t) : SQLITE_OK;
}

/* SQLITE_DONE: there is no further target. */
static int next_target(struct step *s, struct target **out)
{
	sqlite3_stmt *st = disk_statement(s->d, STMT_TARGET_NEXT);
	struct str name;
	int rc;

	if (!st)
		return disk_code(s->d);
	sqlite3_bind_int64(st, 1, s->pass->id);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		name.p = (const char *)sqlite3_column_text(st, 1);
		name.n = (size_t)sqlite3_column_bytes(st, 1);
		rc = disk_target(s->d, name, out);
	}
	sqlite3_reset(st);
	return rc;
}

static int one_target(struct step *s)
{
	struct target *t;
	bool over = false;
	int64_t id;
	int rc = next_target(s, &t);

	if (!rc)
		/* Where there is no statement the code is not 0: NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		rc = count(s->d, t);
	if (rc)
		return rc;
	id = t->id;
	rc = retain_target(s, t, &over);
	if (!rc && over)
		s->pass->id = id;
	return rc;
}

int disk_retain(struct disk *d, const struct retention *r, int64_t now_ms, struct retain_pass *pass)
{
	struct step s = {.d = d, .r = r, .pass = pass, .now_ms = now_ms, .budget = RETAIN_ROWS};
	bool over;
	int rc;

	if (!d->db)
		return 0;
	rc = disk_begin(d);
	if (rc)
		return disk_errno(rc);
	for (int i = 0; i < RETAIN_TARGETS && s.budget && !rc; i++)
		rc = one_target(&s);
	over = rc == SQLITE_DONE;
	rc = disk_end(d, over ? SQLITE_OK : rc);
	return rc ? disk_errno(rc) : !over;
}
