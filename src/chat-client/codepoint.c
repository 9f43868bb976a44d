#include "chat-client/codepoint.h"

/* The smallest code point that needs so many bytes; a smaller one is overlong. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t length_of_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* The code point of n bytes at p, n being what the first of them announces. */
static uint32_t decode(const unsigned char *p, size_t n)
{
	uint32_t cp = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return CODEPOINT_BAD;
		cp = cp << 6 | (p[i] & 0x3Fu);
	}
	if (cp < smallest[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return CODEPOINT_BAD;
	return cp;
}

uint32_t codepoint_take(struct str *rest)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n = length_of_lead(p[0]);
	uint32_t cp = n && n <= rest->n ? decode(p, n) : CODEPOINT_BAD;

	if (cp == CODEPOINT_BAD)
		n = 1;
	rest->p += n;
	rest->n -= n;
	return cp;
}

size_t codepoint_size(uint32_t cp)
{
	if (cp < 0x80)
		return 1;
	if (cp < 0x800)
		return 2;
	return cp < 0x10000 ? 3 : 4;
}

void codepoint_add(struct buf *out, uint32_t cp)
{
	static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t n = codepoint_size(cp);
	char bytes[CODEPOINT_BYTES_MAX];

	if (n > out->cap - out->n) {
		out->full = true;
		return;
	}
	for (size_t i = n; i-- > 1; cp >>= 6)
		bytes[i] = (char)(0x80 | (cp & 0x3F));
	bytes[0] = (char)(lead[n] | cp);
	buf_add(out, bytes, n);
}
