#include "chat-client/pasted.h"

#include "base/mem.h"
#include "chat-client/words.h"
#include "proto/utf8.h"

enum { SHOWN_MAX = 60 };

void pasted_set(struct pasted *p, struct str target, struct str text)
{
	struct str rest = text, line;

	pasted_drop(p);
	p->text = mem_strndup(text.p, text.n);
	p->n = text.n;
	while (str_split(&rest, '\n', &line))
		p->lines++;
	target = utf8_cut(target, sizeof(p->target) - 1);
	memcpy(p->target, target.n ? target.p : "", target.n);
	p->target[target.n] = '\0';
}

void pasted_drop(struct pasted *p)
{
	mem_free(p->text);
	*p = (struct pasted){0};
}

void pasted_ask(const struct pasted *p, struct buf *out)
{
	buf_fmt(out, _("say %zu lines in %s? [Y/n] "), p->lines, p->target);
}

void pasted_tell(const struct pasted *p, bool cut, struct buf *out)
{
	struct str rest = {p->text, p->n}, line = STR_NONE, shown;

	while (str_split(&rest, '\n', &line) && !line.n)
		;
	shown = utf8_cut(line, SHOWN_MAX);
	buf_fmt(out,
		cut ? _("* pasted are %zu lines, the rest is too much; the first: %.*s%s")
		    : _("* pasted are %zu lines; the first: %.*s%s"),
		p->lines, STR_ARG(shown), shown.n < line.n ? "..." : "");
}

bool pasted_agrees(struct str typed)
{
	/* TRANSLATORS: the letters that yes may begin with, in both cases */
	const char *letters = _("yY");

	while (typed.n && typed.p[0] == ' ')
		typed = (struct str){typed.p + 1, typed.n - 1};
	return !typed.n || typed.p[0] == 'y' || typed.p[0] == 'Y' || strchr(letters, typed.p[0]);
}
