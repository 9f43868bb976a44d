#include "command/words.h"

#include <string.h>

#include "proto/utf8.h"
#include "session/server.h"
#include "session/session.h"

void words_init(struct words *w, const struct session *s, size_t fixed)
{
	/* ":server NNN nick " in front, CR LF behind */
	size_t used = strlen(s->hub->server->name) + strlen(session_nick(s)) + fixed + 7 + 2;

	w->max = used < sizeof(w->text) ? sizeof(w->text) - used : 0;
	words_clear(w);
}

bool words_add(struct words *w, struct str word)
{
	size_t space = w->n ? 1 : 0;

	if (w->n && w->n + space + word.n > w->max)
		return false;
	word = utf8_cut(word, sizeof(w->text) - 1 - w->n - space);
	if (space)
		w->text[w->n++] = ' ';
	memcpy(w->text + w->n, word.p, word.n);
	w->n += word.n;
	w->text[w->n] = '\0';
	return true;
}
