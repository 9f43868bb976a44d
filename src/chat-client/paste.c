#include "chat-client/paste.h"

#include <string.h>

#include "base/mem.h"

static const struct str mark = STR("\033[201~");

void paste_begin(struct paste *p)
{
	paste_drop(p);
	p->text = mem_alloc(PASTE_MAX + mark.n);
}

void paste_drop(struct paste *p)
{
	mem_free(p->text);
	*p = (struct paste){0};
}

/* CR LF and CR become LF, tabs spaces; other controls are no text. Nothing is left at the end but text. */
struct str paste_finish(struct paste *p)
{
	size_t to = 0;

	for (size_t i = 0; i < p->n; i++) {
		unsigned char c = (unsigned char)p->text[i];

		if (c == '\r' && i + 1 < p->n && p->text[i + 1] == '\n')
			continue;
		if (c == '\r' || c == '\n')
			p->text[to++] = '\n';
		else if (c == '\t')
			p->text[to++] = ' ';
		else if (c >= ' ' && c != 0x7F)
			p->text[to++] = (char)c;
	}
	while (to && p->text[to - 1] == '\n')
		to--;
	p->n = to;
	return (struct str){p->text, to};
}

bool paste_put(struct paste *p, unsigned char byte, struct str *text)
{
	/* what is too much is dropped, but for the last bytes, which may be the mark */
	if (p->n == PASTE_MAX + mark.n) {
		memmove(p->text + PASTE_MAX, p->text + PASTE_MAX + 1, mark.n - 1);
		p->n--;
		p->cut = true;
	}
	p->text[p->n++] = (char)byte;
	if (p->n < mark.n || memcmp(p->text + p->n - mark.n, mark.p, mark.n) != 0)
		return false;
	p->n -= mark.n;
	*text = paste_finish(p);
	return true;
}
