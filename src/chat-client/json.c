#include "chat-client/json.h"

#include "chat-client/client.h"
#include "chat-client/codepoint.h"
#include "chat-client/render.h"
#include "proto/tags.h"

static void add_escape(struct buf *out, uint32_t cp)
{
	if (cp <= 0xFFFF) {
		buf_fmt(out, "\\u%04x", (unsigned)cp);
		return;
	}
	cp -= 0x10000;
	buf_fmt(out, "\\u%04x\\u%04x", 0xD800u + (unsigned)(cp >> 10), 0xDC00u + (unsigned)(cp & 0x3FF));
}

static void add_string(struct buf *out, struct str text)
{
	buf_chr(out, '"');
	while (text.n) {
		uint32_t cp = codepoint_take(&text);

		if (cp == CODEPOINT_BAD)
			cp = CODEPOINT_REPLACEMENT;
		if (cp == '"' || cp == '\\')
			buf_chr(out, '\\');
		/* what could command a terminal, hide, or turn the direction of text */
		if (!render_is_fit(cp))
			add_escape(out, cp);
		else
			codepoint_add(out, cp);
	}
	buf_chr(out, '"');
}

static void add_field(struct buf *out, const char *name, struct str text)
{
	buf_fmt(out, ",\"%s\":", name);
	add_string(out, text);
}

static void add_tags(struct buf *out, struct str tags)
{
	char memory[LINE_TAGS_MAX];
	const char *comma = "";
	struct buf value;
	struct tag tag;

	buf_cstr(out, ",\"tags\":{");
	while (tags_next(&tags, &tag)) {
		buf_cstr(out, comma);
		add_string(out, tag.key);
		buf_chr(out, ':');
		buf_init(&value, memory, sizeof(memory));
		tags_unescape(&value, tag.value);
		add_string(out, buf_view(&value));
		comma = ",";
	}
	buf_chr(out, '}');
}

static bool is_ours(struct str command)
{
	static const char *const names[] = {"PING", "PONG", "CAP", "AUTHENTICATE", "BATCH"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq_nocase(command, str_of(names[i])))
			return true;
	}
	return false;
}

size_t json_room(const struct line *line)
{
	/* the text and the nick stand there twice, each byte may become an escape of six */
	size_t bytes = line->tags.n + 3 * line->source.n + line->command.n;

	for (size_t i = 0; i < line->nparams; i++)
		bytes += 3 * line->params[i].n;
	return bytes * 6 + 1024;
}

bool json_line(struct buf *out, const struct line *line, int64_t now_ms)
{
	struct str text = line->nparams ? line->params[line->nparams - 1] : STR_NONE;
	struct tag tag;

	if (is_ours(line->command))
		return false;
	buf_cstr(out, "{\"time\":");
	if (line->tags.n && tags_find(line->tags, STR("time"), &tag)) {
		add_string(out, tag.value);
	} else {
		buf_chr(out, '"');
		buf_time(out, now_ms);
		buf_chr(out, '"');
	}
	add_field(out, "command", line->command);
	add_field(out, "source", line->source);
	add_field(out, "nick", client_source_nick(line->source));
	add_field(out, "target", line->nparams ? line->params[0] : STR_NONE);
	add_field(out, "text", text);
	buf_cstr(out, ",\"params\":[");
	for (size_t i = 0; i < line->nparams; i++) {
		buf_cstr(out, i ? "," : "");
		add_string(out, line->params[i]);
	}
	buf_chr(out, ']');
	add_tags(out, line->tags);
	buf_cstr(out, "}\n");
	return !out->full;
}
