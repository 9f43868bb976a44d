#include "journal/store_disk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/*
 * The words of messages, for those who look for them. Filled behind the writing, in steps; the counter 'indexed' says
 * how far. The table holds no text: of a message that goes the words are made once more, as they were put in. The form
 * of what is put in has a number, and another one than the file's makes the table begin anew.
 */
enum { NAME_MAX_BYTES = 128, MARK_SIZE = 4 };

/* Values of the counter 'index_stale', and how much of the index is written in one step. */
#define STALE "1"
#define SCRUBBING "2"
#define SCRUB_PAGES "16"

/* A letter that no keyboard has: in front of what is no word of the text. */
#define MARK "\xee\x80\x80"

static void put_hex(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = s.n < NAME_MAX_BYTES ? s.n : NAME_MAX_BYTES;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)s.p[i]);

		buf_chr(out, digits[c >> 4]);
		buf_chr(out, digits[c & 15]);
	}
}

void index_put_name(struct buf *out, char kind, struct str name)
{
	buf_cstr(out, MARK);
	buf_chr(out, kind);
	put_hex(out, name);
	buf_chr(out, ' ');
}

void index_put_account(struct buf *out, struct str account)
{
	buf_chr(out, '"');
	index_put_name(out, INDEX_ACCOUNT, account);
	out->n--;
	buf_chr(out, '"');
}

void index_put_target(struct buf *out, int64_t id)
{
	buf_fmt(out, MARK "t%llx ", (unsigned long long)id);
}

/* A text that holds the letter all the same would pass for one of somebody else, or of another place. */
static void put_text(struct buf *out, struct str text)
{
	const size_t n = sizeof(MARK) - 1;

	for (size_t i = 0; i < text.n;) {
		bool marked = text.n - i >= n && memcmp(text.p + i, MARK, n) == 0;

		buf_chr(out, marked ? ' ' : text.p[i]);
		i += marked ? n : 1;
	}
}

static void put_words(struct buf *out, int64_t target, const struct journal_text *t)
{
	if (t->account.n)
		index_put_name(out, INDEX_ACCOUNT, t->account);
	/* Without a text it is nothing that somebody looks for. */
	if (!t->text.n)
		return;
	index_put_target(out, target);
	if (t->nick.n)
		index_put_name(out, INDEX_NICK, t->nick);
	put_text(out, t->text);
}

/* Puts the words of a message in, or takes them out. */
static int change(struct disk *d, enum disk_statement which, const struct message_row *m)
{
	sqlite3_stmt *st = disk_statement(d, which);
	struct journal_text t = {0};
	struct buf b;
	size_t size;
	char *memory;
	int rc;

	if (!st)
		return disk_code(d);
	if (!d->text(m->bytes, &t))
		return SQLITE_OK;
	size = t.text.n + 4 * (size_t)NAME_MAX_BYTES + 64;
	memory = mem_try_alloc(size);
	if (!memory)
		return SQLITE_NOMEM;
	buf_init(&b, memory, size);
	put_words(&b, m->target_id, &t);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)m->position);
	sqlite3_bind_text(st, 2, memory, (int)b.n, SQLITE_STATIC);
	rc = disk_run(st);
	sqlite3_clear_bindings(st);
	mem_free(memory);
	return rc;
}

static int set_mark(struct disk *d, uint64_t position)
{
	sqlite3_stmt *st = disk_statement(d, STMT_COUNTER_SET);

	if (!st)
		return disk_code(d);
	sqlite3_bind_text(st, 1, "indexed", -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)position);
	return disk_run(st);
}

/* What is wrong with the words is no harm to the messages: the table begins anew. */
static int begin_anew(struct disk *d)
{
	int rc = disk_exec(d, INDEX_DROP INDEX_CREATE);

	if (rc)
		return rc;
	d->indexed = 0;
	disk_note(d, EVENT_STORE_UPGRADED, "journal: the words of %s are indexed anew", d->path);
	return SQLITE_OK;
}

int disk_index_remove(struct disk *d, const struct message_row *m)
{
	int rc;

	if (!d->text || m->position > d->indexed)
		return SQLITE_OK;
	rc = change(d, STMT_INDEX_REMOVE, m);
	return rc == SQLITE_CORRUPT_VTAB ? begin_anew(d) : rc;
}

int disk_index_add(struct disk *d, const struct message_row *m)
{
	if (!d->text || m->position > d->indexed)
		return SQLITE_OK;
	return change(d, STMT_INDEX_ADD, m);
}

/* SQLite from 3.42 on could do it at once, in a form that no older one reads; this works with all of them. */
int disk_index_mark_stale(struct disk *d)
{
	return disk_exec(d, "INSERT OR REPLACE INTO meta(key, value) VALUES('index_stale', " STALE ")");
}

/* All parts of the index become one, of which no word is left that no message has. */
static int scrub(struct disk *d, bool begun, bool *more)
{
	int before = sqlite3_total_changes(d->db);
	int rc;

	*more = true;
	if (!begun)
		return disk_exec(d, "UPDATE meta SET value = " SCRUBBING " WHERE key = 'index_stale';"
				    "INSERT INTO message_text(message_text, rank) VALUES('merge', -" SCRUB_PAGES ")");
	rc = disk_exec(d, "INSERT INTO message_text(message_text, rank) VALUES('merge', " SCRUB_PAGES ")");
	/* As its manual says, one change is the command itself: there was nothing to do. */
	if (rc || sqlite3_total_changes(d->db) - before > 1)
		return rc;
	*more = false;
	return disk_exec(d, "DELETE FROM meta WHERE key = 'index_stale'");
}

int disk_index_scrub_step(struct disk *d)
{
	int64_t stale = 0;
	bool more = false;
	int rc;

	if (!d->db || !d->text)
		return 0;
	rc = disk_number(d, "SELECT value FROM meta WHERE key = 'index_stale'", &stale);
	if (rc || !stale)
		return disk_errno(rc);
	rc = disk_exec(d, "PRAGMA secure_delete = ON");
	if (!rc)
		rc = disk_begin(d);
	if (!rc)
		/* It is that number, in the words of SQL: NOLINTNEXTLINE(cert-err34-c) */
		rc = scrub(d, stale == atoi(SCRUBBING), &more);
	if (rc == SQLITE_CORRUPT_VTAB)
		rc = begin_anew(d);
	rc = disk_end(d, rc);
	disk_exec(d, "PRAGMA secure_delete = OFF");
	return rc ? disk_errno(rc) : more;
}

/* How many rows were looked at, up to rows; negative: *rc says why not. */
static int index_rows(struct disk *d, uint32_t rows, uint64_t *last, int *rc)
{
	sqlite3_stmt *st = disk_statement(d, STMT_INDEX_NEXT);
	int n = 0;

	*rc = st ? SQLITE_OK : disk_code(d);
	if (*rc)
		return -1;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)d->indexed);
	sqlite3_bind_int64(st, 2, rows);
	while (!*rc && sqlite3_step(st) == SQLITE_ROW) {
		struct message_row m = {.position = (uint64_t)sqlite3_column_int64(st, 0),
					.target_id = sqlite3_column_int64(st, 2),
					.bytes = disk_column(st, 3)};

		if (sqlite3_column_int(st, 1) == JOURNAL_MESSAGE && m.target_id)
			*rc = change(d, STMT_INDEX_ADD, &m);
		*last = m.position;
		n++;
	}
	sqlite3_reset(st);
	return *rc ? -1 : n;
}

static int step(struct disk *d, uint32_t rows, uint64_t *last, bool *more)
{
	int rc;
	int n = index_rows(d, rows, last, &rc);

	if (n < 0)
		return rc;
	*more = n == (int)rows;
	if (!*more && d->position > *last)
		*last = d->position;
	return set_mark(d, *last);
}

int disk_index_step(struct disk *d, uint32_t rows)
{
	uint64_t last = d->indexed;
	bool more = false;
	int rc;

	if (!d->db || !d->text || d->indexed >= d->position)
		return 0;
	rc = disk_begin(d);
	if (rc)
		return disk_errno(rc);
	rc = step(d, rows, &last, &more);
	if (rc == SQLITE_CORRUPT_VTAB) {
		rc = begin_anew(d);
		more = true;
		last = 0;
	}
	rc = disk_end(d, rc);
	if (rc)
		return disk_errno(rc);
	d->indexed = last;
	return more;
}

int disk_index_open(struct disk *d)
{
	int64_t form = 0, mark = 0;
	int rc = disk_number(d, "SELECT value FROM meta WHERE key = 'index_form'", &form);

	if (!rc)
		rc = disk_number(d, "SELECT value FROM meta WHERE key = 'indexed'", &mark);
	if (rc)
		return rc;
	d->indexed = (uint64_t)mark;
	if (form == INDEX_FORM)
		return SQLITE_OK;
	rc = disk_begin(d);
	return rc ? rc : disk_end(d, begin_anew(d));
}
