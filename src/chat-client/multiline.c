#include "chat-client/multiline.h"

#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/tags.h"

struct multiline_batch {
	char *ref;
	char *head;       /* what the views of line look at */
	struct line line; /* tags and source of the whole; command and target */
	struct buf text;  /* memory of MULTILINE_TEXT_MAX bytes, of which few are ever touched */
	unsigned lines;
};

static void batch_free(struct multiline_batch *b)
{
	mem_free(b->ref);
	mem_free(b->head);
	mem_free(b->text.p);
	mem_free(b);
}

/* Copies the view into the head, and makes it look there. */
static void take_view(struct str *view, struct buf *head)
{
	size_t at = head->n;

	buf_str(head, *view);
	*view = (struct str){head->p + at, view->n};
}

static void open_batch(struct multiline *m, const struct line *line)
{
	struct str ref = {line->params[0].p + 1, line->params[0].n - 1};
	size_t size = line->tags.n + line->source.n + line->params[2].n + 8;
	struct multiline_batch *b = mem_zalloc(sizeof(*b));
	struct buf head;

	b->ref = mem_strndup(ref.p, ref.n);
	b->head = mem_alloc(size);
	buf_init(&head, b->head, size);
	b->line = *line;
	b->line.nparams = 2;
	b->line.params[0] = line->params[2];
	take_view(&b->line.tags, &head);
	take_view(&b->line.source, &head);
	take_view(&b->line.params[0], &head);
	b->line.command = STR("PRIVMSG");
	buf_init(&b->text, mem_alloc(MULTILINE_TEXT_MAX), MULTILINE_TEXT_MAX);
	vec_push(&m->open, b);
}

static struct multiline_batch *find(const struct multiline *m, struct str ref, uint32_t *at)
{
	for (uint32_t i = 0; i < m->open.count && ref.n; i++) {
		struct multiline_batch *b = m->open.items[i];

		*at = i;
		if (str_eq(str_of(b->ref), ref))
			return b;
	}
	return NULL;
}

/* The text so far goes on; the memory of the batch is another from here on. */
static void hand_on(struct multiline *m, struct multiline_batch *b, struct line *whole)
{
	mem_free(m->done);
	m->done = b->text.p;
	*whole = b->line;
	whole->params[1] = buf_view(&b->text);
	buf_init(&b->text, mem_alloc(MULTILINE_TEXT_MAX), MULTILINE_TEXT_MAX);
}

static enum multiline_result add(struct multiline *m, struct multiline_batch *b, const struct line *line,
				 struct line *whole)
{
	enum multiline_result result = MULTILINE_TAKEN;
	struct str text = line->params[1];
	struct tag tag;
	bool joined = tags_find(line->tags, STR("draft/multiline-concat"), &tag);

	if (str_eq_nocase(line->command, STR("NOTICE")))
		b->line.command = STR("NOTICE");
	if (text.n + 1 > b->text.cap - b->text.n) {
		hand_on(m, b, whole);
		result = MULTILINE_WHOLE;
	} else if (b->lines && !joined) {
		buf_chr(&b->text, '\n');
	}
	buf_str(&b->text, text);
	b->lines++;
	return result;
}

static enum multiline_result close_batch(struct multiline *m, uint32_t at, struct line *whole)
{
	struct multiline_batch *b = m->open.items[at];
	enum multiline_result result = b->lines ? MULTILINE_WHOLE : MULTILINE_TAKEN;

	mem_free(m->done);
	m->done = NULL;
	vec_remove(&m->open, at);
	if (b->lines) {
		*whole = b->line;
		whole->params[1] = buf_view(&b->text);
		/* its head and its text live on until the next */
		m->done = b->text.p;
		b->text.p = NULL;
		mem_free(m->head);
		m->head = b->head;
		b->head = NULL;
	}
	batch_free(b);
	return result;
}

static enum multiline_result take_batch(struct multiline *m, const struct line *line, struct line *whole)
{
	struct str ref = line->params[0];
	uint32_t at;

	if (ref.n < 2)
		return MULTILINE_NOT;
	if (ref.p[0] == '+') {
		if (line->nparams < 3 || m->open.count == MULTILINE_OPEN_MAX ||
		    !(str_eq(line->params[1], STR("draft/multiline")) || str_eq(line->params[1], STR("multiline"))))
			return MULTILINE_NOT;
		open_batch(m, line);
		return MULTILINE_TAKEN;
	}
	return find(m, (struct str){ref.p + 1, ref.n - 1}, &at) ? close_batch(m, at, whole) : MULTILINE_NOT;
}

enum multiline_result multiline_take(struct multiline *m, const struct line *line, struct line *whole)
{
	struct multiline_batch *b;
	struct tag tag;
	uint32_t at;

	if (str_eq_nocase(line->command, STR("BATCH")) && line->nparams)
		return take_batch(m, line, whole);
	if (!m->open.count || line->nparams < 2 || !line->tags.n || !tags_find(line->tags, STR("batch"), &tag))
		return MULTILINE_NOT;
	b = find(m, tag.value, &at);
	return b ? add(m, b, line, whole) : MULTILINE_NOT;
}

void multiline_reset(struct multiline *m)
{
	for (uint32_t i = 0; i < m->open.count; i++)
		batch_free(m->open.items[i]);
	vec_deinit(&m->open);
	mem_free(m->done);
	mem_free(m->head);
	*m = (struct multiline){0};
}
