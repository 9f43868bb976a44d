#include "chat-client/render.h"

#include <stdint.h>
#include <string.h>

#include "base/inert.h"
#include "chat-client/codepoint.h"

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
	size_t n = inert_colour_length(*rest, hex);

	if (!n) {
		look->foreground = look->background = NO_COLOUR;
		return;
	}
	look->foreground = take_colour(rest, n, hex);
	if (!rest->n || rest->p[0] != ',')
		return;
	n = inert_colour_length((struct str){rest->p + 1, rest->n - 1}, hex);
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
	case INERT_COLOUR:
	case INERT_HEX_COLOUR:
		take_colours(rest, format == INERT_HEX_COLOUR, look);
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

static enum inert_verdict judge(uint32_t cp)
{
	return cp == CODEPOINT_BAD ? INERT_REPLACE : inert_judge(cp);
}

bool render_is_fit(uint32_t cp)
{
	return judge(cp) == INERT_SHOW;
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
		enum inert_verdict verdict = cp == '\t' ? INERT_SHOW : judge(cp);

		before = look;
		if (inert_is_format(cp))
			change_look(&look, cp, &text);
		if (mode == RENDER_COLOUR && memcmp(&before, &look, sizeof(look)) != 0)
			add_look(out, &look, &dirty);
		if (verdict == INERT_SKIP)
			continue;
		if (cp == '\t')
			cp = ' ';
		else if (verdict == INERT_REPLACE)
			cp = CODEPOINT_REPLACEMENT;
		codepoint_add(out, mode == RENDER_ASCII && cp >= 0x80 ? '?' : cp);
	}
	out->cap = cap;
	if (dirty)
		buf_cstr(out, "\033[0m");
}
