#include "base/str.h"

#include <string.h>

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

struct str str_trim(struct str s, const char *set)
{
	const size_t n = strlen(set);

	while (s.n && memchr(set, s.p[0], n))
		s = (struct str){s.p + 1, s.n - 1};
	while (s.n && memchr(set, s.p[s.n - 1], n))
		s.n--;
	return s;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, sep, rest->n);
	part->p = rest->p;
	part->n = end ? (size_t)(end - rest->p) : rest->n;
	rest->p += part->n + (end != NULL);
	rest->n -= part->n + (end != NULL);
	return true;
}

bool str_u64(struct str s, unsigned long long max, unsigned long long *out)
{
	unsigned long long v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned int digit = (unsigned int)(unsigned char)s.p[i] - '0';

		if (digit > 9 || digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

/* What a first byte promises: how many bytes, its own bits, and the least value that needs so many. */
static size_t lead_length(unsigned char c, uint32_t *bits, uint32_t *least)
{
	if (c >= 0xc2 && c <= 0xdf) {
		*bits = c & 0x1f;
		*least = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*bits = c & 0x0f;
		*least = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*bits = c & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

size_t str_code_point(struct str s, uint32_t *cp)
{
	uint32_t v = 0, least = 0;
	size_t len;

	if (s.n == 0)
		return 0;
	if ((unsigned char)s.p[0] < 0x80) {
		*cp = (unsigned char)s.p[0];
		return 1;
	}
	len = lead_length((unsigned char)s.p[0], &v, &least);
	if (len == 0 || len > s.n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (c & 0x3f);
	}
	if (v < least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

void str_hex(char *dst, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = digits[bytes[i] >> 4];
		dst[2 * i + 1] = digits[bytes[i] & 15];
	}
	dst[2 * n] = '\0';
}
