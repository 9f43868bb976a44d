#include "proto/json_write.h"

#include <stdio.h>

#include "base/buf.h"

#define JSON_NUMBER_MAX ((1ull << 53) - 1)

static void put_str(struct json *j, struct str s)
{
	j->put(j->ctx, s.p, s.n);
}

static bool is_plain(uint32_t cp)
{
	if (cp < 0x20 || cp == '"' || cp == '\\' || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0xfeff)
		return false;
	return cp < 0x200b || cp > 0x2069 || (cp > 0x200f && cp < 0x2028) || (cp > 0x202e && cp < 0x2060);
}

/* The longest front of s that stands for itself. */
static size_t plain_front(struct str s)
{
	size_t at = 0, n;
	uint32_t cp;

	while ((n = str_code_point((struct str){s.p + at, s.n - at}, &cp)) && is_plain(cp))
		at += n;
	return at;
}

/* What is not plain at the front of s; returns how much of s it was. All of these are of the first plane. */
static size_t put_escaped(struct json *j, struct str s)
{
	uint32_t cp = 0;
	size_t n = str_code_point(s, &cp);
	char text[8];

	if (n && (cp == '"' || cp == '\\'))
		snprintf(text, sizeof(text), "\\%c", (char)cp);
	else
		snprintf(text, sizeof(text), "\\u%04x", n ? (unsigned)(cp & 0xffff) : 0xfffdu);
	put_str(j, str_of(text));
	return n ? n : 1;
}

static void put_quoted(struct json *j, struct str s)
{
	put_str(j, STR("\""));
	while (s.n) {
		size_t n = plain_front(s);

		put_str(j, (struct str){s.p, n});
		if (n < s.n)
			n += put_escaped(j, (struct str){s.p + n, s.n - n});
		s.p += n;
		s.n -= n;
	}
	put_str(j, STR("\""));
}

static void put_name(struct json *j, const char *name)
{
	if (j->more)
		put_str(j, STR(","));
	j->more = true;
	put_quoted(j, str_of(name));
	put_str(j, STR(":"));
}

void json_begin(struct json *j)
{
	put_str(j, STR("{"));
	j->more = false;
}

void json_end(struct json *j)
{
	put_str(j, STR("}\n"));
	j->more = false;
}

void json_str(struct json *j, const char *name, struct str value)
{
	put_name(j, name);
	put_quoted(j, value);
}

void json_u64(struct json *j, const char *name, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), value > JSON_NUMBER_MAX ? "\"%llu\"" : "%llu", (unsigned long long)value);

	put_name(j, name);
	put_str(j, (struct str){text, (size_t)n});
}

void json_bool(struct json *j, const char *name, bool value)
{
	put_name(j, name);
	put_str(j, value ? STR("true") : STR("false"));
}

void json_time(struct json *j, const char *name, int64_t ms)
{
	char text[32];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_time(&b, ms);
	json_str(j, name, buf_view(&b));
}

void json_list_begin(struct json *j, const char *name)
{
	put_name(j, name);
	put_str(j, STR("["));
	j->more = false;
}

void json_item(struct json *j, struct str value)
{
	if (j->more)
		put_str(j, STR(","));
	j->more = true;
	put_quoted(j, value);
}

void json_list_end(struct json *j)
{
	put_str(j, STR("]"));
	j->more = true;
}
