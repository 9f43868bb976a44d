#include <stdint.h>

#include "base/buf.h"
#include "chat-client/client.h"
#include "chat-client/codepoint.h"
#include "chat-client/events.h"
#include "chat-client/json.h"
#include "chat-client/multiline.h"
#include "chat-client/recall.h"
#include "chat-client/render.h"
#include "check.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a server sends to chat-client, line by line, as far as to what a person or a program is shown of it: whatever it
 * is, nothing but text comes out.
 */
enum { INPUT_MAX = 1 << 14, ROOM = 1 << 20 };

static void check_inert(struct str s, bool json)
{
	CHECK(utf8_valid(s));
	while (s.n) {
		uint32_t cp = codepoint_take(&s);

		CHECK((cp == '\n' && !s.n && json) || render_is_fit(cp));
	}
}

static void check_words(const struct client *c, const struct line *line)
{
	static char memory[ROOM], shown[ROOM * RENDER_GROWTH];
	enum screen_stream stream;
	struct buf words, out;
	struct str rest, row;

	buf_init(&words, memory, sizeof(memory));
	if (!events_describe(c, line, &words, &stream))
		return;
	CHECK(!words.full);
	rest = buf_view(&words);
	while (str_split(&rest, '\n', &row)) {
		buf_init(&out, shown, sizeof(shown));
		render_text(&out, row, RENDER_PLAIN);
		check_inert(buf_view(&out), false);
	}
	/* lines of their own are those of a message alone */
	CHECK(stream == SCREEN_MESSAGES || !memchr(words.p, '\n', words.n));
}

static void check_json(const struct line *line)
{
	static char memory[ROOM];
	struct buf out;

	CHECK(json_room(line) <= sizeof(memory));
	buf_init(&out, memory, json_room(line));
	if (json_line(&out, line, 0))
		check_inert(buf_view(&out), true);
	CHECK(!out.full);
}

static void show(const struct client *c, struct recall *recall, const struct line *line)
{
	if (line->nparams > 1)
		recall_note(recall, line, line->params[0], false);
	check_words(c, line);
	check_json(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recall recall;
	struct client c = {.state = CLIENT_READY, .nick = "me", .target = "#lobby", .recall = &recall};
	struct str rest = {(const char *)data, size}, raw;
	struct multiline multiline = {0};
	struct line line, whole;

	if (size > INPUT_MAX)
		return 0;
	while (str_split(&rest, '\n', &raw)) {
		if (line_parse(&line, raw, LINE_TAGS_MAX) != LINE_OK)
			continue;
		switch (multiline_take(&multiline, &line, &whole)) {
		case MULTILINE_NOT:
			show(&c, &recall, &line);
			break;
		case MULTILINE_WHOLE:
			show(&c, &recall, &whole);
			break;
		case MULTILINE_TAKEN:
			break;
		}
	}
	multiline_reset(&multiline);
	recall_deinit(&recall);
	recall.next = 0;
	return 0;
}
