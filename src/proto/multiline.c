#include "proto/multiline.h"

static bool is_separator(char c)
{
	return c == MULTILINE_BREAK || c == MULTILINE_CONCAT;
}

bool multiline_next(struct multiline *m, struct str *line, bool *concat)
{
	size_t n = 0;

	if (m->end)
		return false;
	while (n < m->rest.n && !is_separator(m->rest.p[n]))
		n++;
	*line = (struct str){m->rest.p, n};
	*concat = m->concat;
	m->end = n == m->rest.n;
	if (m->end)
		return true;
	m->concat = m->rest.p[n] == MULTILINE_CONCAT;
	m->rest = (struct str){m->rest.p + n + 1, m->rest.n - n - 1};
	return true;
}

bool multiline_is(struct str text)
{
	return multiline_count(text) > 1;
}

size_t multiline_count(struct str text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.n; i++)
		count += is_separator(text.p[i]);
	return count;
}

bool multiline_is_blank(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!is_separator(text.p[i]))
			return false;
	}
	return true;
}
