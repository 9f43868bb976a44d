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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = {(const char *)data, size};

	if (size > INPUT_MAX)
		return 0;
	check_render(in, false);
	check_render(in, true);
	return 0;
}
