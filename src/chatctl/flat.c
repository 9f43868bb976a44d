#include "chatctl/flat.h"

#include "base/buf.h"

/* What is left to read. */
struct reading {
	char *at;
};

static void skip_blanks(struct reading *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool take(struct reading *r, char c)
{
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits behind \u. -1: there are none. */
static long take_code(struct reading *r)
{
	long cp = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*r->at);

		if (digit < 0)
			return -1;
		cp = cp << 4 | digit;
		r->at++;
	}
	return cp;
}

/* UTF-8 of a code point of the first plane, which is never longer than its escape was. */
static char *put_code(char *to, unsigned long cp)
{
	if (cp < 0x80) {
		*to++ = (char)cp;
	} else if (cp < 0x800) {
		*to++ = (char)(0xc0 | cp >> 6);
		*to++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*to++ = (char)(0xe0 | cp >> 12);
		*to++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*to++ = (char)(0x80 | (cp & 0x3f));
	}
	return to;
}

/* What stands behind a backslash. A NUL would end the string early, and a half of a pair is no character. */
static char *take_escape(struct reading *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *known = *r->at ? strchr(from, *r->at) : NULL;
	long cp;

	if (known) {
		r->at++;
		*to++ = into[known - from];
		return to;
	}
	if (*r->at++ != 'u')
		return NULL;
	cp = take_code(r);
	if (cp < 0)
		return NULL;
	return put_code(to, cp == 0 || (cp >= 0xd800 && cp <= 0xdfff) ? 0xfffd : (unsigned long)cp);
}

/* NULL: it is none. */
static const char *take_string(struct reading *r)
{
	char *start, *to;

	if (!take(r, '"'))
		return NULL;
	start = to = r->at;
	while (*r->at != '"') {
		if (*r->at == '\0')
			return NULL;
		if (*r->at != '\\') {
			*to++ = *r->at++;
			continue;
		}
		r->at++;
		to = take_escape(r, to);
		if (!to)
			return NULL;
	}
	r->at++;
	*to = '\0';
	return start;
}

/* A list of strings. */
static bool take_list(struct reading *r)
{
	if (!take(r, '['))
		return false;
	if (take(r, ']'))
		return true;
	do {
		if (!take_string(r))
			return false;
	} while (take(r, ','));
	return take(r, ']');
}

/* A number or a word; the byte behind it is kept back, for its place is needed for a NUL. */
static bool take_word(struct reading *r, struct flat_field *f, char *behind)
{
	size_t n;

	skip_blanks(r);
	n = strspn(r->at, "-+.0123456789abcdefghijklmnopqrstuvwxyzE");
	if (n == 0)
		return false;
	f->value = r->at;
	r->at += n;
	*behind = *r->at;
	*r->at = '\0';
	f->kind = strcmp(f->value, "true") == 0 || strcmp(f->value, "false") == 0 ? FLAT_BOOL : FLAT_NUMBER;
	return f->kind == FLAT_BOOL || strspn(f->value, "-+.0123456789eE") == n;
}

/* *behind: a byte that was taken out already; 0: none. */
static bool take_value(struct reading *r, struct flat_field *f, char *behind)
{
	skip_blanks(r);
	*behind = '\0';
	if (*r->at == '[') {
		f->kind = FLAT_LIST;
		f->value = "";
		return take_list(r);
	}
	if (*r->at != '"')
		return take_word(r, f, behind);
	f->kind = FLAT_STRING;
	f->value = take_string(r);
	return f->value != NULL;
}

/* What comes behind a value: a comma or the end of the object. */
static char take_end(struct reading *r, char behind)
{
	if (behind && !strchr(" \t\r\n", behind)) {
		r->at++;
		return behind;
	}
	if (behind)
		r->at++;
	skip_blanks(r);
	return *r->at ? *r->at++ : '\0';
}

bool flat_read(struct flat *f, char *text)
{
	struct reading r = {text};
	char end = ',', behind;

	f->count = 0;
	if (!take(&r, '{'))
		return false;
	if (take(&r, '}'))
		end = '}';
	while (end == ',') {
		struct flat_field *field = &f->fields[f->count];

		if (f->count == FLAT_FIELDS_MAX)
			return false;
		field->name = take_string(&r);
		if (!field->name || !take(&r, ':') || !take_value(&r, field, &behind))
			return false;
		f->count++;
		end = take_end(&r, behind);
	}
	skip_blanks(&r);
	return end == '}' && *r.at == '\0';
}

const struct flat_field *flat_find(const struct flat *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->fields[i].name, name) == 0)
			return &f->fields[i];
	}
	return NULL;
}

const char *flat_value(const struct flat *f, const char *name)
{
	const struct flat_field *field = flat_find(f, name);

	return field ? field->value : NULL;
}
