#include "command/search_words.h"

#include <string.h>

#include "base/buf.h"
#include "command/past.h"
#include "proto/tags.h"

/* value ends with a NUL in memory, which is no part of it. */
static bool take(struct search_words *w, struct str key, struct str value)
{
	if (str_eq(key, STR("in")))
		w->in = value;
	else if (str_eq(key, STR("from")))
		w->what.nick = value;
	else if (str_eq(key, STR("text")))
		w->what.text = value;
	else if (str_eq(key, STR("after")))
		return past_time_parse(value.p, &w->what.after);
	else if (str_eq(key, STR("before")))
		return past_time_parse(value.p, &w->what.before);
	else if (str_eq(key, STR("limit")))
		return w->limited = str_u64(value, UINT32_MAX, &w->limit);
	else
		return false;
	return value.n > 0 && !memchr(value.p, '\0', value.n);
}

bool search_words_parse(struct search_words *out, struct str attributes, struct str *bad)
{
	struct buf b;
	struct tag tag;

	memset(out, 0, sizeof(*out));
	buf_init(&b, out->memory, sizeof(out->memory));
	while (tags_next(&attributes, &tag)) {
		size_t start = b.n;
		struct str value;

		tags_unescape(&b, tag.value);
		value = (struct str){out->memory + start, b.n - start};
		buf_chr(&b, '\0');
		if (b.full || !take(out, tag.key, value)) {
			*bad = tag.key;
			return false;
		}
	}
	return true;
}
