#include "base/inert.h"

struct range {
	uint32_t first, last;
	enum inert_verdict verdict;
};

/*
 * Beyond ASCII: what may not reach a terminal. Sorted. Sources: Unicode's Default_Ignorable_Code_Point and
 * Bidi_Control properties, the C1 controls, line and paragraph separators, noncharacters, and the Hangul fillers.
 */
static const struct range unfit[] = {
	{0x0080, 0x009F, INERT_REPLACE},   {0x00AD, 0x00AD, INERT_REPLACE},   {0x034F, 0x034F, INERT_REPLACE},
	{0x061C, 0x061C, INERT_REPLACE},   {0x115F, 0x1160, INERT_REPLACE},   {0x17B4, 0x17B5, INERT_REPLACE},
	{0x180B, 0x180F, INERT_REPLACE},   {0x200B, 0x200B, INERT_REPLACE},   {0x200C, 0x200D, INERT_SKIP},
	{0x200E, 0x200F, INERT_REPLACE},   {0x2028, 0x202E, INERT_REPLACE},   {0x2060, 0x206F, INERT_REPLACE},
	{0x3164, 0x3164, INERT_REPLACE},   {0xFDD0, 0xFDEF, INERT_REPLACE},   {0xFE00, 0xFE0F, INERT_SKIP},
	{0xFEFF, 0xFEFF, INERT_REPLACE},   {0xFFA0, 0xFFA0, INERT_REPLACE},   {0xFFF0, 0xFFFB, INERT_REPLACE},
	{0xFFFE, 0xFFFF, INERT_REPLACE},   {0x1BCA0, 0x1BCA3, INERT_REPLACE}, {0x1D173, 0x1D17A, INERT_REPLACE},
	{0xE0000, 0xE0FFF, INERT_REPLACE},
};

static enum inert_verdict judge_wide(uint32_t cp)
{
	size_t low = 0, high = sizeof(unfit) / sizeof(unfit[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (cp > unfit[mid].last)
			low = mid + 1;
		else if (cp < unfit[mid].first)
			high = mid;
		else
			return unfit[mid].verdict;
	}
	return (cp & 0xFFFE) == 0xFFFE ? INERT_REPLACE : INERT_SHOW;
}

bool inert_is_format(uint32_t cp)
{
	static const uint32_t formats = 1u << 0x02 | 1u << INERT_COLOUR | 1u << INERT_HEX_COLOUR | 1u << 0x0F |
					1u << 0x11 | 1u << 0x16 | 1u << 0x1D | 1u << 0x1E | 1u << 0x1F;

	return cp < 32 && (formats >> cp & 1u);
}

enum inert_verdict inert_judge(uint32_t cp)
{
	if (cp >= 0x80)
		return judge_wide(cp);
	if (inert_is_format(cp))
		return INERT_SKIP;
	return cp < 0x20 || cp == 0x7F ? INERT_REPLACE : INERT_SHOW;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

size_t inert_colour_length(struct str s, bool hex)
{
	size_t max = hex ? 6 : 2, n = 0;

	while (n < max && n < s.n && (hex ? is_hex(s.p[n]) : s.p[n] >= '0' && s.p[n] <= '9'))
		n++;
	return hex && n < 6 ? 0 : n;
}

static void skip(struct str *rest, size_t n)
{
	rest->p += n;
	rest->n -= n;
}

/* "foreground[,background]" after a colour code; a comma with no colour behind it is text. */
static void skip_colours(struct str *rest, bool hex)
{
	size_t n = inert_colour_length(*rest, hex);

	skip(rest, n);
	if (!n || !rest->n || rest->p[0] != ',')
		return;
	n = inert_colour_length((struct str){rest->p + 1, rest->n - 1}, hex);
	skip(rest, n ? n + 1 : 0);
}

/* Whole, or not at all. */
static void add(struct buf *out, struct str bytes)
{
	if (bytes.n > out->cap - out->n)
		out->full = true;
	else
		buf_str(out, bytes);
}

void inert_text(struct buf *out, struct str text)
{
	while (text.n) {
		uint32_t cp;
		size_t n = str_code_point(text, &cp);
		struct str one = {text.p, n};
		enum inert_verdict verdict = n ? inert_judge(cp) : INERT_REPLACE;

		skip(&text, n ? n : 1);
		if (n && (cp == INERT_COLOUR || cp == INERT_HEX_COLOUR))
			skip_colours(&text, cp == INERT_HEX_COLOUR);
		if (n && cp == '\t')
			add(out, STR(" "));
		else if (verdict == INERT_SHOW)
			add(out, one);
		else if (verdict == INERT_REPLACE)
			add(out, STR("\xEF\xBF\xBD"));
	}
}
