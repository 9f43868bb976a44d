#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/history_source.h"
#include "journal/journal.h"
#include "journal/store_search.h"

/*
 * Messages by their words. What strangers look for is cut into words by the very code that cut the messages, and each
 * goes into the query in quotes: there is nothing of theirs that the query could be made to mean. Rights are those of
 * the targets, and are looked at in each row; that targets are words too only makes it faster.
 */
enum { TERMS_MAX = 32, TARGETS_MAX = 512, EXPR_MAX = 48 << 10, PHRASES_MAX = 4 << 10 };

/* Folded, a letter may be longer, and there is a blank behind each word. */
#define WORDS_OF(bytes) (3 * (bytes) + 16)

struct hunt {
	struct disk *d;
	struct history_read *r;
	int64_t *ids; /* of the targets, 0: nothing is kept of it */
	uint32_t known;
	struct buf expr;
	unsigned terms;
	fts5_tokenizer cutter;
	Fts5Tokenizer *cut;
	/*
	 * What was quoted, which the index cannot tell: its words, with a blank on both sides of each, and a NUL behind
	 * the last. It is looked for in the words of what has all of them.
	 */
	struct buf phrases;
	struct buf words; /* of a text, in the same form */
	struct buf *list; /* which of them gets what is being cut; NULL: neither */
};

static int take_token(void *ctx, int flags, const char *token, int n, int start, int end)
{
	struct hunt *h = ctx;

	(void)flags;
	(void)start;
	(void)end;
	if (h->list) {
		buf_add(h->list, token, (size_t)n);
		buf_chr(h->list, ' ');
	}
	if (h->list == &h->words || h->terms >= TERMS_MAX)
		return SQLITE_OK;
	if (h->terms++)
		buf_cstr(&h->expr, " AND ");
	buf_chr(&h->expr, '"');
	buf_add(&h->expr, token, (size_t)n);
	buf_chr(&h->expr, '"');
	return SQLITE_OK;
}

/* The very code that cuts the messages. */
static int make_cutter(struct hunt *h)
{
	const char *options[] = {"remove_diacritics", "2"};
	fts5_api *api = NULL;
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
	rc = api->xFindTokenizer(api, "unicode61", &ctx, &h->cutter);
	return rc ? rc : h->cutter.xCreate(ctx, options, 2, &h->cut);
}

/* A single word that was quoted is a word like any other. */
static int cut_part(struct hunt *h, struct str part, bool quoted)
{
	size_t begin = h->phrases.n, first = h->terms;
	int rc;

	h->list = quoted ? &h->phrases : NULL;
	if (quoted)
		buf_chr(&h->phrases, ' ');
	rc = h->cutter.xTokenize(h->cut, h, FTS5_TOKENIZE_QUERY, part.p, (int)part.n, take_token);
	if (quoted && h->terms > first + 1)
		buf_chr(&h->phrases, '\0');
	else
		h->phrases.n = begin;
	return rc;
}

static int cut_into_words(struct hunt *h, struct str text)
{
	struct str part;
	bool quoted;
	int rc = SQLITE_OK;

	while (!rc && history_search_next(&text, &part, &quoted))
		rc = cut_part(h, part, quoted);
	return rc;
}

static bool has_phrases(const struct buf *words, const struct buf *phrases)
{
	for (size_t at = 0, n; at < phrases->n; at += n + 1) {
		n = strlen(phrases->p + at);
		if (!memmem(words->p, words->n, phrases->p + at, n))
			return false;
	}
	return true;
}

/* False: its words do not stand as they were quoted. */
static int check_phrases(struct hunt *h, struct str bytes, bool *fits)
{
	struct journal_text t = {0};
	char *memory;
	int rc;

	*fits = !h->phrases.n;
	if (*fits || !h->d->text(bytes, &t))
		return SQLITE_OK;
	memory = mem_try_alloc(WORDS_OF(t.text.n));
	if (!memory)
		return SQLITE_NOMEM;
	buf_init(&h->words, memory, WORDS_OF(t.text.n));
	buf_chr(&h->words, ' ');
	h->list = &h->words;
	rc = h->cutter.xTokenize(h->cut, h, FTS5_TOKENIZE_DOCUMENT, t.text.p, (int)t.text.n, take_token);
	*fits = !rc && has_phrases(&h->words, &h->phrases);
	mem_free(memory);
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
	bool fits;
	int rc;

	if (!t)
		return SQLITE_OK;
	row.target = t->name;
	row.msgid = disk_column(st, 3);
	row.bytes = disk_column(st, 4);
	rc = check_phrases(h, row.bytes, &fits);
	if (rc || !fits)
		return rc;
	made = history_row_new(&row);
	if (!made)
		return SQLITE_NOMEM;
	vec_push(&h->r->rows, made);
	return SQLITE_OK;
}

/* From when on any of it may be read, and is asked for. */
static int64_t earliest(const struct hunt *h)
{
	int64_t since = INT64_MAX;

	for (uint32_t i = 0; i < h->r->targets.count; i++) {
		const struct history_target *t = h->r->targets.items[i];

		if (h->ids[i] && t->since < since)
			since = t->since;
	}
	return h->r->search.after > since ? h->r->search.after : since;
}

/* Between which positions it can be, so that what is too old or too new is never looked at. */
static int bind_positions(const struct hunt *h, sqlite3_stmt *st)
{
	const struct history_search *s = &h->r->search;
	int64_t last = 0, since = earliest(h);
	uint64_t first = 0, end = INT64_MAX;
	int rc = disk_number(h->d, "SELECT max(position) FROM journal", &last);

	if (!rc && since)
		rc = disk_position_before(h->d, since, (uint64_t)last, &first);
	if (!rc && s->before && s->before < INT64_MAX)
		rc = disk_position_before(h->d, s->before + 1, (uint64_t)last, &end);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)first);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)end);
	return rc;
}

static int run(struct hunt *h)
{
	const struct history_search *s = &h->r->search;
	sqlite3_stmt *st = disk_statement(h->d, s->after ? STMT_SEARCH_OLDEST : STMT_SEARCH_NEWEST);
	int rc = st ? bind_positions(h, st) : disk_code(h->d);

	if (!st)
		return rc;
	sqlite3_bind_text(st, 1, h->expr.p, (int)h->expr.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, s->after ? s->after : INT64_MIN);
	sqlite3_bind_int64(st, 3, s->before ? s->before : INT64_MAX);
	while (!rc && h->r->rows.count < h->r->limit && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = take_row(h, st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int find(struct hunt *h)
{
	int rc = know_targets(h);

	if (!rc && h->known && h->r->search.text.n)
		rc = make_cutter(h);
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
	return h->expr.full || h->phrases.full || !h->terms ? SQLITE_OK : run(h);
}

int store_search(void *ctx, struct history_read *r)
{
	struct hunt h = {.d = ctx, .r = r};
	char *memory = mem_try_alloc(EXPR_MAX + PHRASES_MAX);
	int rc = SQLITE_NOMEM;

	if (memory) {
		buf_init(&h.expr, memory, EXPR_MAX);
		buf_init(&h.phrases, memory + EXPR_MAX, PHRASES_MAX);
		rc = find(&h);
	}
	if (h.cut)
		h.cutter.xDelete(h.cut);
	mem_free(h.ids);
	mem_free(memory);
	return rc;
}
