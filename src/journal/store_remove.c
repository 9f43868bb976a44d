#include "journal/store_disk.h"

#include <stdio.h>
#include <string.h>

#include "journal/history.h"
#include "journal/store_batch.h"

/*
 * Messages that go: one at the wish of somebody, all of an account, or those that are over the bounds. What goes by
 * wish is overwritten in the file, and its words go out of the index.
 */
enum { FORGET_ROWS = 64, PLACES_MAX = 1024 };

static int run_with(struct disk *d, enum disk_statement which, int64_t value)
{
	sqlite3_stmt *st = disk_statement(d, which);

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, value);
	return disk_run(st);
}

static int remove_place(struct disk *d, const struct message_row *m)
{
	sqlite3_stmt *st = disk_statement(d, STMT_MESSAGE_DEL);

	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, m->target_id);
	sqlite3_bind_int64(st, 2, m->time);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)m->position);
	return disk_run(st);
}

static int remove_row(struct disk *d, const struct message_row *m)
{
	int rc = disk_index_remove(d, m);

	if (!rc)
		rc = remove_place(d, m);
	return rc ? rc : run_with(d, STMT_RECORD_DEL, (int64_t)m->position);
}

/* SQLITE_ROW: m is what is there, until *st is reset. SQLITE_OK: there is nothing. */
static int find_row(struct disk *d, uint64_t position, sqlite3_stmt **st, struct message_row *m)
{
	int rc;

	*st = disk_statement(d, STMT_RECORD_GET);
	if (!*st)
		return disk_code(d);
	sqlite3_bind_int64(*st, 1, (sqlite3_int64)position);
	rc = sqlite3_step(*st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_OK : rc;
	*m = (struct message_row){
		.position = position,
		.target_id = sqlite3_column_int64(*st, 0),
		.time = sqlite3_column_int64(*st, 1),
		.bytes = disk_column(*st, 2),
	};
	return rc;
}

int disk_message_remove(struct disk *d, uint64_t position)
{
	sqlite3_stmt *st;
	struct message_row m;
	int rc = find_row(d, position, &st, &m);

	if (rc == SQLITE_ROW)
		rc = remove_row(d, &m);
	sqlite3_reset(st);
	return rc;
}

/* The number that is kept of its target's messages. */
static void count_down(struct disk *d, int64_t target_id)
{
	sqlite3_stmt *st = disk_statement(d, STMT_TARGET_NAME);
	struct target *t = NULL;

	if (!st)
		return;
	sqlite3_bind_int64(st, 1, target_id);
	if (sqlite3_step(st) == SQLITE_ROW)
		t = disk_target_known(d, disk_column(st, 0));
	sqlite3_reset(st);
	if (t && t->count > 0)
		t->count--;
}

/* By wish. */
static int erase(struct disk *d, uint64_t position, int64_t target_id)
{
	int rc = disk_exec(d, "PRAGMA secure_delete = ON");

	if (!rc)
		rc = disk_message_remove(d, position);
	if (!rc && d->text && position <= d->indexed)
		rc = disk_index_mark_stale(d);
	disk_exec(d, "PRAGMA secure_delete = OFF");
	count_down(d, target_id);
	return rc;
}

/* 0 in *position: it is not kept. */
static int find_by_msgid(struct disk *d, struct str msgid, uint64_t *position, int64_t *target)
{
	sqlite3_stmt *st = disk_statement(d, STMT_MESSAGE_FIND);
	int rc;

	*position = 0;
	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, msgid.p, (int)msgid.n, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*position = (uint64_t)sqlite3_column_int64(st, 0);
		*target = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int erase_by_msgid(struct disk *d, struct str msgid)
{
	uint64_t position;
	int64_t target;
	int rc = find_by_msgid(d, msgid, &position, &target);

	return rc || !position ? rc : erase(d, position, target);
}

static int revise_row(struct disk *d, struct message_row *m, struct str bytes)
{
	sqlite3_stmt *st = disk_statement(d, STMT_RECORD_REVISE);
	int rc = disk_index_remove(d, m);

	if (rc || !st)
		return rc ? rc : disk_code(d);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)m->position);
	sqlite3_bind_blob(st, 2, bytes.p, (int)bytes.n, SQLITE_STATIC);
	rc = disk_run(st);
	sqlite3_clear_bindings(st);
	m->bytes = bytes;
	if (!rc)
		rc = disk_index_add(d, m);
	return rc || !d->text || m->position > d->indexed ? rc : disk_index_mark_stale(d);
}

static int revise(struct disk *d, uint64_t position, struct str bytes)
{
	sqlite3_stmt *st;
	struct message_row m;
	int rc = find_row(d, position, &st, &m);

	if (rc == SQLITE_ROW)
		rc = revise_row(d, &m, bytes);
	sqlite3_reset(st);
	return rc;
}

/* What it said before is overwritten, as what was taken back. */
int disk_revision(struct disk *d, const struct batch_record *r)
{
	uint64_t position;
	int64_t target;
	int rc = find_by_msgid(d, r->about.msgid, &position, &target);

	if (rc || !position)
		return rc;
	rc = disk_exec(d, "PRAGMA secure_delete = ON");
	if (!rc)
		rc = revise(d, position, r->bytes);
	disk_exec(d, "PRAGMA secure_delete = OFF");
	return rc;
}

/* The first record behind that position, where it is older than since; 0: it is not, or there is none. */
static int older_after(struct disk *d, uint64_t position, int64_t since, uint64_t *older)
{
	sqlite3_stmt *st = disk_statement(d, STMT_RECORD_AFTER);
	int rc;

	*older = 0;
	if (!st)
		return disk_code(d);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)position);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && sqlite3_column_int64(st, 1) < since)
		*older = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int disk_position_before(struct disk *d, int64_t since, uint64_t last, uint64_t *before)
{
	uint64_t low = 0, high = last, older;
	int rc = SQLITE_OK;

	while (low < high && !rc) {
		uint64_t middle = low + (high - low) / 2;

		rc = older_after(d, middle, since, &older);
		if (older)
			low = older;
		else
			high = middle;
	}
	*before = low;
	return rc;
}

/* Their ids, with a comma on each side, for the names may be given to others before it is done. */
static int put_ids(struct disk *d, struct str places, struct buf *out)
{
	char memory[HISTORY_NAME_MAX];
	int rc = SQLITE_OK;
	struct str place;
	int64_t id;

	while (str_split(&places, '\n', &place))
		for (unsigned n = 0; n < HISTORY_FORMS && !rc; n++) {
			rc = disk_target_id(d, history_form(memory, place, n), &id);
			if (id)
				buf_fmt(out, "%s%lld,", out->n ? "" : ",", (long long)id);
		}
	return rc;
}

static int forget_later(struct disk *d, const struct batch_record *r)
{
	struct str places = r->about.target, account = STR_NONE;
	bool there = str_split(&places, '\n', &account) && places.n && !str_eq(places, STR("*"));
	char ids[PLACES_MAX];
	uint64_t before;
	struct buf b;
	int rc = disk_position_before(d, r->about.time, r->position, &before);
	sqlite3_stmt *st = rc ? NULL : disk_statement(d, STMT_FORGET_ADD);

	if (!st)
		return rc ? rc : disk_code(d);
	buf_init(&b, ids, sizeof(ids));
	rc = there ? put_ids(d, places, &b) : SQLITE_OK;
	/* Nothing is kept of there. */
	if (rc || (there && !b.n))
		return rc;
	if (!there)
		buf_str(&b, places);
	sqlite3_bind_text(st, 1, account.p, (int)account.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)r->position);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)before);
	sqlite3_bind_text(st, 4, ids, (int)b.n, SQLITE_STATIC);
	return disk_run(st);
}

int disk_removal(struct disk *d, const struct batch_record *r)
{
	if (r->about.msgid.n)
		return erase_by_msgid(d, r->about.msgid);
	return r->about.target.n ? forget_later(d, r) : SQLITE_OK;
}

/* An account about to be forgotten. */
struct forgetting {
	char account[128];
	char places[PLACES_MAX]; /* as in the table */
	uint64_t upto, at;
};

static void copy(char *dst, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	memcpy(dst, s.p ? s.p : "", n);
	dst[n] = '\0';
}

static int next_forgetting(struct disk *d, struct forgetting *f)
{
	sqlite3_stmt *st = disk_statement(d, STMT_FORGET_NEXT);
	int rc;

	if (!st)
		return disk_code(d);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		copy(f->account, sizeof(f->account), disk_column(st, 0));
		copy(f->places, sizeof(f->places), disk_column(st, 3));
		f->upto = (uint64_t)sqlite3_column_int64(st, 1);
		f->at = (uint64_t)sqlite3_column_int64(st, 2);
	}
	sqlite3_reset(st);
	return rc;
}

/* Somebody may have written the mark of another account into a text: the record says whose it is. */
static bool is_whose(struct disk *d, struct str bytes, const char *account)
{
	struct journal_text t = {0};

	return d->text(bytes, &t) && str_eq_nocase(t.account, str_of(account));
}

static bool is_there(const struct forgetting *f, int64_t target)
{
	char id[24];

	snprintf(id, sizeof(id), ",%lld,", (long long)target);
	return f->places[0] != ',' || strstr(f->places, id);
}

struct found {
	uint64_t position;
	int64_t target;
};

/* How many of the account's are in found; *seen: up to where it has looked, UINT64_MAX at the end. */
static int find_some(struct disk *d, const struct forgetting *f, struct found found[FORGET_ROWS], uint64_t *seen,
		     int *rc)
{
	sqlite3_stmt *st = disk_statement(d, STMT_FORGET_FIND);
	char memory[INDEX_ACCOUNT_MAX];
	struct buf words;
	int n = 0, looked = 0;

	buf_init(&words, memory, sizeof(memory));
	index_put_account(&words, str_of(f->account));
	if (!st) {
		*rc = disk_code(d);
		return 0;
	}
	sqlite3_bind_text(st, 1, memory, (int)words.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)f->at);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)f->upto);
	sqlite3_bind_int(st, 4, FORGET_ROWS);
	while ((*rc = sqlite3_step(st)) == SQLITE_ROW) {
		*seen = (uint64_t)sqlite3_column_int64(st, 0);
		looked++;
		if (is_there(f, sqlite3_column_int64(st, 1)) && is_whose(d, disk_column(st, 2), f->account))
			found[n++] = (struct found){*seen, sqlite3_column_int64(st, 1)};
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	*rc = *rc == SQLITE_DONE ? SQLITE_OK : *rc;
	if (looked < FORGET_ROWS)
		*seen = UINT64_MAX;
	return n;
}

/* With which of the two it is over, or goes on behind that position. */
static int set_forgetting(struct disk *d, const struct forgetting *f, enum disk_statement which, uint64_t position)
{
	sqlite3_stmt *st = disk_statement(d, which);

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, f->account, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)position);
	sqlite3_bind_text(st, 3, f->places, -1, SQLITE_STATIC);
	return disk_run(st);
}

/* What was kept of an account goes when nothing of before is needed any more: a snapshot stands in its place. */
static int end_forgetting(struct disk *d, const struct forgetting *f, bool *waits)
{
	int64_t oldest = 0;
	int rc = f->places[0] == '*' ? disk_number(d, "SELECT min(position) FROM journal WHERE class = 2", &oldest)
				     : SQLITE_OK;

	*waits = oldest && (uint64_t)oldest <= f->upto;
	if (rc)
		return rc;
	return *waits ? set_forgetting(d, f, STMT_FORGET_MOVE, f->upto) : set_forgetting(d, f, STMT_FORGET_DEL, f->upto);
}

static int forget_some(struct disk *d, const struct forgetting *f, bool *waits)
{
	struct found found[FORGET_ROWS];
	uint64_t seen = 0;
	int rc;
	int n = find_some(d, f, found, &seen, &rc);

	for (int i = 0; i < n && !rc; i++)
		rc = erase(d, found[i].position, found[i].target);
	if (rc)
		return rc;
	return seen == UINT64_MAX ? end_forgetting(d, f, waits) : set_forgetting(d, f, STMT_FORGET_MOVE, seen);
}

int disk_forget_step(struct disk *d)
{
	struct forgetting f = {.upto = 0};
	bool waits = false;
	int rc;

	if (!d->db || !d->text)
		return 0;
	rc = next_forgetting(d, &f);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : disk_errno(rc);
	/* The words say where its messages are. */
	if (d->indexed < f.upto && d->indexed < d->position) {
		rc = disk_index_step(d, INDEX_ROWS);
		return rc < 0 ? rc : 1;
	}
	rc = disk_begin(d);
	if (!rc)
		rc = disk_end(d, forget_some(d, &f, &waits));
	if (rc)
		return disk_errno(rc);
	return waits ? DISK_FORGET_STATE : 1;
}
