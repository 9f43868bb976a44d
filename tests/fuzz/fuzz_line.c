#include <stdint.h>

#include "base/buf.h"
#include "check.h"
#include "proto/line.h"
#include "proto/tags.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUE_MAX = 1 << 14 };

static void check_slice(struct str raw, struct str s)
{
	if (s.n == 0)
		return;
	CHECK(s.p >= raw.p && s.n <= raw.n && s.p + s.n <= raw.p + raw.n);
	CHECK(!memchr(s.p, '\0', s.n) && !memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n));
}

/* What was unescaped, escaped and unescaped again, is the same; escaped text has nothing that ends a tag. */
static void check_value(struct str value)
{
	static char a[VALUE_MAX], b[2 * VALUE_MAX], c[VALUE_MAX];
	struct buf plain, escaped, again;

	buf_init(&plain, a, sizeof(a));
	buf_init(&escaped, b, sizeof(b));
	buf_init(&again, c, sizeof(c));
	tags_unescape(&plain, value);
	CHECK(!plain.full && plain.n <= value.n);
	tags_escape(&escaped, buf_view(&plain));
	CHECK(!escaped.full);
	for (size_t i = 0; i < escaped.n; i++)
		CHECK(!memchr("; \r\n", escaped.p[i], 5));
	tags_unescape(&again, buf_view(&escaped));
	CHECK(str_eq(buf_view(&again), buf_view(&plain)));
}

static void check_tags(struct str raw, struct str tags)
{
	struct str rest = tags;
	struct tag tag, last;

	while (tags_next(&rest, &tag)) {
		CHECK(tag.key.n > 0);
		check_slice(tags, tag.key);
		check_slice(raw, tag.value);
		CHECK(!memchr(tag.key.p, '=', tag.key.n) && !memchr(tag.key.p, ';', tag.key.n));
		CHECK(tag.value.n == 0 || !memchr(tag.value.p, ';', tag.value.n));
		CHECK(tags_find(tags, tag.key, &last) && last.key.p >= tag.key.p);
		if (tags_key_valid(tag.key))
			CHECK(!memchr(tag.key.p, ' ', tag.key.n));
		check_value(tag.value);
	}
	CHECK(rest.n == 0);
}

static void check_line(struct str raw, const struct line *line)
{
	check_slice(raw, line->tags);
	check_slice(raw, line->source);
	check_slice(raw, line->command);
	CHECK(line->nparams <= LINE_PARAMS_MAX);
	for (size_t i = 0; i < line->nparams; i++) {
		struct str param = line->params[i];

		check_slice(raw, param);
		/* Only the last one may be empty or hold a space. */
		CHECK(i + 1 == line->nparams || (param.n && !memchr(param.p, ' ', param.n)));
	}
	if (line->tags.n)
		check_tags(raw, line->tags);
}

/* The same line, put together anew from its slices, is parsed into the same slices. */
static void check_again(const struct line *line)
{
	static char memory[LINE_MAX_BYTES];
	struct line again;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	if (line->tags.n) {
		buf_chr(&b, '@');
		buf_str(&b, line->tags);
		buf_chr(&b, ' ');
	}
	if (line->source.n) {
		buf_chr(&b, ':');
		buf_str(&b, line->source);
		buf_chr(&b, ' ');
	}
	buf_str(&b, line->command);
	for (size_t i = 0; i < line->nparams; i++) {
		buf_cstr(&b, i + 1 == line->nparams ? " :" : " ");
		buf_str(&b, line->params[i]);
	}
	CHECK(!b.full);
	/* The colon may be one byte more than there was. */
	CHECK(line_parse(&again, buf_view(&b), LINE_TAGS_MAX) <= LINE_BODY_TOO_LONG);
	CHECK(str_eq(again.tags, line->tags) && str_eq(again.source, line->source));
	CHECK(str_eq(again.command, line->command) && again.nparams == line->nparams);
	for (size_t i = 0; i < line->nparams; i++)
		CHECK(str_eq(again.params[i], line->params[i]));
}

static void check_utf8(struct str raw)
{
	bool valid = utf8_valid(raw);

	for (size_t max = 0; max <= raw.n && max < 40; max++) {
		struct str cut = utf8_cut(raw, max);

		CHECK(cut.p == raw.p && cut.n <= max && cut.n + 3 >= max);
		CHECK(!valid || utf8_valid(cut));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str raw = {(const char *)data, size};
	struct line line;
	enum line_result r;

	if (size > LINE_MAX_BYTES)
		return 0;
	check_utf8(raw);
	r = line_parse(&line, raw, LINE_CLIENT_TAGS_MAX);
	check_line(raw, &line);
	if (r == LINE_OK || r == LINE_BODY_TOO_LONG)
		CHECK(line.command.n > 0);
	if (r == LINE_OK)
		check_again(&line);
	if (r != LINE_TAGS_TOO_LONG)
		CHECK(line_parse(&line, raw, LINE_TAGS_MAX) == r);
	return 0;
}
