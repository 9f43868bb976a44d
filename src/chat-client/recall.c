#include "chat-client/recall.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "chat-client/client.h"
#include "proto/tags.h"
#include "proto/utf8.h"

static void forget(struct recalled *m)
{
	mem_free(m->msgid);
	mem_free(m->place);
	mem_free(m->nick);
	mem_free(m->text);
	*m = (struct recalled){0};
}

void recall_deinit(struct recall *r)
{
	for (size_t i = 0; i < RECALL_MAX; i++)
		forget(&r->items[i]);
}

struct str recall_msgid(const struct line *line)
{
	struct tag tag;

	return line->tags.n && tags_find(line->tags, STR("msgid"), &tag) ? tag.value : STR_NONE;
}

/* FNV-1a: to look at few msgids when one is searched. */
static uint32_t hash_of(struct str msgid)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < msgid.n; i++)
		hash = (hash ^ (unsigned char)msgid.p[i]) * 16777619u;
	return hash;
}

static bool is(const struct recalled *m, uint32_t hash, struct str msgid)
{
	return m->hash == hash && m->msgid && str_eq(str_of(m->msgid), msgid);
}

/* The front of the first line; what an action says is its text. */
static char *excerpt(struct str text)
{
	static const struct str action = STR("\1ACTION ");
	char memory[RECALL_TEXT_MAX + 8];
	const char *end;
	struct str cut;
	struct buf b;

	if (str_starts(text, action))
		text = (struct str){text.p + action.n, text.n - action.n};
	while (text.n && text.p[text.n - 1] == '\1')
		text.n--;
	end = text.n ? memchr(text.p, '\n', text.n) : NULL;
	cut = utf8_cut(end ? (struct str){text.p, (size_t)(end - text.p)} : text, RECALL_TEXT_MAX);
	buf_init(&b, memory, sizeof(memory));
	buf_str(&b, cut);
	buf_cstr(&b, cut.n < text.n ? "..." : "");
	return mem_strndup(b.p, b.n);
}

void recall_note(struct recall *r, const struct line *line, struct str place, bool mine)
{
	struct str msgid = recall_msgid(line), nick = client_source_nick(line->source);
	struct recalled *m = &r->items[r->next];

	if (!msgid.n || line->nparams < 2 || recall_find(r, msgid))
		return;
	forget(m);
	m->msgid = mem_strndup(msgid.p, msgid.n);
	m->place = mem_strndup(place.p, place.n);
	m->nick = nick.n ? mem_strndup(nick.p, nick.n) : mem_strdup("");
	m->text = excerpt(line->params[1]);
	m->hash = hash_of(msgid);
	m->mine = mine;
	r->next = (r->next + 1) % RECALL_MAX;
}

const struct recalled *recall_find(const struct recall *r, struct str msgid)
{
	uint32_t hash = hash_of(msgid);

	for (size_t i = 0; r && msgid.n && i < RECALL_MAX; i++) {
		if (is(&r->items[i], hash, msgid))
			return &r->items[i];
	}
	return NULL;
}

void recall_set_shown(struct recall *r, struct str msgid)
{
	uint32_t hash = hash_of(msgid);

	for (size_t i = 0; msgid.n && i < RECALL_MAX; i++) {
		if (is(&r->items[i], hash, msgid))
			r->items[i].shown = true;
	}
}

const struct recalled *recall_last(const struct recall *r, const char *place, struct str nick, bool mine)
{
	for (size_t i = 0; i < RECALL_MAX; i++) {
		const struct recalled *m = &r->items[(r->next + RECALL_MAX - 1 - i) % RECALL_MAX];

		if (m->msgid && m->mine == mine && str_eq_nocase(str_of(m->place), str_of(place)) &&
		    (!nick.n || str_eq_nocase(str_of(m->nick), nick)))
			return m;
	}
	return NULL;
}
