#include "proto/mask.h"

#include "proto/name.h"
#include "proto/utf8.h"

enum { MATCH_MAX = 2048 };

/* Where the character at text.p[at] ends: a byte, and what continues it in UTF-8. */
static size_t next_char(struct str text, size_t at)
{
	do
		at++;
	while (at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80);
	return at;
}

/*
 * Only the last '*' seen can need another try: what an earlier one might take more, the later one can take as well.
 * Hence one place to go back to, and no stack. '?' takes a whole character, or what '*' left of one.
 */
static bool match(enum casemap map, struct str mask, struct str text)
{
	size_t m = 0, t = 0, star = SIZE_MAX, star_text = 0;

	while (t < text.n) {
		if (m < mask.n && mask.p[m] == '*') {
			star = m++;
			star_text = t;
		} else if (m < mask.n && mask.p[m] == '?') {
			m++;
			t = next_char(text, t);
		} else if (m < mask.n && casemap_fold_char(map, mask.p[m]) == casemap_fold_char(map, text.p[t])) {
			m++;
			t++;
		} else if (star != SIZE_MAX) {
			m = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (m < mask.n && mask.p[m] == '*')
		m++;
	return m == mask.n;
}

/* Folded first: what is equal may be written in other, and in more, bytes. Longer ones than any mask are taken as they are. */
static bool match_folded(enum casemap map, struct str mask, struct str text)
{
	BUF_MEMORY char folded_mask[CASEMAP_ROOM(MATCH_MAX)], folded_text[CASEMAP_ROOM(MATCH_MAX)];

	if (mask.n > MATCH_MAX || text.n > MATCH_MAX)
		return match(map, mask, text);
	return match(map, casemap_fold(map, folded_mask, mask), casemap_fold(map, folded_text, text));
}

bool mask_match(enum casemap map, struct str mask, struct str text)
{
	if (casemap_beyond_ascii(map, text) || casemap_beyond_ascii(map, mask))
		return match_folded(map, mask, text);
	return match(map, mask, text);
}

/*
 * One part of a mask: at most max bytes, no run of '*', none of the bytes in drop, and nothing that would end a
 * parameter on the wire. A part that was empty matches anything; false for one that had nothing of use in it.
 */
static bool add_part(struct buf *out, struct str part, size_t max, const char *drop)
{
	char memory[NAME_HOST_MAX + 4];
	struct buf b;
	struct str cut;

	/* Room for one character more than may stay, so that utf8_cut sees where it ends. */
	buf_init(&b, memory, max + 4);
	for (size_t i = 0; i < part.n && !b.full; i++) {
		unsigned char c = (unsigned char)part.p[i];
		bool run = c == '*' && b.n && b.p[b.n - 1] == '*';

		if (c > ' ' && c != 0x7f && !run && !strchr(drop, c))
			buf_chr(&b, part.p[i]);
	}
	cut = utf8_cut(buf_view(&b), max);
	buf_str(out, cut.n ? cut : STR("*"));
	return cut.n || part.n == 0;
}

/* Takes the part before sep off *rest. Without a sep, *rest stays whole and the part is empty. */
static struct str take_before(struct str *rest, char sep)
{
	const char *end = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	struct str part = STR_NONE;

	if (end)
		str_split(rest, sep, &part);
	return part;
}

static bool has(struct str s, char c)
{
	return s.n && memchr(s.p, c, s.n);
}

/* What cannot stand in its part is dropped; a nick in front must not look like the colon of a last parameter. */
void mask_normalise(struct buf *out, struct str mask)
{
	struct str nick, user = STR_NONE, host = STR_NONE;
	bool ok, bang = has(mask, '!');
	size_t before = out->n;

	if (mask.n == 0)
		return;
	nick = take_before(&mask, '!');
	if (has(mask, '@')) {
		user = take_before(&mask, '@');
		host = mask;
	} else if (bang) {
		user = mask;
	} else if (has(mask, '.') || has(mask, ':')) {
		host = mask;
	} else {
		nick = mask;
	}
	if (nick.n + user.n + host.n == 0)
		return;
	ok = add_part(out, nick, NAME_NICK_MAX, "!@:");
	buf_chr(out, '!');
	ok = add_part(out, user, NAME_USER_MAX, "!@:") && ok;
	buf_chr(out, '@');
	ok = add_part(out, host, NAME_HOST_MAX, "!@") && ok;
	if (!ok)
		out->n = before;
}
