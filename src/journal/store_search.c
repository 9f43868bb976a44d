#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/store_search.h"

/*
 * Messages by their words. What strangers look for is cut into words by the very code that cut the messages, and each
 * goes into the query in quotes: there is nothing of theirs that the query could be made to mean. Rights are those of
 * the targets, and are looked at in each row; that targets are words too only makes it faster.
 */
enum { TERMS_MAX = 32, TARGETS_MAX = 512, EXPR_MAX = 48 << 10, LONGEST_MS = 500, STEPS = 2000 };

struct hunt {
	struct disk *d;
	struct history_read *r;
	int64_t *ids; /* of the targets, 0: nothing is kept of it */
	uint32_t known;
	struct buf expr;
	unsigned terms;
	int64_t until_ms;
};

static int take_token(void *ctx, int flags, const char *token, int n, int start, int end)
{
	struct hunt *h = ctx;

	(void)flags;
	(void)start;
	(void)end;
	if (h->terms >= TERMS_MAX)
		return SQLITE_OK;
	if (h->terms++)
		buf_cstr(&h->expr, " AND ");
	buf_chr(&h->expr, '"');
	buf_add(&h->expr, token, (size_t)n);
	buf_chr(&h->expr, '"');
	return SQLITE_OK;
}

static int cut_into_words(struct hunt *h, struct str text)
{
	const char *options[] = {"remove_diacritics", "2"};
	fts5_api *api = NULL;
	fts5_tokenizer cutter;
	Fts5Tokenizer *made = NULL;
	void *ctx = NULL;
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(h->d->db, "SELECT fts5(?1)", -1, &st, NULL);

	if (rc)
		return rc;
	sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
	sqlite3_step(st);
	sqlite3_finalize(st);
	if (!api)
		return SQLITE_ERROR;
	rc = api->xFindTokenizer(api, "unicode61", &ctx, &cutter);
	if (!rc)
		rc = cutter.xCreate(ctx, options, 2, &made);
	if (!rc)
		rc = cutter.xTokenize(made, h, FTS5_TOKENIZE_QUERY, text.p, (int)text.n, take_token);
	if (made)
		cutter.xDelete(made);
	return rc;
}

static void put_nick(struct hunt *h)
{
	if (h->terms++)
		buf_cstr(&h->expr, " AND ");
	buf_chr(&h->expr, '"');
	index_put_name(&h->expr, INDEX_NICK, h->r->search.nick);
	h->expr.n--;
	buf_chr(&h->expr, '"');
}

static void put_targets(struct hunt *h)
{
	const char *between = h->terms ? " AND (" : "(";

	if (h->known > TARGETS_MAX)
		return;
	for (uint32_t i = 0; i < h->r->targets.count; i++) {
		if (!h->ids[i])
			continue;
		buf_cstr(&h->expr, between);
		buf_chr(&h->expr, '"');
		index_put_target(&h->expr, h->ids[i]);
		h->expr.n--;
		buf_chr(&h->expr, '"');
		between = " OR ";
	}
	buf_chr(&h->expr, ')');
	h->terms++;
}

static int know_targets(struct hunt *h)
{
	int rc = SQLITE_OK;

	h->ids = mem_try_alloc((h->r->targets.count + 1) * sizeof(*h->ids));
	if (!h->ids)
		return SQLITE_NOMEM;
	for (uint32_t i = 0; i < h->r->targets.count && !rc; i++) {
		const struct history_target *t = h->r->targets.items[i];

		rc = disk_target_id(h->d, t->name, &h->ids[i]);
		h->known += h->ids[i] != 0;
	}
	return rc;
}

/* The target of a row, where it may be read. */
static const struct history_target *target_of(const struct hunt *h, int64_t id, int64_t time)
{
	for (uint32_t i = 0; i < h->r->targets.count; i++) {
		const struct history_target *t = h->r->targets.items[i];

		if (h->ids[i] == id)
			return time >= t->since ? t : NULL;
	}
	return NULL;
}

static int take_row(struct hunt *h, sqlite3_stmt *st)
{
	struct history_row row = {.position = (uint64_t)sqlite3_column_int64(st, 0),
				  .time = sqlite3_column_int64(st, 1)};
	const struct history_target *t = target_of(h, sqlite3_column_int64(st, 2), row.time);
	struct history_row *made;

	if (!t)
		return SQLITE_OK;
	row.target = t->name;
	row.msgid = disk_column(st, 3);
	row.bytes = disk_column(st, 4);
	made = history_row_new(&row);
	if (!made)
		return SQLITE_NOMEM;
	vec_push(&h->r->rows, made);
	return SQLITE_OK;
}

static int is_late(void *ctx)
{
	return clock_mono_us() / 1000 > ((const struct hunt *)ctx)->until_ms;
}

static int run(struct hunt *h)
{
	const struct history_search *s = &h->r->search;
	sqlite3_stmt *st = disk_statement(h->d, s->after ? STMT_SEARCH_OLDEST : STMT_SEARCH_NEWEST);
	int rc = SQLITE_OK;

	if (!st)
		return disk_code(h->d);
	h->until_ms = clock_mono_us() / 1000 + LONGEST_MS;
	sqlite3_progress_handler(h->d->db, STEPS, is_late, h);
	sqlite3_bind_text(st, 1, h->expr.p, (int)h->expr.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, s->after ? s->after : INT64_MIN);
	sqlite3_bind_int64(st, 3, s->before ? s->before : INT64_MAX);
	while (!rc && h->r->rows.count < h->r->limit && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = take_row(h, st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	sqlite3_progress_handler(h->d->db, 0, NULL, NULL);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int find(struct hunt *h)
{
	int rc = know_targets(h);

	if (rc || !h->known)
		return rc;
	if (h->r->search.text.n) {
		rc = cut_into_words(h, h->r->search.text);
		/* Of signs alone there are no words, and nothing that has them. */
		if (rc || !h->terms)
			return rc;
	}
	if (h->r->search.nick.n)
		put_nick(h);
	put_targets(h);
	return h->expr.full || !h->terms ? SQLITE_OK : run(h);
}

int store_search(void *ctx, struct history_read *r)
{
	struct hunt h = {.d = ctx, .r = r};
	char *memory = mem_try_alloc(EXPR_MAX);
	int rc = SQLITE_NOMEM;

	if (memory) {
		buf_init(&h.expr, memory, EXPR_MAX);
		rc = find(&h);
	}
	mem_free(h.ids);
	mem_free(memory);
	return rc == SQLITE_INTERRUPT ? -ETIME : rc;
}
