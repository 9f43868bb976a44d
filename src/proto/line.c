#include "proto/line.h"

/* A slice of the body that is eaten from the front. */
static void skip_spaces(struct str *s)
{
	while (s->n && s->p[0] == ' ') {
		s->p++;
		s->n--;
	}
}

static struct str take_word(struct str *s)
{
	struct str word = STR_NONE;

	str_split(s, ' ', &word);
	skip_spaces(s);
	return word;
}

static bool has_bad_byte(struct str s)
{
	return memchr(s.p, '\0', s.n) || memchr(s.p, '\r', s.n) || memchr(s.p, '\n', s.n);
}

static bool is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ' ' && s.p[i] != '\t')
			return false;
	}
	return true;
}

/* Takes '@', the tags and one space off the front of *s. */
static enum line_result take_tags(struct str *s, struct str *tags, size_t max)
{
	const char *space = memchr(s->p, ' ', s->n);
	size_t len = space ? (size_t)(space - s->p) : s->n;

	if (len + 1 > max)
		return LINE_TAGS_TOO_LONG;
	if (!space)
		return LINE_MALFORMED;
	*tags = (struct str){s->p + 1, len - 1};
	s->p += len + 1;
	s->n -= len + 1;
	return LINE_OK;
}

static void take_params(struct line *out, struct str s)
{
	while (s.n) {
		if (s.p[0] == ':') {
			out->params[out->nparams++] = (struct str){s.p + 1, s.n - 1};
			return;
		}
		if (out->nparams == LINE_PARAMS_MAX - 1) {
			out->params[out->nparams++] = s;
			return;
		}
		out->params[out->nparams++] = take_word(&s);
	}
}

static enum line_result parse_body(struct line *out, struct str body)
{
	bool too_long = body.n + strlen("\r\n") > LINE_BODY_MAX;

	skip_spaces(&body);
	if (body.n && body.p[0] == ':') {
		out->source = take_word(&body);
		out->source.p++;
		out->source.n--;
	}
	out->command = take_word(&body);
	take_params(out, body);
	if (is_blank(out->command) || out->command.p[0] == ':' || out->command.p[0] == '@')
		return LINE_MALFORMED;
	return too_long ? LINE_BODY_TOO_LONG : LINE_OK;
}

enum line_result line_parse(struct line *out, struct str raw, size_t tags_max)
{
	enum line_result r;

	out->tags = STR_NONE;
	out->source = STR_NONE;
	out->command = STR_NONE;
	out->nparams = 0;
	if (raw.n && raw.p[raw.n - 1] == '\r')
		raw.n--;
	if (raw.n == 0)
		return LINE_EMPTY;
	if (has_bad_byte(raw))
		return LINE_BAD_BYTE;
	if (is_blank(raw))
		return LINE_EMPTY;
	if (raw.p[0] == '@') {
		r = take_tags(&raw, &out->tags, tags_max);
		if (r != LINE_OK)
			return r;
	}
	return parse_body(out, raw);
}
