#include "chatctl/cell.h"

#include <wchar.h>

#include "base/str.h"

/* The columns of the code point at the front of s; *n: its bytes. -1: it cannot be shown. */
static int width_of(struct str s, size_t *n)
{
	uint32_t cp;

	*n = str_code_point(s, &cp);
	if (*n == 0) {
		*n = 1;
		return -1;
	}
	return cp < 0x80 ? 1 : wcwidth((wchar_t)cp);
}

unsigned cell_width(const char *text)
{
	struct str s = str_of(text);
	unsigned columns = 0;
	size_t n;

	while (s.n) {
		int w = width_of(s, &n);

		columns += w < 0 ? 1 : (unsigned)w;
		s.p += n;
		s.n -= n;
	}
	return columns;
}

void cell_print(FILE *out, const char *text, unsigned width)
{
	struct str s = str_of(text);
	unsigned room = width && cell_width(text) > width ? width - 1 : 0, used = 0;
	size_t n;

	while (s.n) {
		int w = width_of(s, &n);

		used += w < 0 ? 1 : (unsigned)w;
		if (room && used > room)
			break;
		if (w < 0)
			fputc('?', out);
		else
			fwrite(s.p, 1, n, out);
		s.p += n;
		s.n -= n;
	}
	if (room)
		fputc('~', out);
}
