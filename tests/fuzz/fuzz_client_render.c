#include <stdint.h>

#include "base/buf.h"
#include "chat-client/codepoint.h"
#include "chat-client/render.h"
#include "check.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 13 };

/* The controls, hidden and directional characters that the contract names; written apart from the table it is kept by.
 */
static bool is_inert(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7F && cp <= 0x9F))
		return false;
	if (cp == 0xAD || cp == 0x61C || cp == 0xFEFF || (cp >= 0x200B && cp <= 0x200F))
		return false;
	if ((cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) || (cp >= 0xE0000 && cp <= 0xE0FFF))
		return false;
	return cp < 0xFE00 || cp > 0xFE0F;
}

static void check_output(struct str s, bool ascii)
{
	CHECK(utf8_valid(s));
	while (s.n) {
		uint32_t cp = codepoint_take(&s);

		CHECK(is_inert(cp));
		CHECK(!ascii || cp < 0x80);
	}
}

static void check_render(struct str in, bool ascii)
{
	static char first[INPUT_MAX * RENDER_GROWTH], second[INPUT_MAX * RENDER_GROWTH];
	struct buf out, again;

	buf_init(&out, first, in.n * RENDER_GROWTH);
	render_text(&out, in, ascii);
	CHECK(!out.full);
	check_output(buf_view(&out), ascii);
	/* what is fit to be shown stays as it is */
	buf_init(&again, second, out.n);
	render_text(&again, buf_view(&out), ascii);
	CHECK(!again.full && str_eq(buf_view(&again), buf_view(&out)));
}

/* With formatting shown: nothing but SGR sequences between what is inert, and a reset behind the last. */
static void check_colour(struct str in)
{
	static char memory[INPUT_MAX * RENDER_GROWTH];
	bool dirty = false;
	struct buf out;

	buf_init(&out, memory, in.n * RENDER_GROWTH);
	render_text(&out, in, RENDER_COLOUR);
	for (struct str s = buf_view(&out); s.n;) {
		uint32_t cp = codepoint_take(&s);

		if (cp != 0x1B) {
			CHECK(is_inert(cp));
			continue;
		}
		CHECK(s.n > 1 && s.p[0] == '[' && s.p[1] == '0');
		dirty = s.p[2] != 'm';
		for (cp = codepoint_take(&s); cp != 'm'; cp = codepoint_take(&s))
			CHECK(s.n && (cp == '[' || cp == ';' || (cp >= '0' && cp <= '9')));
	}
	CHECK(!dirty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = {(const char *)data, size};

	if (size > INPUT_MAX)
		return 0;
	check_render(in, false);
	check_render(in, true);
	check_colour(in);
	return 0;
}
