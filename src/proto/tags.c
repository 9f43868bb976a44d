#include "proto/tags.h"

bool tags_next(struct str *rest, struct tag *out)
{
	struct str part;

	while (str_split(rest, ';', &part)) {
		struct str value = part;

		/* "=x" has no name to be known by, and counts as empty. */
		if (!str_split(&value, '=', &out->key) || out->key.n == 0)
			continue;
		out->value = value;
		return true;
	}
	return false;
}

bool tags_find(struct str tags, struct str key, struct tag *out)
{
	struct tag tag;
	bool found = false;

	while (tags_next(&tags, &tag)) {
		if (str_eq(tag.key, key)) {
			*out = tag;
			found = true;
		}
	}
	return found;
}

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* One or more bytes of a key; in a vendor, which is a host name, dots as well. */
static bool is_word(struct str s, bool dots)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_key_char(s.p[i]) && !(dots && s.p[i] == '.'))
			return false;
	}
	return s.n > 0;
}

bool tags_key_valid(struct str key)
{
	const char *slash;
	size_t vendor;

	if (key.n && key.p[0] == '+')
		key = (struct str){key.p + 1, key.n - 1};
	slash = key.n ? memchr(key.p, '/', key.n) : NULL;
	if (!slash)
		return is_word(key, false);
	vendor = (size_t)(slash - key.p);
	return is_word((struct str){key.p, vendor}, true) &&
	       is_word((struct str){slash + 1, key.n - vendor - 1}, false);
}

/* NUL has no escape and no place on a line: it is left out. */
void tags_escape(struct buf *out, struct str raw)
{
	static const char plain[] = "; \\\r\n", escaped[] = ":s\\rn";

	for (size_t i = 0; i < raw.n; i++) {
		const char *special = memchr(plain, raw.p[i], sizeof(plain));

		if (!special) {
			buf_chr(out, raw.p[i]);
		} else if (*special) {
			buf_chr(out, '\\');
			buf_chr(out, escaped[special - plain]);
		}
	}
}

void tags_add(struct buf *out, const char *key, struct str value)
{
	if (out->n)
		buf_chr(out, ';');
	buf_cstr(out, key);
	if (value.n) {
		buf_chr(out, '=');
		buf_str(out, value);
	}
}

void tags_unescape(struct buf *out, struct str escaped)
{
	static const char letters[] = ":srn", plain[] = "; \r\n";

	for (size_t i = 0; i < escaped.n; i++) {
		const char *letter;

		if (escaped.p[i] != '\\') {
			buf_chr(out, escaped.p[i]);
			continue;
		}
		/* A backslash at the very end means nothing; before any other letter it means that letter. */
		if (++i == escaped.n)
			break;
		letter = memchr(letters, escaped.p[i], sizeof(letters) - 1);
		buf_chr(out, letter ? plain[letter - letters] : escaped.p[i]);
	}
}
