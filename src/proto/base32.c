#include "proto/base32.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base32_encode(struct buf *out, struct str bytes)
{
	uint32_t v = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		v = (v << 8 | (unsigned char)bytes.p[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			buf_chr(out, letters[v >> (bits - 5) & 31]);
	}
	if (bits)
		buf_chr(out, letters[v << (5 - bits) & 31]);
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool base32_decode(struct buf *out, struct str text)
{
	uint32_t v = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = value_of(text.p[i]);

		if (value < 0)
			return false;
		v = (v << 5 | (uint32_t)value) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			buf_chr(out, (char)(v >> bits & 0xff));
		}
	}
	return bits < 5 && !(v & ((1u << bits) - 1)) && !out->full;
}
