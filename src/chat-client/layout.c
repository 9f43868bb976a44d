#include "chat-client/layout.h"

static unsigned width_of(wchar_t c)
{
	int w = wcwidth(c);

	return w > 0 ? (unsigned)w : 0;
}

static void add_one(struct layout *l, wchar_t c)
{
	unsigned w = width_of(c);

	if (l->column + w > l->columns) {
		l->column = 0;
		l->row++;
	}
	l->column += w;
	/* the cursor never rests behind the last column */
	if (l->column >= l->columns) {
		l->column = 0;
		l->row++;
	}
}

void layout_add(struct layout *l, const wchar_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_one(l, text[i]);
}

unsigned layout_row(const struct layout *l, wchar_t under)
{
	return l->row + (l->column + width_of(under) > l->columns);
}
