#include "journal/journal.h"
#include "journal/store_search.h"

/* All that an account has said, by the index of words, in the order of positions: a page of it for each read. */

/* A text may hold the mark of an account: the record says whose it is. */
static int take_row(struct disk *d, struct history_read *r, sqlite3_stmt *st)
{
	struct history_row row = {.position = (uint64_t)sqlite3_column_int64(st, 0),
				  .time = sqlite3_column_int64(st, 3),
				  .msgid = disk_column(st, 4),
				  .bytes = disk_column(st, 2)};
	struct history_row *made;
	struct journal_text t = {0};

	r->seen = row.position;
	if (row.time < r->person_since || !d->text(row.bytes, &t) || !str_eq_nocase(t.account, r->person))
		return SQLITE_OK;
	made = history_row_new(&row);
	if (!made)
		return SQLITE_NOMEM;
	vec_push(&r->rows, made);
	return SQLITE_OK;
}

/* What is older than the account is not looked at at all. */
static int begin_behind(struct disk *d, struct history_read *r)
{
	int64_t last = 0;
	int rc = r->seen ? SQLITE_OK : disk_number(d, "SELECT max(position) FROM journal", &last);

	return rc || r->seen ? rc : disk_position_before(d, r->person_since, (uint64_t)last, &r->seen);
}

int store_said(void *ctx, struct history_read *r)
{
	struct disk *d = ctx;
	sqlite3_stmt *st = disk_statement(d, STMT_FORGET_FIND);
	char memory[INDEX_ACCOUNT_MAX];
	struct buf words;
	uint32_t looked = 0;
	int rc = st ? begin_behind(d, r) : disk_code(d);

	if (rc || !st)
		return rc;
	buf_init(&words, memory, sizeof(memory));
	index_put_account(&words, r->person);
	sqlite3_bind_text(st, 1, memory, (int)words.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)r->seen);
	sqlite3_bind_int64(st, 3, INT64_MAX);
	sqlite3_bind_int(st, 4, (int)r->limit);
	while (!rc && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		looked++;
		rc = take_row(d, r, st);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (rc == SQLITE_DONE && looked < r->limit)
		r->seen = UINT64_MAX;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
