#include "proto/json_read.h"

#include <string.h>

#include "proto/utf8.h"

enum { DEPTH_MAX = 8, NAMES_MAX = 64, TEXT_MAX = 512 };

struct reading {
	const char *p, *end;
	int depth;
};

static void skip_blanks(struct reading *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool take(struct reading *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool take_word(struct reading *r, struct str word)
{
	if (!str_starts((struct str){r->p, (size_t)(r->end - r->p)}, word))
		return false;
	r->p += word.n;
	return true;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four digits. -1: not there. */
static int32_t unit_at(const char *p, const char *end)
{
	int32_t unit = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_of(p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Behind the first quote; leaves it behind the second. */
static bool take_string(struct reading *r, struct str *text)
{
	const char *start = r->p;

	for (; r->p < r->end && *r->p != '"'; r->p++) {
		if ((unsigned char)*r->p < ' ')
			return false;
		if (*r->p != '\\')
			continue;
		r->p++;
		if (r->p == r->end || !memchr("\"\\/bfnrtu", *r->p, 9) ||
		    (*r->p == 'u' && unit_at(r->p + 1, r->end) < 0))
			return false;
	}
	if (r->p == r->end)
		return false;
	*text = (struct str){start, (size_t)(r->p - start)};
	r->p++;
	return true;
}

static size_t digits(struct reading *r)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return (size_t)(r->p - start);
}

static bool take_number(struct reading *r)
{
	const char *first;
	size_t n;

	if (r->p < r->end && *r->p == '-')
		r->p++;
	first = r->p;
	n = digits(r);
	if (!n || (n > 1 && *first == '0'))
		return false;
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!digits(r))
			return false;
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		return digits(r) > 0;
	}
	return true;
}

static bool take_value(struct reading *r, struct json_value *v);

static bool take_array(struct reading *r)
{
	struct json_value v;

	if (take(r, ']'))
		return true;
	do {
		if (!take_value(r, &v))
			return false;
	} while (take(r, ','));
	return take(r, ']');
}

/* A name with an escape in it could be another one in disguise: nobody needs those. */
static bool take_member(struct reading *r, struct str *name, struct json_value *v)
{
	return take(r, '"') && take_string(r, name) && !memchr(name->p, '\\', name->n) && take(r, ':') &&
	       take_value(r, v);
}

static bool take_object(struct reading *r)
{
	struct str names[NAMES_MAX];
	struct json_value v;
	size_t n = 0;

	if (take(r, '}'))
		return true;
	do {
		if (n == NAMES_MAX || !take_member(r, &names[n], &v))
			return false;
		for (size_t i = 0; i < n; i++)
			if (str_eq(names[i], names[n]))
				return false;
		n++;
	} while (take(r, ','));
	return take(r, '}');
}

static bool take_nested(struct reading *r, struct json_value *v)
{
	bool object = *r->p++ == '{', good;

	v->kind = object ? JSON_OBJECT : JSON_ARRAY;
	if (r->depth == DEPTH_MAX)
		return false;
	r->depth++;
	good = object ? take_object(r) : take_array(r);
	r->depth--;
	return good;
}

static bool take_plain(struct reading *r, struct json_value *v)
{
	if (take_word(r, STR("true")) || take_word(r, STR("false"))) {
		v->kind = JSON_BOOL;
		return true;
	}
	if (take_word(r, STR("null"))) {
		v->kind = JSON_NULL;
		return true;
	}
	v->kind = JSON_NUMBER;
	return take_number(r);
}

static bool take_value(struct reading *r, struct json_value *v)
{
	const char *start;
	bool good;

	skip_blanks(r);
	if (r->p == r->end)
		return false;
	start = r->p;
	if (*start == '"') {
		r->p++;
		v->kind = JSON_STRING;
		return take_string(r, &v->text);
	}
	good = *start == '{' || *start == '[' ? take_nested(r, v) : take_plain(r, v);
	v->text = (struct str){start, (size_t)(r->p - start)};
	return good;
}

bool json_object_valid(struct str text)
{
	struct reading r = {text.p, text.p + text.n, 0};
	struct json_value v;

	if (!text.n || !utf8_valid(text) || !take_value(&r, &v) || v.kind != JSON_OBJECT)
		return false;
	skip_blanks(&r);
	return r.p == r.end;
}

bool json_member(struct str object, const char *name, struct json_value *out)
{
	struct reading r = {object.p, object.p + object.n, 0};
	struct str each;

	if (!take(&r, '{') || take(&r, '}'))
		return false;
	do {
		if (!take_member(&r, &each, out))
			return false;
		if (str_eq(each, str_of(name)))
			return true;
	} while (take(&r, ','));
	return false;
}

static void put_utf8(struct buf *out, uint32_t cp)
{
	if (cp < 0x80) {
		buf_chr(out, (char)cp);
	} else if (cp < 0x800) {
		buf_chr(out, (char)(0xc0 | cp >> 6));
		buf_chr(out, (char)(0x80 | (cp & 63)));
	} else if (cp < 0x10000) {
		buf_chr(out, (char)(0xe0 | cp >> 12));
		buf_chr(out, (char)(0x80 | (cp >> 6 & 63)));
		buf_chr(out, (char)(0x80 | (cp & 63)));
	} else {
		buf_chr(out, (char)(0xf0 | cp >> 18));
		buf_chr(out, (char)(0x80 | (cp >> 12 & 63)));
		buf_chr(out, (char)(0x80 | (cp >> 6 & 63)));
		buf_chr(out, (char)(0x80 | (cp & 63)));
	}
}

/* At the 'u'; how many bytes more belong to it. 0: half of a pair, or nothing. */
static size_t take_unit(struct buf *out, const char *p, const char *end)
{
	int32_t high = unit_at(p + 1, end), low;

	if (high <= 0 || (high >= 0xdc00 && high < 0xe000))
		return 0;
	if (high < 0xd800 || high >= 0xe000) {
		put_utf8(out, (uint32_t)high);
		return 4;
	}
	if (end - p < 11 || p[5] != '\\' || p[6] != 'u')
		return 0;
	low = unit_at(p + 7, end);
	if (low < 0xdc00 || low >= 0xe000)
		return 0;
	put_utf8(out, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
	return 10;
}

static char escaped(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

bool json_string(const struct json_value *v, char *dst, size_t size)
{
	const char *end = v->text.p + v->text.n;
	struct buf b;
	size_t more;

	if (v->kind != JSON_STRING)
		return false;
	buf_init(&b, dst, size - 1);
	for (const char *p = v->text.p; p < end; p++) {
		if (*p != '\\') {
			buf_chr(&b, *p);
			continue;
		}
		p++;
		if (*p != 'u') {
			buf_chr(&b, escaped(*p));
			continue;
		}
		more = take_unit(&b, p, end);
		if (!more)
			return false;
		p += more;
	}
	dst[b.n] = '\0';
	return !b.full;
}

bool json_integer(const struct json_value *v, int64_t *out)
{
	struct str whole = v->text, digits_only;
	unsigned long long n;
	bool negative;

	if (v->kind != JSON_NUMBER || memchr(whole.p, 'e', whole.n) || memchr(whole.p, 'E', whole.n))
		return false;
	negative = *whole.p == '-';
	whole = (struct str){whole.p + negative, whole.n - negative};
	if (!str_split(&whole, '.', &digits_only) || !str_u64(digits_only, INT64_MAX / 1000, &n))
		return false;
	*out = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

bool json_true(const struct json_value *v)
{
	return v->kind == JSON_BOOL && str_eq(v->text, STR("true"));
}

bool json_nth(const struct json_value *v, size_t nth, struct json_value *out)
{
	struct reading r = {v->text.p, v->text.p + v->text.n, 0};

	if (v->kind != JSON_ARRAY || !take(&r, '[') || take(&r, ']'))
		return false;
	do {
		if (!take_value(&r, out))
			return false;
		if (!nth--)
			return true;
	} while (take(&r, ','));
	return false;
}

static bool is_string(const struct json_value *v, const char *wanted)
{
	char text[TEXT_MAX];

	return json_string(v, text, sizeof(text)) && strcmp(text, wanted) == 0;
}

bool json_names(const struct json_value *v, const char *wanted)
{
	struct reading r = {v->text.p, v->text.p + v->text.n, 0};
	struct json_value each;

	if (v->kind != JSON_ARRAY)
		return is_string(v, wanted);
	if (!take(&r, '[') || take(&r, ']'))
		return false;
	do {
		if (!take_value(&r, &each))
			return false;
		if (is_string(&each, wanted))
			return true;
	} while (take(&r, ','));
	return false;
}

void json_put(struct buf *out, struct str text)
{
	buf_chr(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\') {
			buf_chr(out, '\\');
			buf_chr(out, c);
		} else if ((unsigned char)c < ' ') {
			buf_fmt(out, "\\u%04x", (unsigned char)c);
		} else {
			buf_chr(out, c);
		}
	}
	buf_chr(out, '"');
}
