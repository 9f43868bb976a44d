#include "proto/utf8.h"

#include <stdint.h>

/* How many of the first bytes are ASCII, by words; at most 7 more may follow. */
static size_t ascii_run(struct str s)
{
	const uint64_t high = 0x8080808080808080;
	size_t at = 0;
	uint64_t word;

	for (; s.n - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, s.p + at, sizeof(word));
		if (word & high)
			break;
	}
	return at;
}

bool utf8_valid(struct str s)
{
	uint32_t cp;

	while (s.n) {
		size_t n = ascii_run(s);

		if (n == 0)
			n = str_code_point(s, &cp);
		if (n == 0)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

/*
 * A code point that starts before the cut and ends behind it goes as a whole. Bytes that are no UTF-8 at all are cut
 * where the limit is.
 */
struct str utf8_cut(struct str s, size_t max)
{
	uint32_t cp;

	if (s.n <= max)
		return s;
	for (size_t back = 1; back <= 3 && back <= max; back++) {
		size_t at = max - back;

		if (str_code_point((struct str){s.p + at, s.n - at}, &cp) > back)
			return (struct str){s.p, at};
	}
	return (struct str){s.p, max};
}
