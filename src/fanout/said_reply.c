#include "base/mem.h"
#include "fanout/said.h"
#include "proto/line.h"
#include "proto/multiline.h"
#include "session/reply.h"

enum { BODY_ROOM = 4096 };

static void reply_plain(struct session *s, const struct said *m)
{
	struct multiline lines = multiline_begin(m->record->message.text);
	BUF_MEMORY char tags_memory[LINE_TAGS_MAX], body_memory[BODY_ROOM];
	bool concat, first = true, several = multiline_is(m->record->message.text);
	struct str line;

	while (multiline_next(&lines, &line, &concat)) {
		struct buf tags, body;

		if (several && !line.n)
			continue;
		buf_init(&tags, tags_memory, sizeof(tags_memory));
		buf_init(&body, body_memory, sizeof(body_memory));
		said_tags(&tags, m, s->caps, first);
		said_line(&body, m, line);
		reply_line(s, buf_view(&tags), buf_view(&body));
		first = false;
	}
}

static void reply_batch(struct session *s, const struct said *m)
{
	BUF_MEMORY char tags_memory[LINE_TAGS_MAX], body_memory[BODY_ROOM];
	char *rest_memory = mem_alloc(said_most(m));
	struct buf tags, body, rest;

	buf_init(&tags, tags_memory, sizeof(tags_memory));
	buf_init(&body, body_memory, sizeof(body_memory));
	buf_init(&rest, rest_memory, said_most(m));
	said_tags(&tags, m, s->caps, true);
	said_batch_open(&body, m);
	said_batch_rest(&rest, m);
	reply_lines(s, buf_view(&tags), buf_view(&body), buf_view(&rest));
	mem_free(rest_memory);
}

/* Of several lines: the label stands on what opens the batch, or each line is a part of the answer. */
void said_reply(struct session *s, const struct said *m)
{
	if (m->record->message.kind == MESSAGE_TAGMSG && !session_has(s, CAP_MESSAGE_TAGS))
		return;
	if (said_is_batch(m, s->caps))
		reply_batch(s, m);
	else
		reply_plain(s, m);
}
