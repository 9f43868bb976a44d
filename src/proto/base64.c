#include "proto/base64.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t byte_at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

void base64_encode(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		uint32_t v = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);

		buf_chr(out, letters[v >> 18 & 63]);
		buf_chr(out, letters[v >> 12 & 63]);
		buf_chr(out, i + 1 < bytes.n ? letters[v >> 6 & 63] : '=');
		buf_chr(out, i + 2 < bytes.n ? letters[v & 63] : '=');
	}
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Bits that the padding leaves over must be nothing, so that no two texts are the same bytes. */
static bool take_group(struct buf *out, const char *p, size_t used)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < used ? value_of(p[i]) : 0;

		if (value < 0)
			return false;
		v = v << 6 | (uint32_t)value;
	}
	if (v & ((1u << 8 * (4 - used)) - 1))
		return false;
	for (size_t i = 0; i + 1 < used; i++)
		buf_chr(out, (char)(v >> (16 - 8 * i) & 0xff));
	return true;
}

bool base64_decode(struct buf *out, struct str text)
{
	if (text.n % 4)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		const char *p = text.p + i;
		size_t used = 4;

		if (i + 4 == text.n)
			used -= p[3] != '=' ? 0u : p[2] != '=' ? 1u : 2u;
		if (!take_group(out, p, used))
			return false;
	}
	return !out->full;
}
