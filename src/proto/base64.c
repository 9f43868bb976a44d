#include "proto/base64.h"

#include <stdint.h>

/* The two alphabets differ in their last two letters. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char last_usual[] = "+/", last_url[] = "-_";

static char letter_of(uint32_t value, const char *last)
{
	return value < 62 ? letters[value] : last[value - 62];
}

static uint32_t byte_at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

/* How many letters the bytes from there on take, of a group of four. */
static size_t letters_at(struct str s, size_t i)
{
	return s.n - i >= 3 ? 4 : s.n - i + 1;
}

static void put_group(struct buf *out, struct str bytes, size_t i, const char *last)
{
	uint32_t v = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);

	for (size_t k = 0; k < letters_at(bytes, i); k++)
		buf_chr(out, letter_of(v >> (18 - 6 * k) & 63, last));
}

void base64_encode(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		put_group(out, bytes, i, last_usual);
		buf_add(out, "==", 4 - letters_at(bytes, i));
	}
}

void base64url_encode(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3)
		put_group(out, bytes, i, last_url);
}

static int value_of(char c, const char *last)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == last[0] ? 62 : c == last[1] ? 63 : -1;
}

/* Bits that are left over must be nothing, so that no two texts are the same bytes. */
static bool take_group(struct buf *out, struct str used, const char *last)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < used.n ? value_of(used.p[i], last) : 0;

		if (value < 0)
			return false;
		v = v << 6 | (uint32_t)value;
	}
	if (used.n < 2 || (v & ((1u << 8 * (4 - used.n)) - 1)))
		return false;
	for (size_t i = 0; i + 1 < used.n; i++)
		buf_chr(out, (char)(v >> (16 - 8 * i) & 0xff));
	return true;
}

static bool take_groups(struct buf *out, struct str text, const char *last)
{
	for (size_t i = 0; i < text.n; i += 4) {
		size_t left = text.n - i;

		if (!take_group(out, (struct str){text.p + i, left < 4 ? left : 4}, last))
			return false;
	}
	return !out->full;
}

bool base64_decode(struct buf *out, struct str text)
{
	if (text.n % 4)
		return false;
	for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
		text.n--;
	return take_groups(out, text, last_usual);
}

bool base64url_decode(struct buf *out, struct str text)
{
	return take_groups(out, text, last_url);
}
