#include "chatd/hook_text.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/utf8.h"

enum { PATH_MAX_BYTES = 200, DRAFT_MAX = 4096, ITEMS_MAX = 5 };

struct hook_reader {
	sqlite3 *db;
	sqlite3_stmt *valid, *get;
};

/* What is said of an event: once of the whole, and once of each of a list in it, whose fields begin with a dot. */
struct event_row {
	const char *event, *format, *list, *item;
};

static const struct event_row events[] = {
	{"push", "[{repository.full_name}] {pusher.name} pushed to {ref}: {compare}", "commits",
	 "{.id:7} {.author.name}: {.message}"},
	{"issues",
	 "[{repository.full_name}] {sender.login} {action} issue {issue.number}: {issue.title} {issue.html_url}", NULL,
	 NULL},
	{"pull_request",
	 "[{repository.full_name}] {sender.login} {action} pull request {pull_request.number}: {pull_request.title} "
	 "{pull_request.html_url}",
	 NULL, NULL},
	{"ping", "[{repository.full_name}] The webhook works: {zen}", NULL, NULL},
};

static const struct event_row alerts = {NULL, NULL, "alerts",
					"[{.status}] {.labels.alertname}: {.annotations.summary} {.generatorURL}"};

/* Reading JSON */

void hook_reader_free(struct hook_reader *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->valid);
	sqlite3_finalize(r->get);
	sqlite3_close(r->db);
	mem_free(r);
}

static bool prepare(struct hook_reader *r)
{
	static const char get[] = "SELECT json_extract(?1, ?2)", valid[] = "SELECT json_valid(?1)";

	return sqlite3_open_v2(":memory:", &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(r->db, valid, -1, &r->valid, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(r->db, get, -1, &r->get, NULL) == SQLITE_OK;
}

struct hook_reader *hook_reader_new(void)
{
	struct hook_reader *r = mem_zalloc(sizeof(*r));

	if (prepare(r))
		return r;
	hook_reader_free(r);
	return NULL;
}

static void bind(sqlite3_stmt *s, int nth, struct str text)
{
	sqlite3_reset(s);
	sqlite3_bind_text(s, nth, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

static bool is_json(struct hook_reader *r, struct str text)
{
	bool yes;

	bind(r->valid, 1, text);
	yes = !memchr(text.n ? text.p : "", '\0', text.n) && sqlite3_step(r->valid) == SQLITE_ROW &&
	      sqlite3_column_int(r->valid, 0) == 1;
	sqlite3_reset(r->valid);
	return yes;
}

static bool is_index(struct str part)
{
	unsigned long long n;

	return str_u64(part, 100000, &n);
}

static bool is_name(struct str part)
{
	for (size_t i = 0; i < part.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", part.p[i]) ||
		    !part.p[i])
			return false;
	return part.n > 0;
}

/* As SQLite writes it: $."field"[0]. */
static bool make_path(struct buf *out, struct str path)
{
	struct str part;

	buf_cstr(out, "$");
	while (str_split(&path, '.', &part)) {
		if (!is_name(part))
			return false;
		buf_fmt(out, is_index(part) ? "[%.*s]" : ".\"%.*s\"", STR_ARG(part));
	}
	return !out->full && out->n > 1;
}

/* The text or the number there; a list or an object as JSON. Valid until the next. */
static struct str get(struct hook_reader *r, struct str json, struct str path)
{
	char memory[PATH_MAX_BYTES];
	struct buf b;
	const char *p;

	buf_init(&b, memory, sizeof(memory));
	if (!make_path(&b, path))
		return STR_NONE;
	bind(r->get, 1, json);
	sqlite3_bind_text(r->get, 2, memory, (int)b.n, SQLITE_TRANSIENT);
	if (sqlite3_step(r->get) != SQLITE_ROW)
		return STR_NONE;
	p = (const char *)sqlite3_column_text(r->get, 0);
	return p ? (struct str){p, (size_t)sqlite3_column_bytes(r->get, 0)} : STR_NONE;
}

static void release(struct hook_reader *r)
{
	sqlite3_reset(r->get);
	sqlite3_reset(r->valid);
	sqlite3_clear_bindings(r->get);
	sqlite3_clear_bindings(r->valid);
}

/* Writing lines */

struct lines {
	struct buf *out;
	size_t count;
};

/* Control characters are left out, as is what is no UTF-8; all that formats text in IRC is among them. */
static void put_clean(struct buf *out, struct str text)
{
	uint32_t cp;

	while (text.n) {
		size_t n = str_code_point(text, &cp);

		if (n && cp >= 0x20 && !(cp >= 0x7f && cp <= 0x9f) && cp != 0x2028 && cp != 0x2029)
			buf_add(out, text.p, n);
		else if (cp == '\t' && n)
			buf_chr(out, ' ');
		n = n ? n : 1;
		text = (struct str){text.p + n, text.n - n};
	}
}

static void put_line(struct lines *l, struct str text)
{
	char memory[DRAFT_MAX];
	struct buf b;
	struct str line;

	buf_init(&b, memory, sizeof(memory));
	put_clean(&b, utf8_cut(text, sizeof(memory)));
	line = utf8_cut(buf_view(&b), HOOK_LINE_MAX);
	while (line.n && line.p[line.n - 1] == ' ')
		line.n--;
	if (!line.n || l->count >= HOOK_LINES_MAX)
		return;
	if (++l->count == HOOK_LINES_MAX)
		line = STR("(and more)");
	buf_str(l->out, line);
	buf_chr(l->out, '\n');
}

/* Bytes that end a line in IRC end one here. */
static void put_lines(struct lines *l, struct str text)
{
	while (text.n && l->count < HOOK_LINES_MAX) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
			n++;
		put_line(l, (struct str){text.p, n});
		n += n < text.n;
		text = (struct str){text.p + n, text.n - n};
	}
}

/* Formats */

struct source {
	struct hook_reader *reader;
	struct str json;
	char base[64]; /* of an item of a list; "": none */
};

static struct str first_line(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	return (struct str){s.p, n};
}

static void put_field(struct buf *out, const struct source *from, struct str field)
{
	const char *colon = field.n ? memchr(field.p, ':', field.n) : NULL;
	unsigned long long most = HOOK_LINE_MAX;
	char memory[PATH_MAX_BYTES];
	struct buf path;

	if (colon) {
		struct str digits = {colon + 1, (size_t)(field.p + field.n - colon - 1)};

		(void)!str_u64(digits, HOOK_LINE_MAX, &most);
		field.n = (size_t)(colon - field.p);
	}
	buf_init(&path, memory, sizeof(memory));
	if (field.n && *field.p == '.')
		buf_cstr(&path, from->base);
	buf_str(&path, field);
	if (!path.full)
		put_clean(out, utf8_cut(first_line(get(from->reader, from->json, buf_view(&path))), (size_t)most));
}

static void put_format(struct lines *l, const struct source *from, struct str format)
{
	char memory[DRAFT_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	while (format.n) {
		const char *open = memchr(format.p, '{', format.n);
		const char *close = open ? memchr(open, '}', (size_t)(format.p + format.n - open)) : NULL;
		size_t n = close ? (size_t)(open - format.p) : format.n;

		buf_str(&b, (struct str){format.p, n});
		if (close) {
			put_field(&b, from, (struct str){open + 1, (size_t)(close - open - 1)});
			n = (size_t)(close - format.p) + 1;
		}
		format = (struct str){format.p + n, format.n - n};
	}
	put_line(l, buf_view(&b));
}

bool hook_format_fits(struct str format)
{
	for (size_t i = 0; i < format.n; i++)
		if ((unsigned char)format.p[i] < ' ' || format.p[i] == 0x7f)
			return false;
	return format.n <= HOOK_LINE_MAX && utf8_valid(format);
}

static void put_list(struct lines *l, struct source *from, const struct event_row *row)
{
	for (unsigned i = 0; i < ITEMS_MAX; i++) {
		snprintf(from->base, sizeof(from->base), "%s.%u", row->list, i);
		if (!get(from->reader, from->json, str_of(from->base)).n)
			return;
		put_format(l, from, str_of(row->item));
	}
}

static bool put_row(struct lines *l, struct source *from, const struct event_row *row)
{
	if (row->format)
		put_format(l, from, str_of(row->format));
	if (row->list)
		put_list(l, from, row);
	return true;
}

/* An event that is not known is passed over: GitHub sends what its owner ticked. */
static bool put_event(struct lines *l, struct source *from, struct str event)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (str_eq(event, str_of(events[i].event)))
			return put_row(l, from, &events[i]);
	return true;
}

static bool put_json(struct lines *l, struct hook_reader *r, const struct hook_body *body, struct str json)
{
	static const char *const fields[] = {"text", "content", "message"};
	struct source from = {.reader = r, .json = json};

	if (!is_json(r, json))
		return false;
	if (body->format.n) {
		put_format(l, &from, body->format);
		return true;
	}
	if (body->event.n)
		return put_event(l, &from, body->event);
	if (get(r, json, STR("alerts.0")).n)
		return put_row(l, &from, &alerts);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !l->count; i++)
		put_lines(l, get(r, json, str_of(fields[i])));
	return l->count > 0;
}

/* Forms */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unescape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			buf_chr(out, s.p[i] == '+' ? ' ' : s.p[i]);
			continue;
		}
		if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
			return false;
		buf_chr(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
		i += 2;
	}
	return true;
}

/* The value of that name, decoded. False: it is not there, or damaged. */
static bool form_value(struct buf *out, struct str form, struct str name)
{
	struct str pair, key;

	while (str_split(&form, '&', &pair))
		if (str_split(&pair, '=', &key) && str_eq(key, name))
			return unescape(out, pair);
	return false;
}

static bool put_form(struct lines *l, struct hook_reader *r, const struct hook_body *body)
{
	char *memory = mem_alloc(body->bytes.n + 1);
	struct buf value;
	bool good = false;

	buf_init(&value, memory, body->bytes.n + 1);
	if (form_value(&value, body->bytes, STR("payload"))) {
		good = put_json(l, r, body, buf_view(&value));
	} else {
		buf_init(&value, memory, body->bytes.n + 1);
		if (form_value(&value, body->bytes, STR("text")))
			put_lines(l, buf_view(&value));
		good = l->count > 0;
	}
	release(r);
	mem_free(memory);
	return good;
}

enum hook_type hook_type_of(struct str type)
{
	static const struct {
		const char *name;
		enum hook_type type;
	} types[] = {{"application/json", HOOK_JSON},
		     {"application/x-www-form-urlencoded", HOOK_FORM},
		     {"text/plain", HOOK_PLAIN}};
	const char *end = type.n ? memchr(type.p, ';', type.n) : NULL;

	if (!type.n)
		return HOOK_PLAIN;
	if (end)
		type.n = (size_t)(end - type.p);
	while (type.n && type.p[type.n - 1] == ' ')
		type.n--;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq_nocase(type, str_of(types[i].name)))
			return types[i].type;
	return HOOK_TYPE_OTHER;
}

bool hook_text_make(struct hook_reader *r, const struct hook_body *body, struct buf *out)
{
	struct lines l = {out, 0};
	bool good;

	switch (body->type) {
	case HOOK_PLAIN:
		put_lines(&l, body->bytes);
		return l.count > 0;
	case HOOK_JSON:
		good = put_json(&l, r, body, body->bytes);
		release(r);
		return good;
	case HOOK_FORM:
		return put_form(&l, r, body);
	default:
		return false;
	}
}
