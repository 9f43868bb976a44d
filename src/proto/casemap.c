#include "proto/casemap.h"

#include <stdint.h>

#include "proto/precis.h"

enum { EQ_MAX = 512 }; /* longer names are not equal but to the byte */

#define RUN4(b) (b), (b) + 1, (b) + 2, (b) + 3
#define RUN16(b) RUN4(b), RUN4((b) + 4), RUN4((b) + 8), RUN4((b) + 12)
#define RUN24(b) RUN16(b), RUN4((b) + 16), RUN4((b) + 20)
#define RUN128(b)                                                                                                      \
	RUN16(b), RUN16((b) + 16), RUN16((b) + 32), RUN16((b) + 48), RUN16((b) + 64), RUN16((b) + 80),                 \
		RUN16((b) + 96), RUN16((b) + 112)

/* Both differ in the five bytes 0x5b .. 0x5f alone. */
#define TABLE(...)                                                                                                     \
	{                                                                                                              \
		RUN16(0), RUN16(16), RUN16(32), RUN16(48), '@', RUN24('a'), 'y', 'z', __VA_ARGS__, RUN16(96),          \
			RUN16(112), RUN128(128)                                                                        \
	}

static const unsigned char tables[][256] = {
	[CASEMAP_ASCII] = TABLE('[', '\\', ']', '^', '_'),
	[CASEMAP_RFC1459] = TABLE('{', '|', '}', '~', '_'),
	[CASEMAP_PRECIS] = TABLE('[', '\\', ']', '^', '_'),
};

static const char *const names[] = {
	[CASEMAP_ASCII] = "ascii",
	[CASEMAP_RFC1459] = "rfc1459",
	[CASEMAP_PRECIS] = "precis",
};

const char *casemap_name(enum casemap map)
{
	return names[map];
}

bool casemap_parse(const char *name, enum casemap *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum casemap)i;
			return true;
		}
	}
	return false;
}

char casemap_fold_char(enum casemap map, char c)
{
	return (char)tables[map][(unsigned char)c];
}

/* By words. */
static bool is_ascii(struct str s)
{
	const uint64_t high = 0x8080808080808080;
	uint64_t word = 0;

	for (; s.n >= sizeof(word); s.p += sizeof(word), s.n -= sizeof(word)) {
		memcpy(&word, s.p, sizeof(word));
		if (word & high)
			return false;
	}
	word = 0;
	for (size_t i = 0; i < s.n; i++)
		word |= (unsigned char)s.p[i];
	return !(word & high);
}

bool casemap_beyond_ascii(enum casemap map, struct str s)
{
	return map == CASEMAP_PRECIS && !is_ascii(s);
}

struct str casemap_fold(enum casemap map, char *dst, struct str src)
{
	const unsigned char *table = tables[map];

	if (casemap_beyond_ascii(map, src))
		return precis_fold(dst, src);
	for (size_t i = 0; i < src.n; i++)
		dst[i] = (char)table[(unsigned char)src.p[i]];
	return (struct str){dst, src.n};
}

static bool table_eq(const unsigned char *table, struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (table[(unsigned char)a.p[i]] != table[(unsigned char)b.p[i]])
			return false;
	}
	return true;
}

static bool precis_eq(struct str a, struct str b)
{
	BUF_MEMORY char one[PRECIS_GROWTH * EQ_MAX], other[PRECIS_GROWTH * EQ_MAX];

	if (a.n > EQ_MAX || b.n > EQ_MAX)
		return false;
	return str_eq(precis_fold(one, a), precis_fold(other, b));
}

bool casemap_eq(enum casemap map, struct str a, struct str b)
{
	if (table_eq(tables[map], a, b))
		return true;
	return (casemap_beyond_ascii(map, a) || casemap_beyond_ascii(map, b)) && precis_eq(a, b);
}
