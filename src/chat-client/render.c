#include "chat-client/render.h"

#include <stdint.h>
#include <string.h>

#include "chat-client/codepoint.h"

enum verdict { SHOW, SKIP, REPLACE };

struct range {
	uint32_t first, last;
	enum verdict verdict;
};

/*
 * Beyond ASCII: what may not reach a terminal. Sorted. Sources: Unicode's Default_Ignorable_Code_Point and
 * Bidi_Control properties, the C1 controls, line and paragraph separators, noncharacters, and the Hangul fillers.
 */
static const struct range unfit[] = {
	{0x0080, 0x009F, REPLACE},   {0x00AD, 0x00AD, REPLACE},   {0x034F, 0x034F, REPLACE},
	{0x061C, 0x061C, REPLACE},   {0x115F, 0x1160, REPLACE},   {0x17B4, 0x17B5, REPLACE},
	{0x180B, 0x180F, REPLACE},   {0x200B, 0x200B, REPLACE},   {0x200C, 0x200D, SKIP},
	{0x200E, 0x200F, REPLACE},   {0x2028, 0x202E, REPLACE},   {0x2060, 0x206F, REPLACE},
	{0x3164, 0x3164, REPLACE},   {0xFDD0, 0xFDEF, REPLACE},   {0xFE00, 0xFE0F, SKIP},
	{0xFEFF, 0xFEFF, REPLACE},   {0xFFA0, 0xFFA0, REPLACE},   {0xFFF0, 0xFFFB, REPLACE},
	{0xFFFE, 0xFFFF, REPLACE},   {0x1BCA0, 0x1BCA3, REPLACE}, {0x1D173, 0x1D17A, REPLACE},
	{0xE0000, 0xE0FFF, REPLACE},
};

static enum verdict judge_wide(uint32_t cp)
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
	return (cp & 0xFFFE) == 0xFFFE ? REPLACE : SHOW;
}

enum { FORMAT_COLOUR = 0x03, FORMAT_HEX_COLOUR = 0x04 };

static bool is_format(uint32_t cp)
{
	static const uint32_t formats = 1u << 0x02 | 1u << FORMAT_COLOUR | 1u << FORMAT_HEX_COLOUR | 1u << 0x0F |
					1u << 0x11 | 1u << 0x16 | 1u << 0x1D | 1u << 0x1E | 1u << 0x1F;

	return cp < 32 && (formats >> cp & 1u);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of one colour at the front of s: one or two decimal digits, or six hex digits. */
static size_t colour_length(struct str s, bool hex)
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

enum { COLOURS = 16, NO_COLOUR = 255 };

/* How the text that follows looks. */
struct look {
	bool bold, italic, underline, strike, reverse;
	uint8_t foreground, background; /* of the first 16 colours */
};

static const struct look plain_look = {.foreground = NO_COLOUR, .background = NO_COLOUR};

/* One colour off the front of *rest; what lies beyond those that every terminal has is none. */
static uint8_t take_colour(struct str *rest, size_t n, bool hex)
{
	unsigned value = 0;

	for (size_t i = 0; i < n && !hex; i++)
		value = value * 10 + (unsigned)(rest->p[i] - '0');
	skip(rest, n);
	return hex || value >= COLOURS ? NO_COLOUR : (uint8_t)value;
}

/* Takes "foreground[,background]" after a colour code; a comma with no colour behind it is text. */
static void take_colours(struct str *rest, bool hex, struct look *look)
{
	size_t n = colour_length(*rest, hex);

	if (!n) {
		look->foreground = look->background = NO_COLOUR;
		return;
	}
	look->foreground = take_colour(rest, n, hex);
	if (!rest->n || rest->p[0] != ',')
		return;
	n = colour_length((struct str){rest->p + 1, rest->n - 1}, hex);
	if (!n)
		return;
	skip(rest, 1);
	look->background = take_colour(rest, n, hex);
}

static void change_look(struct look *look, uint32_t format, struct str *rest)
{
	switch (format) {
	case 0x02:
		look->bold = !look->bold;
		break;
	case FORMAT_COLOUR:
	case FORMAT_HEX_COLOUR:
		take_colours(rest, format == FORMAT_HEX_COLOUR, look);
		break;
	case 0x0F:
		*look = plain_look;
		break;
	case 0x16:
		look->reverse = !look->reverse;
		break;
	case 0x1D:
		look->italic = !look->italic;
		break;
	case 0x1E:
		look->strike = !look->strike;
		break;
	case 0x1F:
		look->underline = !look->underline;
		break;
	default: /* monospace: all of a terminal is */
		break;
	}
}

/* SGR of the sixteen colours of mIRC; the background is 10 more. */
static const uint8_t sgr[COLOURS] = {97, 30, 34, 32, 91, 31, 35, 33, 93, 92, 36, 96, 94, 95, 90, 37};

enum { LOOK_BYTES_MAX = 32, RESET_BYTES = 4 };

/* Nothing when it would not fit with the reset that must follow. */
static void add_look(struct buf *out, const struct look *look, bool *dirty)
{
	if (out->cap - out->n < LOOK_BYTES_MAX + RESET_BYTES)
		return;
	buf_cstr(out, "\033[0");
	if (look->bold)
		buf_cstr(out, ";1");
	if (look->italic)
		buf_cstr(out, ";3");
	if (look->underline)
		buf_cstr(out, ";4");
	if (look->reverse)
		buf_cstr(out, ";7");
	if (look->strike)
		buf_cstr(out, ";9");
	if (look->foreground < COLOURS)
		buf_fmt(out, ";%u", sgr[look->foreground]);
	if (look->background < COLOURS)
		buf_fmt(out, ";%u", sgr[look->background] + 10u);
	buf_chr(out, 'm');
	*dirty = memcmp(look, &plain_look, sizeof(*look)) != 0;
}

static enum verdict judge(uint32_t cp)
{
	if (cp == CODEPOINT_BAD)
		return REPLACE;
	if (cp >= 0x80)
		return judge_wide(cp);
	if (is_format(cp))
		return SKIP;
	return cp < 0x20 || cp == 0x7F ? REPLACE : SHOW;
}

bool render_is_fit(uint32_t cp)
{
	return judge(cp) == SHOW;
}

void render_text(struct buf *out, struct str text, enum render_mode mode)
{
	struct look look = plain_look, before;
	size_t cap = out->cap;
	bool dirty = false;

	/* the reset has its room, whatever happens */
	if (mode == RENDER_COLOUR && cap - out->n > RESET_BYTES)
		out->cap -= RESET_BYTES;
	while (text.n) {
		uint32_t cp = codepoint_take(&text);
		enum verdict verdict = cp == '\t' ? SHOW : judge(cp);

		before = look;
		if (is_format(cp))
			change_look(&look, cp, &text);
		if (mode == RENDER_COLOUR && memcmp(&before, &look, sizeof(look)) != 0)
			add_look(out, &look, &dirty);
		if (verdict == SKIP)
			continue;
		if (cp == '\t')
			cp = ' ';
		else if (verdict == REPLACE)
			cp = CODEPOINT_REPLACEMENT;
		codepoint_add(out, mode == RENDER_ASCII && cp >= 0x80 ? '?' : cp);
	}
	out->cap = cap;
	if (dirty)
		buf_cstr(out, "\033[0m");
}
