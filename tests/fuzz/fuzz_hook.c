/* What a webhook brings: the first byte says its type, whether GitHub sent it, and whether there is a format. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "chatd/hook_text.h"
#include "check.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(struct str text)
{
	struct str line;
	size_t count = 0;

	CHECK(!text.n || text.p[text.n - 1] == '\n');
	while (text.n && str_split(&text, '\n', &line)) {
		CHECK(line.n > 0 && line.n <= HOOK_LINE_MAX && utf8_valid(line));
		for (size_t i = 0; i < line.n; i++)
			CHECK((unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7f);
		count++;
	}
	CHECK(count <= HOOK_LINES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hook_body body = {.type = HOOK_PLAIN};
	struct hook_reader *r = hook_reader_new();
	char memory[HOOK_TEXT_MAX];
	struct buf out;

	CHECK(r);
	if (size) {
		body.type = (enum hook_type)(data[0] % 3);
		body.event = data[0] & 0x40 ? STR("push") : STR_NONE;
		body.format = data[0] & 0x80 ? STR("{a.b:3} {l.0} {text}") : STR_NONE;
		body.bytes = (struct str){(const char *)data + 1, size - 1};
	}
	buf_init(&out, memory, sizeof(memory));
	(void)hook_text_make(r, &body, &out);
	CHECK(!out.full);
	check_lines(buf_view(&out));
	hook_reader_free(r);
	return 0;
}
