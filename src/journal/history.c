#include "journal/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "journal/history_source.h"

static const struct history_place first_place = {INT64_MIN, 0, NULL}, last_place = {INT64_MAX, INT64_MAX, NULL};

struct history_read *history_read_new(enum history_kind kind, uint32_t limit)
{
	struct history_read *r = mem_zalloc(sizeof(*r));

	r->kind = kind;
	r->limit = limit < HISTORY_LIMIT_MAX ? limit : HISTORY_LIMIT_MAX;
	return r;
}

static struct history_target *target_new(struct str name, int64_t since)
{
	struct history_target *t = mem_alloc(sizeof(*t) + name.n);

	memcpy(t->memory, name.p ? name.p : "", name.n);
	t->name = (struct str){t->memory, name.n};
	t->since = since;
	return t;
}

void history_read_add(struct history_read *r, struct str name, int64_t since)
{
	vec_push(&r->targets, target_new(name, since));
}

static struct str keep(char **at, struct str s)
{
	mem_free(*at);
	*at = s.n ? mem_strndup(s.p, s.n) : NULL;
	return (struct str){*at, s.n};
}

void history_read_bounds(struct history_read *r, const struct history_bound *from, const struct history_bound *to)
{
	r->from = *from;
	r->to = *to;
	r->from.msgid = keep(&r->memory[0], from->msgid);
	r->to.msgid = keep(&r->memory[1], to->msgid);
}

void history_read_person(struct history_read *r, struct str name, int64_t since)
{
	r->person_since = since;
	r->person = keep(&r->memory[2], name);
}

void history_read_search(struct history_read *r, const struct history_search *what)
{
	r->search = *what;
	r->search.text = keep(&r->memory[3], what->text);
	r->search.nick = keep(&r->memory[4], what->nick);
}

static void forget(struct vec *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		mem_free(v->items[i]);
	vec_deinit(v);
}

void history_read_free(struct history_read *r)
{
	if (!r)
		return;
	/* A thread may be at work on it: it goes when that is over. */
	r->done = NULL;
	if (r->under_way)
		return;
	forget(&r->rows);
	forget(&r->targets);
	for (size_t i = 0; i < sizeof(r->memory) / sizeof(r->memory[0]); i++)
		mem_free(r->memory[i]);
	mem_free(r);
}

void history_read_end(struct history_read *r)
{
	r->under_way = false;
	if (r->done)
		r->done(r);
	else
		history_read_free(r);
}

struct history_row *history_row_new(const struct history_row *from)
{
	size_t n = from->msgid.n + from->target.n + from->bytes.n;
	struct history_row *row = mem_try_alloc(sizeof(*row) + n);
	struct buf b;

	if (!row)
		return NULL;
	*row = *from;
	buf_init(&b, row->memory, n);
	buf_str(&b, from->msgid);
	buf_str(&b, from->target);
	buf_str(&b, from->bytes);
	row->msgid.p = row->memory;
	row->target.p = row->msgid.p + row->msgid.n;
	row->bytes.p = row->target.p + row->target.n;
	return row;
}

bool history_search_next(struct str *rest, struct str *part, bool *quoted)
{
	const char *end;

	while (rest->n && rest->p[0] == ' ')
		*rest = (struct str){rest->p + 1, rest->n - 1};
	if (!rest->n)
		return false;
	end = rest->p[0] == '"' ? memchr(rest->p + 1, '"', rest->n - 1) : NULL;
	*quoted = end != NULL;
	if (!end)
		return str_split(rest, ' ', part);
	*part = (struct str){rest->p + 1, (size_t)(end - rest->p) - 1};
	*rest = (struct str){end + 1, rest->n - part->n - 2};
	return true;
}

static bool is_before(const struct history_place *a, const struct history_place *b)
{
	return a->time != b->time ? a->time < b->time : a->position < b->position;
}

static int by_age(const void *a, const void *b)
{
	return is_before(a, b) ? -1 : is_before(b, a);
}

static int by_youth(const void *a, const void *b)
{
	return by_age(b, a);
}

/* One walk over all targets: their places in one order. */
struct walk {
	struct history_read *r;
	const struct history_source *source;
	struct history_place after, before;
	bool newest;
	uint32_t limit;
	struct history_place *places;
	uint32_t count;
};

static int walk_target(struct walk *w, const struct history_target *t)
{
	const struct history_place since = {t->since - 1, INT64_MAX, NULL};
	struct history_scan scan = {.target = t,
				    .after = w->after,
				    .before = w->before,
				    .newest = w->newest,
				    .limit = w->limit,
				    .places = w->places + w->count};
	int err;

	if (t->since && is_before(&scan.after, &since))
		scan.after = since;
	err = w->source->scan(w->source->ctx, &scan);
	w->count += scan.count;
	return err;
}

static int walk_all(struct walk *w)
{
	int err = 0;

	w->count = 0;
	w->places = mem_try_alloc((size_t)w->limit * (w->r->targets.count + 1) * sizeof(*w->places));
	if (!w->places)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->r->targets.count && !err; i++)
		err = walk_target(w, w->r->targets.items[i]);
	qsort(w->places, w->count, sizeof(*w->places), w->newest ? by_youth : by_age);
	if (w->count > w->limit)
		w->count = w->limit;
	if (w->newest)
		qsort(w->places, w->count, sizeof(*w->places), by_age);
	return err;
}

static int fetch_all(struct walk *w)
{
	struct history_row *row;
	int err = 0;

	for (uint32_t i = 0; i < w->count && !err; i++) {
		row = NULL;
		err = w->source->fetch(w->source->ctx, &w->places[i], &row);
		if (row)
			vec_push(&w->r->rows, row);
	}
	return err;
}

static int take(struct walk *w)
{
	int err = walk_all(w);

	if (!err)
		err = fetch_all(w);
	mem_free(w->places);
	w->places = NULL;
	return err;
}

/* The place of a bound: behind all of its time, or in front of it. */
static int place_of(const struct walk *w, const struct history_bound *b, bool behind, struct history_place *out)
{
	int err = b->msgid.n ? w->source->find(w->source->ctx, w->r, b->msgid, out) : -ENOENT;

	if (err != -ENOENT || (b->msgid.n && !b->time))
		return err;
	*out = (struct history_place){b->time, behind ? INT64_MAX : 0, NULL};
	return 0;
}

/* Half of them from in front of the place, the rest from there on. */
static int take_around(struct walk *w, const struct history_place *at)
{
	uint32_t limit = w->limit;
	int err = 0;

	w->limit = limit / 2;
	w->before = *at;
	w->newest = true;
	if (w->limit)
		err = take(w);
	w->limit = limit - w->r->rows.count;
	w->newest = false;
	w->before = last_place;
	/* Nothing stands between a place and the one that is an earlier position of the same time. */
	w->after = (struct history_place){at->position ? at->time : at->time - 1,
					  at->position ? at->position - 1 : INT64_MAX, NULL};
	return err || !w->limit ? err : take(w);
}

static int answer_around(struct walk *w)
{
	struct history_place at;
	int err = place_of(w, &w->r->from, false, &at);

	return err ? err : take_around(w, &at);
}

static int answer_between(struct walk *w)
{
	struct history_place a, b;
	int err = place_of(w, &w->r->from, true, &a);

	if (!err)
		err = place_of(w, &w->r->to, false, &b);
	if (err)
		return err;
	w->newest = is_before(&b, &a);
	if (w->newest) {
		/* Times exclude what is of them on either side. */
		err = place_of(w, &w->r->from, false, &w->before);
		return err || (err = place_of(w, &w->r->to, true, &w->after)) ? err : take(w);
	}
	w->after = a;
	w->before = b;
	return take(w);
}

static int answer_page(struct walk *w)
{
	int err = 0;

	w->newest = w->r->kind != HISTORY_AFTER;
	if (w->r->from.set && w->r->kind == HISTORY_BEFORE)
		err = place_of(w, &w->r->from, false, &w->before);
	else if (w->r->from.set)
		err = place_of(w, &w->r->from, true, &w->after);
	return err ? err : take(w);
}

static int add_talk(void *ctx, struct str name)
{
	struct history_read *r = ctx;

	history_read_add(r, name, r->person_since);
	return 0;
}

/* The newest of one target, where it is between the bounds. */
static int look_at_target(struct walk *w, const struct history_target *t)
{
	struct history_place at;
	struct history_scan scan = {.target = t,
				    .after = {t->since - 1, INT64_MAX, NULL},
				    .before = last_place,
				    .newest = true,
				    .limit = 1};
	struct history_row row = {.target = t->name}, *made;
	int err;

	scan.places = &at;
	if (!t->since)
		scan.after = first_place;
	err = w->source->scan(w->source->ctx, &scan);
	if (err || !scan.count || !is_before(&w->after, &at) || !is_before(&at, &w->before))
		return err;
	row.time = at.time;
	row.position = at.position;
	made = history_row_new(&row);
	if (!made)
		return -ENOMEM;
	vec_push(&w->r->rows, made);
	return 0;
}

static int rows_by_age(const void *a, const void *b)
{
	const struct history_row *x = *(struct history_row *const *)a, *y = *(struct history_row *const *)b;
	const struct history_place at = {x->time, x->position, NULL}, other = {y->time, y->position, NULL};

	return by_age(&at, &other);
}

/* Counted from `from` on, told in the order of time. */
static void cut_talks(struct walk *w)
{
	struct vec *rows = &w->r->rows;
	uint32_t drop = rows->count > w->limit ? rows->count - w->limit : 0;
	uint32_t from = w->newest ? 0 : w->limit;

	if (rows->count)
		qsort(rows->items, rows->count, sizeof(*rows->items), rows_by_age);
	if (!drop)
		return;
	for (uint32_t i = from; i < from + drop; i++)
		mem_free(rows->items[i]);
	if (w->newest)
		memmove(rows->items, rows->items + drop, w->limit * sizeof(*rows->items));
	rows->count = w->limit;
}

static int answer_talks(struct walk *w)
{
	const struct history_source *s = w->source;
	int err = w->r->person.n ? s->talks(s->ctx, w->r->person, add_talk, w->r) : 0;

	w->newest = w->r->to.time < w->r->from.time;
	w->after = (struct history_place){w->newest ? w->r->to.time : w->r->from.time, INT64_MAX, NULL};
	w->before = (struct history_place){w->newest ? w->r->from.time : w->r->to.time, 0, NULL};
	for (uint32_t i = 0; i < w->r->targets.count && !err; i++)
		err = s->late && s->late(s->ctx) ? -ETIME : look_at_target(w, w->r->targets.items[i]);
	cut_talks(w);
	return err;
}

static int answer_search(struct walk *w)
{
	const struct history_source *s = w->source;
	int err = w->r->person.n ? s->talks(s->ctx, w->r->person, add_talk, w->r) : 0;

	if (!err)
		err = s->search(s->ctx, w->r);
	if (w->r->rows.count)
		qsort(w->r->rows.items, w->r->rows.count, sizeof(*w->r->rows.items), rows_by_age);
	return err;
}

void history_answer(struct history_read *r, const struct history_source *source)
{
	struct walk w = {.r = r, .source = source, .after = first_place, .before = last_place, .limit = r->limit};

	if (r->limit == 0)
		r->err = 0;
	else if (r->kind == HISTORY_TALKS)
		r->err = answer_talks(&w);
	else if (r->kind == HISTORY_SEARCH)
		r->err = answer_search(&w);
	else if (r->kind == HISTORY_SAID)
		r->err = source->said(source->ctx, r);
	else if (r->kind == HISTORY_AROUND)
		r->err = answer_around(&w);
	else if (r->kind == HISTORY_BETWEEN)
		r->err = answer_between(&w);
	else
		r->err = answer_page(&w);
}

/* Names */

static struct str joined(char memory[HISTORY_NAME_MAX], const char *prefix, struct str a, struct str b)
{
	struct buf out;

	buf_init(&out, memory, HISTORY_NAME_MAX);
	buf_cstr(&out, prefix);
	buf_str(&out, a);
	if (b.n)
		buf_chr(&out, ' ');
	buf_str(&out, b);
	return buf_view(&out);
}

struct str history_events_name(char memory[HISTORY_NAME_MAX], struct str channel)
{
	return joined(memory, "*", channel, STR_NONE);
}

struct str history_rank_name(char memory[HISTORY_NAME_MAX], struct str channel, unsigned rank)
{
	char prefix[16];

	snprintf(prefix, sizeof(prefix), "+%u", rank);
	return joined(memory, prefix, channel, STR_NONE);
}

struct str history_form(char memory[HISTORY_NAME_MAX], struct str channel, unsigned n)
{
	if (n == 0)
		return joined(memory, "", channel, STR_NONE);
	return n == 1 ? history_events_name(memory, channel) : history_rank_name(memory, channel, 1U << (n - 2));
}

struct str history_guest_name(char memory[HISTORY_NAME_MAX], struct str nick)
{
	return joined(memory, "*", nick, STR_NONE);
}

struct str history_talk_name(char memory[HISTORY_NAME_MAX], struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order > 0 || (order == 0 && a.n > b.n))
		return joined(memory, "@", b, a);
	return joined(memory, "@", a, b);
}

bool history_is_talk(struct str name)
{
	return str_starts(name, STR("@"));
}

struct str history_talk_other(struct str name, struct str person)
{
	struct str rest = {name.p + 1, name.n - 1}, first;

	if (!history_is_talk(name) || !str_split(&rest, ' ', &first))
		return STR_NONE;
	if (str_eq(first, person))
		return rest;
	return str_eq(rest, person) ? first : STR_NONE;
}

struct str history_guest_nick(struct str name)
{
	return str_starts(name, STR("*")) ? (struct str){name.p + 1, name.n - 1} : STR_NONE;
}
